"""The jobs as Python functions: the keywords of each are the fields of its settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from headstart.jobs.check import run_check
from headstart.jobs.compare import run_compare
from headstart.jobs.evaluate import run_evaluate
from headstart.jobs.export import run_export
from headstart.jobs.fix import run_fix
from headstart.jobs.pretrain import run_pretrain
from headstart.jobs.report import run_report
from headstart.jobs.train import run_train
from headstart.jobs.tune import run_tune
from headstart.progress import Listener, on_stderr
from headstart.settings import (
    CheckSettings,
    CompareSettings,
    EvaluateSettings,
    ExportSettings,
    FixSettings,
    PretrainSettings,
    ReportSettings,
    TrainSettings,
    TuneSettings,
)

P = ParamSpec("P")
S = TypeVar("S")


def _function(
    name: str, settings_class: Callable[P, S], job: Callable[[S, Listener], dict[str, Any]]
) -> Callable[P, dict[str, Any]]:
    """Return ``job`` as a function of its settings' fields; sentences and the progress bar go to stderr."""

    @functools.wraps(job)
    def call(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        settings = settings_class(*args, **kwargs)
        with on_stderr() as listen:
            return job(settings, listen)

    call.__name__ = call.__qualname__ = name
    call.__signature__ = inspect.signature(settings_class)  # type: ignore[attr-defined]
    call.__doc__ = f"{inspect.getdoc(job)}\n\n{inspect.getdoc(settings_class)}"
    return call


check = _function("check", CheckSettings, run_check)
fix = _function("fix", FixSettings, run_fix)
compare = _function("compare", CompareSettings, run_compare)
write_report = _function("write_report", ReportSettings, run_report)
train = _function("train", TrainSettings, run_train)
pretrain = _function("pretrain", PretrainSettings, run_pretrain)
tune = _function("tune", TuneSettings, run_tune)
evaluate = _function("evaluate", EvaluateSettings, run_evaluate)
export = _function("export", ExportSettings, run_export)
