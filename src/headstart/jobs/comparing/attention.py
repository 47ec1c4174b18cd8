"""Where a model looks: pictures with what counted for its answer lit up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.records import Dataset, PictureRecord
from headstart.features.attention import (
    grid_for,
    heat_of_activations,
    heat_of_drops,
    log_odds,
    occlusion_map,
    overlay,
    patches,
)
from headstart.jobs.attention import activation_maps, covered_squares
from headstart.jobs.comparing.squares import resized, squares_of, write_jpeg
from headstart.jobs.looking import Looking, Squares, looking_through
from headstart.jobs.outcome import approach_id
from headstart.learn.approaches import approach
from headstart.learn.heads import Floats, softmax
from headstart.progress import Advanced, Entered, Listener, Said, Started
from headstart.ship.bundle import Bundle

SECONDS = 10.0
"""What covering pictures may take, about."""

_TIMED = 8


@dataclass(frozen=True)
class Shown:
    """A picture that was shown to the model: ``predicted`` is the position of the most likely class, ``odds`` its own.

    ``odds`` are logarithmic, see `headstart.features.attention.log_odds`.
    """

    record: PictureRecord
    squares: Squares
    predicted: int
    probability: float
    odds: float
    hit: bool


def attention_of(
    bundle: Bundle,
    dataset: Dataset,
    chosen: Sequence[PictureRecord],
    folder: Path,
    listen: Listener,
    *,
    seconds: float = SECONDS,
) -> dict[str, Any] | None:
    """Return where the model looked in the ``chosen`` pictures, after drawing that; None if none can be read.

    Where the class's score is an average over places, that is exact ("cam"); else patches are covered ("occlusion"),
    in as many of the pictures as ``seconds`` allow, hits and misses in turns, and it is said how many are left out. See
    `headstart.features.attention`. The colours of a picture compare its places with each other, not with other
    pictures.

    Parameters
    ----------
    bundle
        The model.
    dataset
        Where the pictures are.
    chosen
        Some of its pictures.
    folder
        That of the comparison: ``pictures/attention-NN.jpg`` and ``attention-NN-overlay.jpg`` are written there, the
        square that the network sees.
    listen
        Told of the progress.
    seconds
        What occlusion may take, about; one picture is always done.
    """
    looking = looking_through(bundle, listen)
    listen(Entered("seeing where it looks"))
    shown = shown_to(looking, dataset, chosen)
    if not shown:
        return None
    maps = activation_maps(looking, listen)
    method = "cam" if maps else "occlusion"
    if maps:
        drawn = maps.of([own.squares for own in shown], [own.predicted for own in shown])
        heats = [heat_of_activations(activations) for activations in drawn]
    else:
        shown, heats = _occluded(looking, shown, seconds, listen)
    items = [
        _item(bundle, number, own, heat, folder) for number, (own, heat) in enumerate(zip(shown, heats, strict=True), 1)
    ]
    name = approach_id(approach(bundle.facts["approach"]), bundle.backbone.name)
    return {"of": name, "method": method, "items": items}


def shown_to(looking: Looking, dataset: Dataset, chosen: Sequence[PictureRecord]) -> list[Shown]:
    """Return those of the ``chosen`` pictures that can be read, with what the model says of them."""
    found = squares_of(dataset, chosen, looking.bundle.recipe)
    if not found:
        return []
    scores = looking.scores([squares for _, squares in found])
    shown = []
    for (record, squares), own, proba in zip(found, scores, softmax(scores), strict=True):
        predicted = int(own.argmax())
        odds = float(log_odds(own[np.newaxis], predicted)[0])
        hit = looking.bundle.classes[predicted] == record.label
        shown.append(Shown(record, squares, predicted, float(proba[predicted]), odds, hit))
    return shown


def _occluded(
    looking: Looking, shown: Sequence[Shown], seconds: float, listen: Listener
) -> tuple[list[Shown], list[Floats]]:
    """Return the pictures that there is time for, and the heat of each."""
    began = time.monotonic()
    looking.scores([shown[0].squares] * _TIMED)
    cells, count = grid_for(len(shown), seconds * _TIMED / (time.monotonic() - began))
    kept = _in_turns(shown)[:count]
    if count < len(shown):
        listen(
            Said(
                f"Where it looks is shown for {count} of {len(shown)} pictures: each takes {patches(cells)} looks, and "
                f"more would take over {seconds:.0f} seconds."
            )
        )
    listen(Started(count))
    heats = []
    for own in kept:
        heats.append(_heat(looking, own, cells))
        listen(Advanced())
    return kept, heats


def _in_turns(shown: Sequence[Shown]) -> list[Shown]:
    """Return a hit, a miss, a hit, and so on, as long as there are both."""
    sides = [[own for own in shown if own.hit is hit] for hit in (True, False)]
    return [own for own in chain.from_iterable(zip_longest(*sides)) if own]


def _heat(looking: Looking, own: Shown, cells: int) -> Floats:
    odds = log_odds(looking.scores(covered_squares(own.squares, cells)), own.predicted)
    return heat_of_drops(occlusion_map(own.odds, odds, cells))


def _item(bundle: Bundle, number: int, own: Shown, heat: Floats, folder: Path) -> dict[str, Any]:
    pixels = resized(own.squares[max(own.squares)])
    return {
        "path": own.record.path,
        "label": own.record.label,
        "predicted": bundle.classes[own.predicted],
        "probability": round(own.probability, 6),
        "hit": own.hit,
        "picture": write_jpeg(pixels, folder, f"attention-{number:02}.jpg"),
        "overlay": write_jpeg(overlay(pixels, heat), folder, f"attention-{number:02}-overlay.jpg"),
    }
