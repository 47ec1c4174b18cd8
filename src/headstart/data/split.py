"""Which picture is for learning and which is held out: drawn once, by content, and locked in ``split.json``."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.data.records import Dataset, PictureRecord
from headstart.errors import UserError
from headstart.folders import file_in_place_of

FORMAT = 1
SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}


@dataclass(frozen=True)
class Split:
    """A side (train, val or test) for every picture, known by the SHA-256 of its content.

    Two files with the same content are one picture and so can't stand on two sides. ``test_opened`` counts how
    often figures were computed on the test part.
    """

    sides: dict[str, str]
    seed: int
    rule: str
    dataset_sha256: str
    test_opened: int = 0

    def part(self, records: Sequence[PictureRecord], side: str) -> list[int]:
        """Return the positions in ``records`` of the pictures on ``side``."""
        return [i for i, record in enumerate(records) if self.sides[record.sha256] == side]

    def opened(self) -> Split:
        """Return this split with its test part opened once more."""
        return replace(self, test_opened=self.test_opened + 1)


def new_split(dataset: Dataset, seed: int) -> tuple[Split, list[str]]:
    """Return a split of ``dataset``, and warnings.

    Where the data came with ready-made parts, these are kept; a missing val or test part is drawn from train.
    Otherwise 60 % train, 20 % val and 20 % test are drawn per class. The draw depends on the pictures' contents,
    the class names and ``seed`` alone, never on file names or order. A class with one or two pictures goes to train.

    Raises
    ------
    UserError
        If fewer than two classes have the three pictures needed to be held out, or ready-made parts share
        pictures.
    """
    ready_made = any(record.part for record in dataset.records)
    sides = _ready_made_sides(dataset) if ready_made else {}
    drawn = [side for side in SHARES if side not in sides.values()]
    if ready_made:
        rule = "ready-made" + (f", {' and '.join(drawn)} drawn from train" if drawn else "")
    else:
        rule = "stratified 60/20/20 by content"

    warnings: list[str] = []
    if drawn:
        small, large = [], 0
        for label, contents in _contents_by_class(dataset, sides).items():
            if not contents:
                continue
            if len(contents) < 3:
                small.append(f"{label} ({len(contents)})")
            else:
                large += 1
            sides |= _drawn(contents, drawn, seed, label)
        if large < 2:
            raise UserError(
                f"{dataset.root}: fewer than two classes have the 3 different pictures that a train, val and test "
                f"part need ({', '.join(small[:3])}); add pictures."
            )
        if small:
            warnings.append(
                f"Too few pictures to hold any out, all used for training: {', '.join(small[:3])}"
                f"{', …' if len(small) > 3 else ''}; the figures say nothing about these classes."
            )
    split = Split(sides, seed, rule, dataset.sha256)
    _check_parts(dataset, split)
    return split, warnings


def _contents_by_class(dataset: Dataset, sides: dict[str, str]) -> dict[str, list[str]]:
    """Return the different contents of each class that may be drawn; one found in two classes goes to the first."""
    contents: dict[str, list[str]] = {name: [] for name in dataset.classes}
    taken: set[str] = set()
    for label in dataset.classes:
        own = {r.sha256 for r in dataset.records if r.label == label and sides.get(r.sha256, "train") == "train"}
        contents[label] = sorted(own - taken)
        taken |= own
    return contents


def _drawn(contents: list[str], drawn: list[str], seed: int, label: str) -> dict[str, str]:
    if len(contents) < 3:
        return dict.fromkeys(contents, "train")
    shuffled = contents.copy()
    random.Random(f"{seed} {label}").shuffle(shuffled)  # noqa: S311 - a reproducible draw, not a secret
    sides: dict[str, str] = {}
    start = 0
    for side in ("test", "val"):
        if side in drawn:
            count = max(1, round(SHARES[side] * len(contents)))
            sides.update(dict.fromkeys(shuffled[start : start + count], side))
            start += count
    sides.update(dict.fromkeys(shuffled[start:], "train"))
    return sides


def _ready_made_sides(dataset: Dataset) -> dict[str, str]:
    by_content: dict[str, dict[str, str]] = defaultdict(dict)
    for record in dataset.records:
        assert record.part is not None  # noqa: S101 - a folder is ready-made as a whole
        by_content[record.sha256][record.part] = record.path
    shared = [places for places in by_content.values() if len(places) > 1]
    if shared:
        pairs = Counter(" and ".join(sorted(places)) for places in shared)
        counted = ", ".join(f"{n} in {names}" for names, n in pairs.most_common())
        example = " = ".join(shared[0].values())
        raise UserError(
            f"{dataset.root}: {len(shared)} pictures stand in several of the ready-made parts ({counted}; for "
            f"example {example}), so figures on them would flatter the model; remove the copies, or put the "
            "class folders of all parts together and let headstart split them."
        )
    return {content: next(iter(places)) for content, places in by_content.items()}


def _check_parts(dataset: Dataset, split: Split) -> None:
    counts = {side: len(split.part(dataset.records, side)) for side in SHARES}
    empty = [side for side, n in counts.items() if n == 0]
    if empty:
        raise UserError(f"{dataset.root}: no readable picture is left in {' and '.join(empty)}; add pictures.")
    labels = {dataset.records[i].label for i in split.part(dataset.records, "train")}
    untaught = [name for name in dataset.classes if name not in labels]
    if untaught:
        raise UserError(
            f"{dataset.root}: no training pictures for {', '.join(untaught[:3])}; every class needs some in train."
        )


def write_split(split: Split, path: Path) -> None:
    """Write ``split`` to ``path`` in one step."""
    document = {
        "format": FORMAT,
        "rule": split.rule,
        "seed": split.seed,
        "dataset_sha256": split.dataset_sha256,
        "test_opened": split.test_opened,
        "pictures": dict(sorted(split.sides.items())),
    }
    with file_in_place_of(path) as partial:
        partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_split(path: Path) -> Split:
    """Return the split in the file ``path``; raise `UserError` if it isn't one that headstart wrote."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} doesn't exist; --split names a split.json of an earlier run.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} can't be read as a split.json: {error}.") from None
    try:
        if document["format"] != FORMAT:
            raise UserError(f"{path} has format {document['format']}; this headstart reads format {FORMAT}.")
        return Split(
            {str(content): _side(side) for content, side in document["pictures"].items()},
            int(document["seed"]),
            str(document["rule"]),
            str(document["dataset_sha256"]),
            _count(document["test_opened"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UserError(f"{path} isn't a split.json that headstart wrote ({error} is missing or wrong).") from None


def _count(number: object) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"count {number!r}")
    return number


def _side(name: str) -> str:
    if name not in SHARES:
        raise ValueError(f"side {name!r}")
    return name


def locked_split(path: Path, dataset: Dataset) -> Split:
    """Return the split in the file ``path``, which must be one of exactly the pictures of ``dataset``."""
    split = read_split(path)
    here = {r.sha256 for r in dataset.records}
    added, gone = len(here - split.sides.keys()), len(split.sides.keys() - here)
    if added or gone or split.dataset_sha256 != dataset.sha256:
        what = f"{added} pictures are new or altered, {gone} are gone" if added or gone else "labels or copies changed"
        raise UserError(
            f"{path} locks other data than {dataset.root} holds now ({what}); restore the data, or leave --split "
            "out for a new split, whose figures can't be compared with the old."
        )
    _check_parts(dataset, split)
    return split
