"""What is to be seen of a comparison: mistakes, likely label errors, where the winner looks, how features lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.records import Dataset, PictureRecord
from headstart.errors import HeadstartError
from headstart.jobs.comparing.attention import attention_of
from headstart.jobs.comparing.feature_map import map_of
from headstart.jobs.comparing.judged import Tested
from headstart.jobs.comparing.layers import layers_of
from headstart.jobs.comparing.parts import Part
from headstart.jobs.comparing.place import PICTURES
from headstart.jobs.comparing.suspects import suspects_in
from headstart.jobs.comparing.thumbnails import write_thumbnails
from headstart.jobs.extraction import extracted
from headstart.jobs.learning import Given
from headstart.jobs.setup import setup_of
from headstart.judge.confusion import order_of_classes
from headstart.judge.metrics import confusion_matrix
from headstart.judge.mistakes import confident_mistakes
from headstart.learn.heads import Floats
from headstart.progress import Entered, Listener, Said, silent
from headstart.ship.bundle import Bundle

MOST_MISTAKES = 24
LOOKED_AT = 4
"""Hits, and mistakes, of which it is shown where the network looks."""


def seen(
    winner: Part,
    bundle: Bundle,
    on: Tested,
    frozen: Given | None,
    *,
    run: Path,
    with_pictures: bool,
    listen: Listener,
) -> dict[str, Any]:
    """Return what there is to see, and write the small pictures that belong to it, unless none are wanted.

    Parameters
    ----------
    winner, bundle
        The best on val, as it answered and as a model.
    on
        The test pictures.
    frozen
        What the best approach on a frozen network learnt from: label errors are looked for in its features. None if
        there was no such approach.
    run
        The folder of the comparison.
    with_pictures
        Whether pictures are written.
    listen
        Told of the progress, and of what couldn't be done.
    """
    listen(Entered("looking at the mistakes"))
    proba = winner.test.of(on.contents)
    wrong = confident_mistakes(on.labels, proba)
    predicted = proba.argmax(axis=1)
    document: dict[str, Any] = {
        "of": winner.id,
        "confusion_order": order_of_classes(confusion_matrix(on.labels, predicted, len(on.dataset.classes))),
        "mistakes": [_answer(on, proba, position) for position in wrong[:MOST_MISTAKES].tolist()],
        "mistakes_count": len(wrong),
        "suspects": None,
        "attention": None,
        "map": None,
        "layers": None,
    }
    shutil.rmtree(run / PICTURES, ignore_errors=True)
    records = _looked_at(on, proba, wrong.tolist())
    making: dict[str, tuple[str, Callable[[], Any]]] = {}
    if with_pictures:
        making["attention"] = (
            "where the network looks",
            lambda: attention_of(bundle, on.dataset, records, run, listen),
        )
        making["layers"] = ("feature maps", lambda: layers_of(bundle, on.dataset, records[0], run, listen))
    # They wait for processes that convert networks; meanwhile there is something to compute here.
    with ThreadPoolExecutor(2) as threads:
        made = {name: threads.submit(_unless_refused, what, make, listen) for name, (what, make) in making.items()}
        if frozen:
            document["suspects"] = _unless_refused("label errors", lambda: suspects_in(frozen, listen), listen)
            document["map"] = _unless_refused("the map", lambda: _mapped(frozen, on, predicted), listen)
        if with_pictures:
            document = _with_thumbnails(document, frozen.dataset if frozen else on.dataset, run)
        return document | {name: future.result() for name, future in made.items()}


def _unless_refused(what: str, make: Callable[[], Any], listen: Listener) -> Any:  # noqa: ANN401 - a JSON document
    """Return what ``make`` makes; None, having said so, where that can't be done: the figures don't depend on it."""
    try:
        return make()
    except HeadstartError as error:
        listen(Said(f"The report goes without {what}: {error}"))
        return None


def _answer(on: Tested, proba: Floats, position: int) -> dict[str, Any]:
    record, own = on.dataset.records[position], proba[position]
    return {
        "path": record.path,
        "label": record.label,
        "predicted": on.dataset.classes[int(own.argmax())],
        "probability": float(own.max()),
        "picture": None,
    }


def _mapped(frozen: Given, on: Tested, predicted: np.ndarray[Any, Any]) -> dict[str, Any] | None:
    setup, _ = setup_of(frozen.wish, silent)
    features = extracted(frozen.dataset, setup, frozen.store, silent, training=frozen.part("train"))
    answers = dict(zip(on.contents, predicted.tolist(), strict=True))
    return map_of(features, frozen.split, answers, frozen.settings.seed)


def _looked_at(on: Tested, proba: Floats, wrong: Sequence[int]) -> list[PictureRecord]:
    """Return the most confident mistakes, and as many of the most confident hits, of different classes if possible."""
    sure = np.argsort(-proba.max(axis=1), kind="stable").tolist()
    right = [position for position in sure if position not in set(wrong)]
    by_class = {int(on.labels[position]): position for position in reversed(right)}
    firsts = sorted(by_class.values(), key=right.index)
    hits = [*firsts, *(position for position in right if position not in firsts)][:LOOKED_AT]
    shown = [*wrong[:LOOKED_AT], *sorted(hits, key=right.index)]
    return [on.dataset.records[position] for position in shown]


def _with_thumbnails(document: dict[str, Any], dataset: Dataset, run: Path) -> dict[str, Any]:
    """Return the document with the names of the pictures that were written for its items."""
    suspects = document["suspects"] or {}
    lists = [document["mistakes"], suspects.get("items", []), suspects.get("test", [])]
    names = write_thumbnails(dataset, (item["path"] for items in lists for item in items), run)
    for items in lists:
        items[:] = [item | {"picture": names.get(item["path"])} for item in items]
    return document
