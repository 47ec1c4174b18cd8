"""From a folder of pictures to an image classifier you can trust.

``import headstart`` costs milliseconds: each name below is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from headstart.api import check as check
    from headstart.api import compare as compare
    from headstart.api import evaluate as evaluate
    from headstart.api import export as export
    from headstart.api import fix as fix
    from headstart.api import pretrain as pretrain
    from headstart.api import train as train
    from headstart.api import tune as tune
    from headstart.api import write_report as write_report
    from headstart.errors import HeadstartError as HeadstartError
    from headstart.errors import MissingError as MissingError
    from headstart.errors import UserError as UserError
    from headstart.estimator import TransferClassifier as TransferClassifier
    from headstart.jobs.backbones import backbones as backbones
    from headstart.jobs.classifier import Classifier as Classifier
    from headstart.jobs.classifier import Prediction as Prediction
    from headstart.jobs.classifier import load as load
    from headstart.jobs.features import extract_features as extract_features
    from headstart.networks.classifier import build_classifier as build_classifier

_PLACES = {
    "Classifier": "headstart.jobs.classifier:Classifier",
    "HeadstartError": "headstart.errors:HeadstartError",
    "MissingError": "headstart.errors:MissingError",
    "Prediction": "headstart.jobs.classifier:Prediction",
    "TransferClassifier": "headstart.estimator:TransferClassifier",
    "UserError": "headstart.errors:UserError",
    "backbones": "headstart.jobs.backbones:backbones",
    "build_classifier": "headstart.networks.classifier:build_classifier",
    "check": "headstart.api:check",
    "compare": "headstart.api:compare",
    "evaluate": "headstart.api:evaluate",
    "export": "headstart.api:export",
    "extract_features": "headstart.jobs.features:extract_features",
    "fix": "headstart.api:fix",
    "load": "headstart.jobs.classifier:load",
    "pretrain": "headstart.api:pretrain",
    "train": "headstart.api:train",
    "tune": "headstart.api:tune",
    "write_report": "headstart.api:write_report",
}

__all__ = [  # noqa: PLE0604 - the table says where each name lives
    "__version__",
    *_PLACES,
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    try:
        module, attribute = _PLACES[name].split(":")
    except KeyError:
        raise AttributeError(f"module 'headstart' has no attribute {name!r}") from None
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
