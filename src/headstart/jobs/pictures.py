"""From what a user names as DATA to pictures that were read, grouped and looked through: the same for every job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.data.decode import FITS
from headstart.data.draw import FEWEST
from headstart.data.facts import shorter_sides
from headstart.data.inspect import Inspected, inspected
from headstart.data.records import Dataset, Listing, PictureRecord, skipped_sentence
from headstart.data.sources import opened, require_classes
from headstart.data.together import Together, grouped_by, together
from headstart.errors import UserError, check_choice, nearest
from headstart.progress import Listener, Said


@dataclass(frozen=True)
class Pictures:
    """The readable pictures of a source, and which of them belong together."""

    inspected: Inspected
    together: Together

    @property
    def dataset(self) -> Dataset:
        """The pictures' records."""
        return self.inspected.dataset

    def units_of(self, records: Sequence[PictureRecord]) -> list[int]:
        """Return the number of the unit that each of some of the ``records`` belongs to."""
        units = self.units()
        return [units[record.sha256] for record in records]

    def shorter_sides(self) -> NDArray[np.integer]:
        """Return the length in pixels of each picture's shorter side, ``(n_pictures,)``."""
        return shorter_sides(self.inspected.facts)

    def units(self) -> dict[str, int]:
        """Return the number of each content's unit."""
        return dict(zip((r.sha256 for r in self.dataset.records), self.together.units.tolist(), strict=True))


@contextmanager
def listed(
    data: Path | Address, listen: Listener, *, exclude: Sequence[str] = (), fewest_classes: int = 2
) -> Iterator[Listing]:
    """Yield what ``data`` names, nothing of it read yet; arguments as for `pictures_of`."""
    with opened(data, listen) as named:
        listing = _without_classes(named, exclude)
        require_classes(listing, fewest_classes)
        yield listing


@contextmanager
def pictures_of(
    data: Path | Address,
    listen: Listener,
    *,
    exclude: Sequence[str] = (),
    group_by: str | None = None,
    resplit: bool = False,
    fewest_classes: int = 2,
) -> Iterator[Pictures]:
    """Yield the pictures that ``data`` names; their files stay where they are until the end.

    Parameters
    ----------
    data
        What `headstart.data.sources` reads.
    listen
        Told of the progress, and of what surprises.
    exclude
        Classes to leave out.
    group_by
        See `headstart.data.together.grouped_by`.
    resplit
        Forget ready-made parts.
    fewest_classes
        Raise `UserError` if fewer are there.
    """
    with listed(data, listen, exclude=exclude, fewest_classes=fewest_classes) as named:
        pictures = inspected(_without_parts(named) if resplit else named, listen)
        if group_by is not None:
            dataset, without = grouped_by(pictures.dataset, group_by)
            pictures = replace(pictures, dataset=dataset)
            if without:
                listen(Said(f"--group-by does not match {without} of the pictures; each is a group of its own."))
        yield Pictures(pictures, together(pictures.dataset, pictures.facts["thumb"]))


def _without_parts(listing: Listing) -> Listing:
    return replace(listing, pictures=tuple(replace(each, part=None) for each in listing.pictures))


def _without_classes(listing: Listing, exclude: Sequence[str]) -> Listing:
    known = {*listing.labels, *(listed.label for listed in listing.pictures)}
    for name in exclude:
        if name not in known:
            raise UserError(f"--exclude {name}: no class is called so.{nearest(name, known)}")
    return replace(
        listing,
        pictures=tuple(listed for listed in listing.pictures if listed.label not in exclude),
        labels=tuple(label for label in listing.labels if label not in exclude),
    )


def check_classes_left(pictures: Pictures) -> None:
    """Raise `UserError` if a class lost all its pictures when they were decoded."""
    dataset = pictures.dataset
    for name in pictures.inspected.lost:
        raise UserError(
            f"{dataset.name}: no picture of class {name} can be read ({skipped_sentence(dataset.skipped)}) Add "
            f"pictures, or leave the class out with --exclude {name}."
        )


def check_fit(fit: str) -> None:
    """Raise `UserError` unless ``fit`` is one of the ways to make a square of a picture."""
    check_choice("--fit", fit, FITS)


def check_folds(folds: int | None) -> None:
    """Raise `UserError` unless ``folds`` is None or enough for a train, val and test part."""
    if folds is not None and folds < FEWEST:
        raise UserError(f"--folds {folds}: at least {FEWEST} are needed for a train, a val and a test part.")
