"""From whatever the user names as data to a `Listing`: the table of sources. A source names pictures; it reads none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.addresses import Address
from headstart.data.records import Listing, skipped_sentence
from headstart.data.sources import archive, bucket, folder, manifest, parquet
from headstart.errors import UserError
from headstart.progress import Listener


@dataclass(frozen=True)
class Source:
    """A kind of data: what it is in words, which files or folders are of it, and how one is opened.

    Both functions take a `Path`, after all addresses were taken by the first in the table.
    """

    what: str
    accepts: Callable[[Any], bool]
    opened: Callable[[Any, Listener], AbstractContextManager[Listing]]


SOURCES = (
    Source("an address in object storage (s3://bucket/folder) of any of these", bucket.accepts, bucket.opened),
    Source("a Parquet file or a folder of them", parquet.accepts, parquet.opened),
    Source("a folder with one sub-folder of pictures per class", folder.accepts, folder.opened),
    Source("a zip or tar archive of one", archive.accepts, archive.opened),
    Source("a .csv, .tsv or .jsonl file with the columns path and label", manifest.accepts, manifest.opened),
)
"""Every kind of data, in the order in which they are asked whether it is theirs; the more special come first."""


@contextmanager
def opened(data: Path | Address, listen: Listener) -> Iterator[Listing]:
    """Yield what ``data`` names; what is unpacked for that goes away at the end.

    Raises
    ------
    UserError
        If ``data`` doesn't exist, is of no known kind, or can't be read as what it is.
    MissingError
        If the disk or the environment lacks what it needs.
    """
    if isinstance(data, Path) and not data.exists():
        raise UserError(f"{data} doesn't exist; name {_accepted()}.")
    source = next((source for source in SOURCES if source.accepts(data)), None)
    if source is None:
        raise UserError(f"{data} is nothing that headstart reads; name {_accepted()}.")
    with source.opened(data, listen) as listing:
        yield replace(listing, name=str(data))


def require_classes(listing: Listing, fewest: int) -> None:
    """Raise `UserError` unless ``listing`` has pictures, and of at least ``fewest`` classes."""
    data = listing.name or listing.root
    classes = {picture.label for picture in listing.pictures}
    if not classes:
        skipped = f" {skipped_sentence(listing.skipped)}" if listing.skipped else ""
        raise UserError(f"{data} holds no pictures; it needs one sub-folder of pictures per class.{skipped}")
    if len(classes) < fewest:
        raise UserError(
            f"{data} holds one class only ({', '.join(classes)}); a classifier needs at least two sub-folders "
            f"with pictures.{_hint(listing)}"
        )


def _hint(listing: Listing) -> str:
    """Return the question whether the folder below was meant, where that looks like a folder of classes."""
    steps = [picture.path.split("/") for picture in listing.pictures]
    top = {path[0] for path in steps}
    below = {path[1] for path in steps if len(path) > 2}
    meant = listing.root / min(top)
    is_there = isinstance(meant, Address) or meant.is_dir()
    return f" Did you mean {meant}?" if len(top) == 1 and len(below) > 1 and is_there else ""


def _accepted() -> str:
    return ", or ".join(source.what for source in SOURCES)
