"""One frozen dataclass per job. The command line, the Python keywords and the results file are made from these."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _accept_strings(settings: Any, *names: str) -> None:  # noqa: ANN401 - any settings dataclass
    """Turn strings into paths where a path is meant, as Python callers write them."""
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, str):
            object.__setattr__(settings, name, Path(value))


@dataclass(frozen=True)
class TrainSettings:
    """The settings of ``train``.

    Parameters
    ----------
    data
        Folder with one sub-folder of pictures per class, or with ready-made train/val/test folders of them.
    out
        Folder to write the model to: new, empty, or written by headstart before.
    approach
        How to learn: frozen+logistic (a softmax layer fitted to its optimum) or frozen+mlp (the classic custom
        layers: dense 256, ReLU, dropout 0.5, softmax; needs the extra "train").
    backbone
        The pretrained network; `headstart backbones` lists them.
    layer
        The layer whose output is the feature vector: avg_pool, or fc1 or fc2 of VGG16 and VGG19.
    weights
        imagenet, none (random, to see what pretraining brings), a weight file (.weights.h5, .h5, .safetensors)
        or a model folder that headstart wrote.
    split
        A split.json of an earlier run: the same pictures are held out again.
    seed
        Seed of the split, of random weights and of the training.
    offline
        Never download a weight file.
    """

    data: Path
    out: Path = field(kw_only=True)
    approach: str = field(default="frozen+logistic", kw_only=True)
    backbone: str = field(default="efficientnet_lite0", kw_only=True)
    layer: str = field(default="avg_pool", kw_only=True)
    weights: str = field(default="imagenet", kw_only=True)
    split: Path | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    offline: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out", "split")


@dataclass(frozen=True)
class EvaluateSettings:
    """The settings of ``evaluate``.

    Parameters
    ----------
    model
        Model folder that `train` wrote.
    data
        Folder of pictures as for `train`; classes are matched to the model's by name.
    """

    model: Path
    data: Path

    def __post_init__(self) -> None:
        _accept_strings(self, "model", "data")


@dataclass(frozen=True)
class PredictSettings:
    """The settings of ``predict``.

    Parameters
    ----------
    model
        Model folder that `train` wrote.
    images
        Picture files.
    top
        How many classes to name per picture.
    """

    model: Path
    images: tuple[Path, ...]
    top: int = field(default=3, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "model")
        object.__setattr__(self, "images", tuple(Path(image) for image in self.images))


@dataclass(frozen=True)
class DemoSettings:
    """The settings of ``demo``.

    Parameters
    ----------
    out
        Folder for the demo's pictures and model: new, empty, or written by an earlier demo.
    """

    out: Path = field(default=Path("demo"), kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "out")


def as_document(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any settings dataclass
    """Return settings as plain JSON values, without the paths of this machine."""
    values = dataclasses.asdict(settings)
    return {name: value for name, value in values.items() if not isinstance(value, Path | tuple)}
