"""What is found of an export, and whether it may be called one."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from headstart.errors import HeadstartError, UserError, first_three
from headstart.jobs.exporting.agreement import (
    STEPPED,
    TOLERANCE,
    Agreement,
    accuracies,
    agreement,
    change,
    is_worse,
    range_of,
)
from headstart.jobs.exporting.reference import Reference
from headstart.learn.heads import Floats
from headstart.manifests import FORMAT
from headstart.progress import Listener, Said
from headstart.ship.bundle import Bundle
from headstart.ship.exports.folder import Export
from headstart.ship.exports.formats import FORMATS

_MANY_EDGES = 0.1
_FEW = 30
"""Fewer pictures can hardly tell that accuracy was lost."""


def judged(bundle: Bundle, export: Export, reference: Reference, said: Floats, listen: Listener) -> dict[str, Any]:
    """Return what is written beside an export that agrees with its model.

    Parameters
    ----------
    bundle
        The model.
    export
        Its files aren't read.
    reference
        What the model says.
    said
        What the export says of the same pictures, ``(n_pictures, n_classes)`` float32.
    listen
        Told what surprises.

    Raises
    ------
    HeadstartError
        If an export in f32 doesn't agree, by pictures and numbers.
    UserError
        If one in less is less accurate than the model by more than chance.
    """
    accuracy = accuracies(reference.labels, reference.f32, said)
    if export.precision == "f32":
        allowed = range_of(reference.features, bundle.head.predict_proba, is_stepped=bundle.head.kind in STEPPED)
        found = agreement(reference.f32, said, allowed)
        if found.disagreeing:
            raise HeadstartError(_disagreement(export, reference, said, found))
        if found.edges > _MANY_EDGES * found.pictures:
            listen(Said(f"Warning: {_edges(found)}"))
        figures = found.document()
    else:
        if is_worse(accuracy):
            raise UserError(_loss(export, accuracy))
        if len(said) < _FEW:
            listen(
                Said(
                    f"Warning: {len(said)} test pictures are too few to tell whether {export.precision} costs accuracy."
                )
            )
        figures = change(reference.f32, said)
    document = {"format": FORMAT, "precision": export.precision, **figures, "accuracy": accuracy}
    if reference.own is not None:
        document["own_precision"] = {"precision": bundle.precision, **change(reference.own, said)}
    return document | {"runtime": _versions(FORMATS[export.to].requirements)}


def _disagreement(export: Export, reference: Reference, said: Floats, found: Agreement) -> str:
    names = first_three([reference.records[position].path for position in found.disagreeing])
    largest = abs(said - reference.f32)[list(found.disagreeing)].max()
    return (
        f"The export to {export.to} doesn't say what the model says: on {len(found.disagreeing)} of {found.pictures} "
        f"test pictures ({names}) it differs by up to {largest:.2g}, where {TOLERANCE:g} is allowed; nothing was "
        "written. Export to another format, and please report this: it is a mistake in headstart or in the runtime."
    )


def _edges(found: Agreement) -> str:
    return (
        f"on {found.edges} of {found.pictures} test pictures the model's answer jumps if its features change by a "
        "rounding, so that any two runtimes may differ there; a head without steps (logistic, svm) has no such answers."
    )


def _loss(export: Export, accuracy: dict[str, Any]) -> str:
    before, after = accuracy["model"]["value"], accuracy["export"]["value"]
    return (
        f"--precision {export.precision}: accuracy on the test pictures falls from {before:.3f} to {after:.3f}, by "
        f"more than chance (p = {accuracy['p_value']:.2g}); nothing was written. Use --precision f32."
    )


def _versions(requirements: str) -> dict[str, str]:
    """Return which versions of the packages the export was run with."""
    found = {}
    for name in requirements.split():
        for variant in (name, f"{name}-cpu"):  # TensorFlow has several names
            with suppress(PackageNotFoundError):
                found[variant] = version(variant)
    return found
