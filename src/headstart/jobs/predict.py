"""``headstart predict``: a model and pictures in, classes with probabilities out, as they come to be known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain, tee
from pathlib import Path
from typing import Any

from headstart.addresses import Address
from headstart.data.records import Listing
from headstart.documents import showable
from headstart.errors import UserError, check_choice
from headstart.jobs.classifier import Answer, Classifier, load
from headstart.jobs.on_cluster import check_named_together
from headstart.jobs.predicting.named import Asked, Named, asked_for, listing_of, pictures_in
from headstart.jobs.predicting.on_cluster import answers_on_cluster
from headstart.jobs.predicting.out_file import Identity, beside, opened
from headstart.jobs.predicting.rows import FORMS, Document, Written
from headstart.jobs.predicting.standard_input import bursts_of
from headstart.manifests import MODEL, read_manifest
from headstart.progress import Advanced, Listener, Said, Started
from headstart.settings import PredictSettings

FORMATS = ("table", *FORMS)
"""What rows can look like."""

Receiver = Callable[[list[Document]], None]

_Answers = Callable[[Iterable[Path | Address]], Iterator[Answer]]

_STANDARD_INPUT = 0

_TOGETHER_SECONDS = 0.5
"""Rows that come within so long are handed on together."""

_TOGETHER = 500
"""So many at most."""

_NAMED = 5
"""Pictures that are named for each reason why some can't be used."""


def run_predict(settings: PredictSettings, listen: Listener, receive: Receiver) -> dict[str, Any]:
    """Have ``receive`` told what the model says of each picture, in the order given, and return how many there were.

    A document has ``path``, and ``class``, ``probability`` and ``top``, or else ``error``. Some come together, as soon
    as they are known. With ``out`` they are written there instead.

    Raises
    ------
    UserError
        If the model can't be used, or none of the pictures; for settings that the user can put right.
    MissingError
        If something isn't installed, can't be reached or can't be written.
    """
    check_predict(settings)
    out = settings.out and settings.out.resolve()
    but = (out, beside(out)) if out else ()
    tally = Tally(listen)
    with ExitStack() as stack:
        listing = listing_of(settings.images[0], listen, but=but) if settings.on else None
        asked = _asked(settings, listing, but, listen, stack)
        model = load(settings.model, listen)
        bursts = iter([asked.pictures()]) if asked else _begun(bursts_of(_STANDARD_INPUT))
        if settings.out:
            form = FORMS[format_of(settings)](settings.top)
            file = stack.enter_context(opened(settings.out, form, _identity(settings, model), listen))
            bursts, receive = file.left_of(bursts, tally.keep), file.append
        answers = _answers(model, settings, listing, listen, stack)
        if asked:
            listen(Started(asked.count))
        for burst in bursts:
            for documents in _together(_documents(burst, answers)):
                receive(documents)
                tally.add(documents)
    tally.tell()
    return tally.document()


def check_predict(settings: PredictSettings) -> None:
    """Raise `UserError` for options that mean nothing, or nothing together."""
    if settings.top < 1:
        raise UserError(f"--top {settings.top}: name at least 1 class per picture.")
    if settings.stdin and settings.images:
        raise UserError("- reads the pictures from standard input; leave out the others, or write them there.")
    if not settings.stdin and not settings.images:
        raise UserError("predict needs at least one picture file: headstart predict MODEL IMAGE...")
    if settings.out and format_of(settings) not in FORMS:
        raise UserError(
            f"--out {settings.out}: name a file that ends in .csv or .jsonl, or give --format csv or jsonl."
        )
    if not settings.out:
        format_of(settings)
    check_named_together(settings.on, settings.cluster_store)
    if settings.on is not None and len(settings.images) != 1:
        raise UserError(f"--on {settings.on} reads the pictures of one folder or address; name that alone.")


def format_of(settings: PredictSettings) -> str:
    """Return what rows look like: a name of `FORMATS`; raise `UserError` if ``format`` is none."""
    if settings.format is not None:
        check_choice("--format", settings.format, FORMATS)
        return settings.format
    suffix = settings.out.suffix.removeprefix(".").lower() if settings.out else ""
    return suffix if suffix in FORMS else "table"


