"""Which picture is for learning and which is held out: drawn once, by content, and locked in ``split.json``."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headstart.data.draw import FEWEST, Numbers, drawn_folds, drawn_sides, units_of
from headstart.data.duplicates import copies
from headstart.data.records import Dataset, PictureRecord, Skipped
from headstart.data.shortfalls import fold_shortfalls, side_shortfalls, too_few_to_hold_out
from headstart.errors import UserError, first_three
from headstart.folders import file_in_place_of

FORMAT = 1
SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
READY_MADE = "ready-made"
"""How the rule of a split begins that keeps the parts that the data came with."""

LEFT_OUT = "left-out"
"""The side of a picture that is in none of the parts."""


@dataclass(frozen=True)
class Split:
    """A side (train, val or test) for every picture, known by the SHA-256 of its content.

    Two files with the same content are one picture and so can't stand on two sides. ``test_opened`` counts how
    often figures were computed on the test part. ``units`` has a number for each picture that was kept together
    with others; ``paths`` what a picture was called when the split was made; ``folds`` the fold, from 0, of each
    picture that is held out in one.
    """

    sides: dict[str, str]
    seed: int
    rule: str
    dataset_sha256: str
    test_opened: int = 0
    units: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    folds: dict[str, int] = field(default_factory=dict)

    def part(self, records: Sequence[PictureRecord], side: str) -> list[int]:
        """Return the positions in ``records`` of the pictures on ``side``."""
        return [i for i, record in enumerate(records) if self.sides[record.sha256] == side]

    @property
    def sides_sha256(self) -> str:
        """A digest of who is on which side: two splits with the same one are the same to whoever learns."""
        return hashlib.sha256(json.dumps(sorted(self.sides.items())).encode()).hexdigest()

    def opened(self) -> Split:
        """Return this split with its test part opened once more."""
        return replace(self, test_opened=self.test_opened + 1)

    def fold(self, number: int) -> Split:
        """Return the split in which fold ``number`` is the test part, the next one val, and all others train."""
        count = max(self.folds.values()) + 1
        sides = dict.fromkeys(self.sides, "train")
        for content, own in self.folds.items():
            if own in (number, (number + 1) % count):
                sides[content] = "test" if own == number else "val"
        return replace(self, sides=sides)


def new_split(dataset: Dataset, seed: int, units: Numbers | None = None, folds: int = 0) -> tuple[Split, list[str]]:
    """Return a split of ``dataset``, and warnings.

    Where the data came with ready-made parts, these are kept; a missing val or test part is drawn from train.
    Otherwise 60 % train, 20 % val and 20 % test are drawn per class, whole units at a time. The draw depends on the
    pictures' contents, the class names, what belongs together and ``seed`` alone, never on file names or order. A
    class with fewer than three pictures (or units) goes to train.

    Parameters
    ----------
    dataset
        The pictures.
    seed
        Of the draw.
    units
        ``(n_pictures,)``: pictures with the same number are kept together, see `headstart.data.together`. None if
        only copies are.
    folds
        At least 3: draw so many folds instead, each of which is the test part once (`Split.fold`); the split
        returned is that of fold 0. 0 for none.

    Raises
    ------
    UserError
        If fewer than two classes have the three pictures needed to be held out, or ready-made parts share
        pictures, or folds are asked of ready-made parts.
    """
    ready_made = any(record.part for record in dataset.records)
    if folds and ready_made:
        raise UserError(f"{dataset.name}: --folds can't cut ready-made parts; add --resplit to set them aside.")
    sides = _ready_made_sides(dataset) if ready_made else {}
    drawn = [side for side in ("test", "val") if side not in sides.values()]
    found = units_of(dataset, units, [content for content, side in sides.items() if side != "train"])
    warnings = too_few_to_hold_out(dataset, found) if drawn else []
    fold_of: dict[str, int] = {}
    if folds:
        rule = f"stratified {folds} folds by content"
        fold_of = drawn_folds(found, folds, seed)
        warnings += fold_shortfalls(dataset, found, fold_of, folds)
    else:
        rule = "stratified 60/20/20 by content"
        if ready_made:
            rule = READY_MADE + (f", {' and '.join(reversed(drawn))} drawn from train" if drawn else "")
        held_out = drawn_sides(found, {side: SHARES[side] for side in drawn}, seed)
        warnings += side_shortfalls(found, held_out, drawn, {} if ready_made else SHARES)
        sides |= held_out
    paths = _paths(dataset)
    several = (unit for unit in found if len(unit.contents) > 1)
    split = Split(
        {content: sides.get(content, "train") for content in paths},
        seed,
        rule,
        dataset.sha256,
        units={content: number for number, unit in enumerate(several) for content in unit.contents},
        paths=paths,
        folds=fold_of,
    )
    split = split.fold(0) if folds else split
    _check_parts(dataset, split)
    return split, warnings


def _paths(dataset: Dataset) -> dict[str, str]:
    """Return what each picture is called; of copies the first by name, whatever the order of the records."""
    paths: dict[str, str] = {}
    for record in dataset.records:
        paths[record.sha256] = min(record.path, paths.get(record.sha256, record.path))
    return paths


def _ready_made_sides(dataset: Dataset) -> dict[str, str]:
    sides: dict[str, str] = {}
    for record in dataset.records:
        assert record.part is not None  # noqa: S101 - a source is ready-made as a whole
        sides[record.sha256] = record.part
    shared = shared_between_parts(dataset.records)
    if shared:
        raise UserError(_copies_sentence(dataset, shared))
    return sides


def _copies_sentence(dataset: Dataset, shared: Sequence[Sequence[int]]) -> str:
    first_in = [{dataset.records[i].part: dataset.records[i].path for i in reversed(group)} for group in shared]
    pairs = Counter(" and ".join(sorted(map(str, parts))) for parts in first_in)
    counted = ", ".join(f"{n} in {names}" for names, n in pairs.most_common())
    if any({"train", "val"} <= parts.keys() for parts in first_in):
        way = "Clean them with headstart fix, which keeps those in train, or add"
    else:
        way = "Add --dedupe-test to take the copies out of test, or"
    return (
        f"{dataset.name}: {'1 picture stands' if len(shared) == 1 else f'{len(shared)} pictures stand'} in several of "
        f"the ready-made parts ({counted}; for example {' = '.join(reversed(first_in[0].values()))}), so figures on "
        f"them would flatter the model. {way} --resplit to set the ready-made parts aside and split anew with copies "
        "kept together."
    )


def shared_between_parts(records: Sequence[PictureRecord]) -> list[list[int]]:
    """Return the positions of the copies of each content that stands in several ready-made parts."""
    return [group for group in copies(records) if len({records[position].part for position in group}) > 1]


def _check_parts(dataset: Dataset, split: Split) -> None:
    counts = {side: len(split.part(dataset.records, side)) for side in SHARES}
    empty = [side for side, n in counts.items() if n == 0]
    if empty:
        raise UserError(f"{dataset.name}: no readable picture is left in {' and '.join(empty)}; add pictures.")
    labels = {dataset.records[i].label for i in split.part(dataset.records, "train")}
    untaught = [name for name in dataset.classes if name not in labels]
    if untaught:
        raise UserError(
            f"{dataset.name}: no training pictures for {', '.join(untaught[:3])}; every class needs some in train."
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
        "units": dict(sorted(split.units.items())),
        "folds": dict(sorted(split.folds.items())),
        "paths": dict(sorted(split.paths.items())),
    }
    with file_in_place_of(path) as partial:
        # Names of files may be no Unicode; as escapes they are ASCII.
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
            units={str(content): _count(unit) for content, unit in document.get("units", {}).items()},
            folds=_folds(document.get("folds", {})),
            paths={str(content): str(name) for content, name in document.get("paths", {}).items()},
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UserError(f"{path} isn't a split.json that headstart wrote ({error} is missing or wrong).") from None


def _count(number: object) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"count {number!r}")
    return number


def _folds(folds: dict[str, object]) -> dict[str, int]:
    """Return the folds, which must be numbered from 0 without a gap."""
    fold_of = {str(content): _count(fold) for content, fold in folds.items()}
    numbers = set(fold_of.values())
    if numbers and (len(numbers) < FEWEST or max(numbers) >= len(numbers)):
        raise ValueError(f"folds {sorted(numbers)[:3]}")
    return fold_of


def _side(name: str) -> str:
    if name not in SHARES and name != LEFT_OUT:
        raise ValueError(f"side {name!r}")
    return name


def without_left_out(dataset: Dataset, split: Split) -> Dataset:
    """Return the pictures that ``split`` is of: not those it left out, nor copies in test of pictures elsewhere."""
    ready_made = split.rule.startswith(READY_MADE)
    left_out = []
    for record in dataset.records:
        side = split.sides.get(record.sha256)
        if side == LEFT_OUT or (ready_made and record.part == "test" and side not in (None, "test")):
            left_out.append(Skipped(record.path, "copy-in-test"))
    return dataset.without(left_out)


def locked_split(split: Split, path: Path, dataset: Dataset) -> Split:
    """Return ``split``, read from the file ``path``, if it is one of exactly the pictures of ``dataset``.

    Raises
    ------
    UserError
        If pictures were added, removed, altered or given other labels since, with how many, the first three and
        what the choices are; or if the split cuts a group apart.
    """
    changes = changes_since(split, dataset)
    if any(changes.values()) or split.dataset_sha256 != dataset.sha256:
        told = [f"{len(paths)} {how} ({first_three(paths)})" for how, paths in changes.items() if paths]
        raise UserError(
            f"{path} locks other data than {dataset.name} holds now: "
            f"{'; '.join(told) or 'labels or copies changed'}. Restore the data (or give the --exclude of that run) "
            "to compare with it, or leave --split out for a new split, whose figures can't be compared with the old."
        )
    if not split.rule.startswith(READY_MADE):
        _check_groups(dataset, split, path)
    _check_parts(dataset, split)
    return split


def _check_groups(dataset: Dataset, split: Split, path: Path) -> None:
    """Raise `UserError` if the split was drawn without the groups that the data has now."""
    sides: dict[str, set[str]] = defaultdict(set)
    for record in dataset.records:
        if record.group is not None:
            sides[record.group].add(split.sides[record.sha256])
    cut = sum(len(own) > 1 for own in sides.values())
    if cut:
        raise UserError(
            f"{path} was drawn without these groups and cuts {cut} of them apart; leave --split out for a new "
            "split, which keeps them together."
        )


def changes_since(split: Split, dataset: Dataset) -> dict[str, list[str]]:
    """Return which pictures were ``added``, ``removed`` and ``altered`` since the split was made, by path."""
    here = _paths(dataset)
    new = {path for content, path in here.items() if content not in split.sides}
    gone = {
        split.paths.get(content, content[:12])
        for content, side in split.sides.items()
        if content not in here and side != LEFT_OUT
    }
    return {"added": sorted(new - gone), "removed": sorted(gone - new), "altered": sorted(new & gone)}


def without_copies_in_test(dataset: Dataset, twins: Numbers) -> tuple[Dataset, tuple[Skipped, ...]]:
    """Return ``dataset`` without the pictures of its ready-made test part that have a twin in another part.

    Parameters
    ----------
    dataset
        With ready-made parts.
    twins
        ``(n_pictures,)``: copies and near duplicates have the same number.

    Raises
    ------
    UserError
        If fewer test pictures than classes would be left: no figure could be trusted.
    """
    elsewhere = {int(unit) for unit, record in zip(twins, dataset.records, strict=True) if record.part != "test"}
    skipped = tuple(
        Skipped(record.path, "copy-in-test")
        for unit, record in zip(twins, dataset.records, strict=True)
        if record.part == "test" and int(unit) in elsewhere
    )
    left = sum(record.part == "test" for record in dataset.records) - len(skipped)
    if skipped and left < len(dataset.classes):
        taken = "1 copy" if len(skipped) == 1 else f"{len(skipped)} copies"
        pictures = {0: "no test picture", 1: "a single test picture"}.get(left, f"{left} test pictures")
        raise UserError(
            f"{dataset.name}: --dedupe-test would take {taken} of other pictures out of the test part, and {pictures} "
            f"would be left for {len(dataset.classes)} classes; use --resplit instead."
        )
    return dataset.without(skipped), skipped
