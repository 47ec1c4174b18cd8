"""A model's graph written in one format, in a child process: Keras' backend is one per process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.errors import MissingError, UserError, check_choice
from headstart.folders import scratch_folder
from headstart.learn.heads import DenseHead
from headstart.progress import Entered, Listener
from headstart.ship.bundle import Bundle, read_bundle
from headstart.ship.exports.formats import FORMATS, Format

_CALIBRATION = "calibration.npz"


def check_exportable(bundle: Bundle, form: Format) -> None:
    """Raise `UserError` if ``form`` can't hold the model in ``bundle``."""
    if not bundle.backbone.builder:
        raise UserError(
            "a model on hand-crafted features can't be exported: its features are computed by scikit-image, not by a "
            "network; train one with a network, --approach frozen+logistic for example."
        )
    if bundle.head.kind != DenseHead.kind and not form.any_head:
        others = ", ".join(each.name for each in FORMATS.values() if each.any_head)
        raise UserError(
            f"--format {form.name} holds standard layers alone, and the model's head ({bundle.head.kind}) isn't one; "
            f"choose from {others}."
        )


def check_installed(form: Format, precision: str) -> None:
    """Raise `UserError` if ``form`` has no such ``precision``, `MissingError` if something isn't installed."""
    check_choice("--precision", precision, form.precisions)
    for module, command in form.needs + (form.int8_needs if precision == "int8" else ()):
        if find_spec(module) is None:
            raise MissingError(f"--format {form.name} needs {module}, which isn't installed: {command}.")


def write_graph(  # noqa: PLR0917 - so much is a graph on disk
    model: Path,
    form: Format,
    precision: str,
    folder: Path,
    listen: Listener,
    calibration: Mapping[str, NDArray[np.uint8]] | None = None,
) -> None:
    """Write the graph of a model, from pixels to probabilities.

    Parameters
    ----------
    model
        A model folder.
    form
        One of `FORMATS`.
    precision
        What its weights are stored in, one of ``form.precisions``; what it computes in is float32, and with int8 the
        network 8-bit integers.
    folder
        An empty folder, where the files are written.
    listen
        Told what is done.
    calibration
        For int8, pictures to see the range of its numbers by: ``(n, size, size, 3)`` uint8 RGB by the input's name.

    Raises
    ------
    UserError
        If ``form`` can't hold the model, or its weights in that precision.
    MissingError
        If something isn't installed.
    """
    check_installed(form, precision)
    if (calibration is None) == (precision == "int8"):
        raise ValueError("pictures to calibrate by are for int8, and int8 needs them")
    listen(Entered(f"writing {form.name}"))
    with scratch_folder() as scratch:
        if calibration is not None:
            np.savez(scratch / _CALIBRATION, allow_pickle=False, **dict(calibration))
        job = {
            "model": str(model.absolute()),
            "format": form.name,
            "precision": precision,
            "folder": str(folder.absolute()),
        }
        child.run(__name__, job, scratch, form.backend, listen)


def _write(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    from headstart.ship.exports.graph import classifier_graph

    bundle, form = read_bundle(Path(job["model"])), FORMATS[job["format"]]
    check_exportable(bundle, form)
    calibration = None
    if (folder / _CALIBRATION).is_file():
        with np.load(folder / _CALIBRATION, allow_pickle=False) as arrays:
            calibration = {name: arrays[name] for name in arrays.files}
    module, function = form.writer.split(":")
    write = getattr(importlib.import_module(module), function)
    write(classifier_graph(bundle), bundle, job["precision"], Path(job["folder"]), calibration)
    return {}


if __name__ == "__main__":
    child.child_main(_write)