class Tally:
    """How many pictures there were, and why some couldn't be used."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._pictures = 0
        self._reasons: Counter[str] = Counter()
        self._named: dict[str, list[str]] = {}

    def add(self, documents: Iterable[Document]) -> None:
        """Count what is known anew."""
        for each in documents:
            self._count(each["path"], each.get("error"))

    def keep(self, row: Written) -> None:
        """Count what an earlier run wrote."""
        self._count(row.path, row.error)
        self._listen(Advanced())

    def tell(self) -> None:
        """Say what couldn't be used; raise `UserError` if nothing could."""
        if (lost := self._reasons.total()) == self._pictures:
            reason, [path, *_] = next(iter(self._named.items()))
            raise UserError(f"None of the {lost} pictures can be used (first: {showable(path)}: {reason}).")
        for reason, count in self._reasons.most_common():
            names = ", ".join(map(showable, self._named[reason]))
            pictures = "1 picture" if count == 1 else f"{count} pictures"
            dots = ", …" if count > _NAMED else ""
            self._listen(Said(f"Warning: {pictures} can't be used ({reason}): {names}{dots}"))

    def document(self) -> dict[str, Any]:
        """Return the counts as plain JSON values."""
        return {"pictures": self._pictures, "skipped": dict(self._reasons)}

    def _count(self, path: str, reason: str | None) -> None:
        self._pictures += 1
        if reason:
            self._reasons[reason] += 1
            named = self._named.setdefault(reason, [])
            if len(named) < _NAMED:
                named.append(path)


def _asked(
    settings: PredictSettings, listing: Listing | None, but: Iterable[Path], listen: Listener, stack: ExitStack
) -> Asked | None:
    """Return the pictures that are asked for; None if they come from standard input."""
    if settings.stdin:
        return None
    if listing:
        return Asked(len(listing.pictures), partial(pictures_in, listing, settings.images[0]))
    return stack.enter_context(asked_for(settings.images, listen, but=tuple(but)))


def _begun(bursts: Iterator[list[Named]]) -> Iterator[Iterable[Named]]:
    """Return ``bursts`` when the first is there; raise `UserError` if none comes."""
    first = next(bursts, None)
    if first is None:
        raise UserError("Standard input names no picture; write one path a line there.")
    return chain([first], bursts)


def _identity(settings: PredictSettings, model: Classifier) -> Identity:
    """Return what decides what stands in a row."""
    return {
        "model": read_manifest(settings.model, MODEL)["manifest_sha256"],
        "precision": "f32" if settings.on else model.networks[0].precision,
        "format": format_of(settings),
        "top": settings.top,
    }


def _answers(
    model: Classifier, settings: PredictSettings, listing: Listing | None, listen: Listener, stack: ExitStack
) -> _Answers:
    if listing and settings.on and settings.cluster_store:
        return stack.enter_context(
            answers_on_cluster(
                model, listing, top=settings.top, on=settings.on, shards=settings.cluster_store, listen=listen
            )
        )
    return partial(model.answers, top=settings.top, listen=listen)


def _documents(pictures: Iterable[Named], answers: _Answers) -> Iterator[Document]:
    """Yield what comes of each picture as plain JSON values."""
    asked, named = tee(pictures)
    for picture, answer in zip(named, answers(each.file for each in asked), strict=True):
        if isinstance(answer, str):
            yield {"path": picture.path, "error": answer}
        else:
            top = [{"class": name, "probability": probability} for name, probability in answer]
            yield {"path": picture.path, **top[0], "top": top}


def _together(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents, some together: those that came since the last were handed on a moment ago."""
    some: list[Document] = []
    handed_on: float | None = None
    for document in documents:
        handed_on = handed_on or time.monotonic()  # until the first, the engine started
        some.append(document)
        if len(some) == _TOGETHER or time.monotonic() - handed_on >= _TOGETHER_SECONDS:
            yield some
            some, handed_on = [], time.monotonic()
    if some:
        yield some
