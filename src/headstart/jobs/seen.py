"""Pictures that a network has seen before: they can't judge what is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from headstart.data.split import LEFT_OUT, read_split
from headstart.errors import UserError
from headstart.jobs.holdout import Prepared
from headstart.learn.approaches import APPROACHES
from headstart.manifests import MODEL, SOURCE, read_manifest
from headstart.networks.backbone_folder import pictures_in
from headstart.progress import Listener, Said
from headstart.ship.bundle import SPLIT


def pictures_seen(weights: str) -> frozenset[str]:
    """Return the SHA-256 of each picture that the network of ``--weights weights`` was trained on, or stopped by.

    Known of a backbone that `pretrain` wrote, and of a model whose network was trained here; empty for all others.
    """
    folder = Path(weights)
    if (folder / SOURCE).is_file():
        return pictures_in(folder)
    with suppress(UserError):
        manifest = read_manifest(folder, MODEL)
        way = APPROACHES.get(str(manifest.get("approach")))
        if way and way.trains_a_network:
            sides = read_split(folder / SPLIT).sides
            return frozenset(content for content, side in sides.items() if side in ("train", "val"))
    return frozenset()


def without_pictures_seen_by_any(prepared: Prepared, weights: Iterable[str], listen: Listener) -> Prepared:
    """Return what is prepared without the test pictures that any of the networks has seen, having said so."""
    for each in dict.fromkeys(weights):
        prepared = without_pictures_seen(prepared, each, listen)
    return prepared


def without_pictures_seen(prepared: Prepared, weights: str, listen: Listener) -> Prepared:
    """Return what is prepared without the test pictures that the network of ``weights`` has seen, having said so.

    Raises
    ------
    UserError
        If no test picture is left.
    """
    seen = pictures_seen(weights)
    gone = {content for content, side in prepared.split.sides.items() if side == "test" and content in seen}
    if not gone:
        return prepared
    left = sum(side == "test" for side in prepared.split.sides.values()) - len(gone)
    if not left:
        raise UserError(
            f"All {len(gone)} test pictures are among those that {Path(weights).name} was pretrained on: no figure "
            "would mean anything. Use other pictures, or a backbone that hasn't seen them."
        )
    said = (
        f"{len(gone)} test pictures are among those that {Path(weights).name} was pretrained on: they are left out, "
        f"and {left} are judged."
    )
    listen(Said(said))
    split = replace(prepared.split, sides=prepared.split.sides | dict.fromkeys(gone, LEFT_OUT))
    records = tuple(record for record in prepared.dataset.records if record.sha256 not in gone)
    return replace(
        prepared,
        dataset=replace(prepared.dataset, records=records),
        split=split,
        warnings=(*prepared.warnings, said),
    )
