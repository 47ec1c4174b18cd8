"""The pictures that an export is compared on, and those that int8 is calibrated by: found in the data, by content."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.data import remote
from headstart.data.decode import DecodeError, Geometry
from headstart.data.records import Dataset, Listed, Listing, PictureRecord
from headstart.data.split import Split, read_split
from headstart.data.worker import MAX_BYTES
from headstart.data.workers import Task, replies
from headstart.errors import UserError
from headstart.jobs.places import place_of
from headstart.progress import Advanced, Entered, Listener, Said, Started
from headstart.settings import ExportSettings
from headstart.ship.bundle import PREDICTIONS, SPLIT, Bundle, HeldOutPrediction, read_predictions
from headstart.ship.exports.folder import Input

MOST_COMPARED = 100
MOST_CALIBRATED_BY = 128

Calibration = Mapping[str, NDArray[np.uint8]]
"""Squares ``(n, size, size, 3)`` uint8 RGB in [0, 255] by the name of the input that takes them."""


@dataclass(frozen=True)
class HeldOut:
    """Which pictures a model learnt from, and what it said of those that it was tested on."""

    split: Split
    tested: Sequence[HeldOutPrediction]


def held_out(model: Path) -> HeldOut:
    """Return what a model's folder says of its test pictures; raise `UserError` if it lacks that."""
    if not (model / SPLIT).is_file() or not (model / PREDICTIONS).is_file():
        raise UserError(
            f"{model} doesn't say which pictures it was tested on ({SPLIT} and {PREDICTIONS} are missing), and nothing "
            "is called exported before it agreed with the model on those; fetch the whole model folder."
        )
    try:
        held = HeldOut(read_split(model / SPLIT), read_predictions(model / PREDICTIONS))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{model / PREDICTIONS} can't be read ({error}); fetch the model folder again.") from None
    if not held.tested:
        raise UserError(
            f"{model / PREDICTIONS} names no test picture to compare an export on; fetch the model folder again."
        )
    return held


def place_for(settings: ExportSettings, bundle: Bundle) -> Path | Address:
    """Return where the model's pictures are: where the user says, or where they were read last.

    Raises
    ------
    UserError
        If neither is known, or nothing is there any more.
    """
    if settings.data is not None:
        return settings.data
    place = place_of(bundle.facts.get("dataset_sha256"))
    what = f"An export is compared with {settings.model} on its test pictures"
    if place is None:
        raise UserError(f"{what}, and where they are isn't known on this machine; name them with --data DATA.")
    if isinstance(place, Path) and not place.exists():
        raise UserError(f"{what}, which aren't at {place} any more; name them with --data DATA.")
    return place


def pictures_to_compare(
    listing: Listing, held: HeldOut, classes: tuple[str, ...], folder: Path, listen: Listener
) -> Dataset:
    """Return up to `MOST_COMPARED` test pictures, of all classes, copied into ``folder``.

    Copied, because they are shown to two programs, of which one reads files only, and both must see the same. A
    picture counts if it is where it was, and its content is one that the split holds out for the test.

    Parameters
    ----------
    listing
        What is there.
    held
        From `held_out`.
    classes
        The model's.
    folder
        Exists and is empty.
    listen
        Told of the progress, and if fewer than all are there.

    Raises
    ------
    UserError
        If none is there.
    """
    labels = {row.path: row.label for row in held.tested if row.label in classes}
    wanted = [listed for listed in listing.pictures if listed.path in labels]
    most = min(MOST_COMPARED, len(labels))
    listen(Started(most))
    listen(Entered("reading test pictures"))
    records: list[PictureRecord] = []
    for listed in spread(wanted):
        if len(records) == most:
            break
        data = _content(listing.root / (listed.file or listed.path))
        content = hashlib.sha256(data or b"").hexdigest()
        if data is None or held.split.sides.get(content) != "test":
            continue
        name = f"{len(records):03}"
        (folder / name).write_bytes(data)
        records.append(PictureRecord(listed.path, labels[listed.path], content, file=name))
        listen(Advanced())
    if not records:
        raise UserError(
            f"{listing.name} holds none of the model's {len(labels)} test pictures, by path and content; name the data "
            "that it was trained on with --data DATA."
        )
    if len(records) < most:
        listen(
            Said(
                f"Of the model's {len(labels)} test pictures {len(records)} are in {listing.name} as they were; the "
                "export is compared on those."
            )
        )
    return Dataset(folder, classes, tuple(records), name=listing.name)


def calibration_of(listing: Listing, split: Split, inputs: Sequence[Input], listen: Listener) -> Calibration:
    """Return squares of up to `MOST_CALIBRATED_BY` training pictures, of all classes; never one of another part.

    Raises
    ------
    UserError
        If no training picture is there.
    """
    contents = {path: content for content, path in split.paths.items() if split.sides.get(content) == "train"}
    wanted = list(islice(spread(each for each in listing.pictures if each.path in contents), MOST_CALIBRATED_BY))
    listen(Started(len(wanted) * len(inputs)))
    listen(Entered("reading training pictures"))
    squares: dict[str, NDArray[np.uint8]] = {}
    for each in inputs:
        look = Geometry(each.size, each.fit)
        files = ((listing.root / (listed.file or listed.path), contents[listed.path]) for listed in wanted)
        found = []
        for reply in replies(Task(file, "pixels", look, content) for file, content in files):
            listen(Advanced())
            if not reply.reason:
                found.append(np.frombuffer(reply.payload, np.uint8).reshape(each.size, each.size, 3))
        if not found:
            raise UserError(
                f"{listing.name} holds none of the pictures that the model learnt from, by which int8 is calibrated; "
                "name the data that it was trained on with --data DATA, or leave out --precision int8."
            )
        squares[each.name] = np.stack(found)
    return squares


def spread(pictures: Iterable[Listed]) -> Iterator[Listed]:
    """Yield pictures of all classes in turns, those of a class in an order that only depends on their paths."""
    of_class: dict[str, list[Listed]] = defaultdict(list)
    for listed in sorted(pictures, key=lambda each: _draw(each.path)):
        of_class[listed.label].append(listed)
    rounds = zip_longest(*(of_class[label] for label in sorted(of_class)))
    return (listed for listed in chain.from_iterable(rounds) if listed is not None)


def _draw(path: str) -> str:
    return hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()


def _content(file: Path | Address) -> bytes | None:
    """Return what is in the file or object; None if it can't be read, which makes it one that isn't there."""
    try:
        if isinstance(file, Address):
            return remote.content(file, MAX_BYTES)
        return file.read_bytes() if file.is_file() and file.stat().st_size <= MAX_BYTES else None
    except (OSError, ValueError, DecodeError):
        return None
