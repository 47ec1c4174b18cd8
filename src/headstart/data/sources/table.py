"""A table of pictures: what its rows say of label, split and group, whatever format they were read from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from headstart.addresses import Address
from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources.names import PARTS, composed, natural_key, part_named
from headstart.errors import UserError, first_three


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says, as it stands there; empty where it says nothing.

    ``where`` says which row it is, for messages; ``content`` are the picture's bytes, if the table holds them.
    """

    where: str
    path: str
    label: str
    split: str = ""
    group: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The file that a row names; both fields as in `Listed`."""

    path: str
    file: str | None = None


@dataclass(frozen=True)
class Place:
    """Where the pictures of a table are: how one is found below ``root``, and how its path is shown to people."""

    root: Path | Address
    find: Callable[[Row], Found | Skipped]
    shown: Callable[[str], str] = str


def listing_of(place: Place, name: str, rows: Iterable[Row], declared: Iterable[str] = ()) -> Listing:
    """Return the pictures that ``rows`` name and that are found in ``place``.

    A row that says the same as an earlier one is skipped; a picture with two labels is listed with both.

    Parameters
    ----------
    place
        Where the pictures are.
    name
        The table's name, for messages.
    rows
        What the table says.
    declared
        Classes that the table declares beside those in its rows.

    Raises
    ------
    UserError
        If of the rows with a label some have an unknown split, or only some have one.
    """
    pictures: dict[tuple[str, str, str | None, str | None], Listed] = {}
    skipped: list[Skipped] = []
    labels = {_label(label) for label in declared}
    splits = _Splits(name, [], [], [])
    for row in rows:
        label = _label(row.label)
        if not label:
            skipped.append(Skipped(place.shown(row.path), "no-label"))
            continue
        labels.add(label)
        part = splits.part(row)
        found = place.find(row)
        if isinstance(found, Skipped):
            skipped.append(found)
            continue
        group = sys.intern(row.group.strip()) or None
        picture = Listed(found.path, label, part, group, found.file)
        if pictures.setdefault((picture.path, label, part, group), picture) is not picture:
            skipped.append(Skipped(picture.path, "listed-twice"))
    splits.check()
    return Listing(place.root, tuple(pictures.values()), tuple(skipped), tuple(sorted(labels, key=natural_key)))


def _label(text: str) -> str:
    # Interned: all pictures of a class share one string, which would else take as much as their paths.
    return sys.intern(composed(text.strip()))


@dataclass(frozen=True)
class _Splits:
    """The places of the rows with a known split, with none, and with an unknown one."""

    name: str
    known: list[str]
    none: list[str]
    unknown: list[str]

    def part(self, row: Row) -> str | None:
        split = row.split.strip()
        part = part_named(split)
        if part:
            self.known[:] = self.known or [row.where]
        elif split:
            self.unknown.append(f"{split} in {row.where}")
        else:
            self.none.append(row.where)
        return part

    def check(self) -> None:
        if self.unknown:
            raise UserError(
                f"{self.name} has an unknown split in {len(self.unknown)} rows ({first_three(self.unknown)}); "
                f"write one of {', '.join(PARTS)}."
            )
        if self.known and self.none:
            raise UserError(
                f"{self.name} has no split in {len(self.none)} rows ({first_three(self.none)}), but in others; "
                "fill the column in every row with a label, or leave it out."
            )
