"""Which pictures are asked for: files, folders, patterns, archives and addresses become names, one after the other.

No picture is opened, and names of files in folders are never held all at once.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from headstart.addresses import Address
from headstart.data import remote
from headstart.data.records import Listed, Listing, Skipped, skipped_sentence
from headstart.data.remote import StoredObject
from headstart.data.sources import archive, bucket, manifest, parquet
from headstart.data.sources.folder import inside
from headstart.data.sources.names import path_key
from headstart.data.sources.unpacked import Unpacked
from headstart.documents import showable
from headstart.errors import UserError
from headstart.folders import scratch_folder
from headstart.progress import Entered, Listener, Said, once_each


@dataclass(frozen=True, slots=True)
class Named:
    """A picture that is asked for: what it is called in the answer, and where its bytes are."""

    path: str
    file: Path | Address


Pictures = Callable[[], Iterable[Named]]
"""The pictures that one argument names; they can be gone through again and again."""


@dataclass(frozen=True)
class Asked:
    """What the arguments name: how many pictures, and themselves, which can be gone through again and again."""

    count: int
    pictures: Pictures


@contextmanager
def asked_for(images: Sequence[Path | Address], listen: Listener, *, but: Collection[Path] = ()) -> Iterator[Asked]:
    """Yield the pictures that ``images`` name; what is unpacked for that goes away at the end.

    Parameters
    ----------
    images
        Picture files, which need not exist; folders and patterns; archives; addresses.
    listen
        Told what is passed over.
    but
        Files, resolved, that no folder and no pattern names: what is being written.

    Raises
    ------
    UserError
        If a folder, a pattern, an archive or an address names no picture.
    MissingError
        If an archive can't be unpacked, or an address can't be reached.
    """
    if len(images) == 1 and _is_list(images[0]):
        raise UserError(
            f"{images[0]} is a list, and which of its columns has the pictures isn't known; give predict the paths "
            "alone, one a line: headstart predict MODEL - < PATHS"
        )
    told = once_each(listen)  # everything is gone through twice: counted first
    with ExitStack() as stack:
        parts: list[Pictures] = []
        count = 0
        for image in images:
            part = _pictures_of(image, told, but, stack)
            own = sum(1 for _ in part())
            if not own:
                raise UserError(f"{image} names no picture; is it spelt right?")
            count += own
            parts.append(part)
        yield Asked(count, lambda: chain.from_iterable(part() for part in parts))


def listing_of(image: Path | Address, listen: Listener, *, but: Collection[Path] = ()) -> Listing:
    """Return the pictures in a folder or at an address, of which no class is known; arguments as for `asked_for`.

    Raises
    ------
    UserError
        If ``image`` is something else, or holds no picture.
    """
    if isinstance(image, Address):
        listing = _listing_at(image, remote.stored_objects(image), listen)
    elif image.is_dir():
        pictures = tuple(Listed(path, "") for path in _files_below(image, listen, but))
        listing = Listing(image.absolute(), pictures, name=str(image))
    else:
        raise UserError(f"{image} is no folder; --on ray reads the pictures of one folder or address, on every node.")
    if not listing.pictures:
        raise UserError(f"{image} names no picture; is it spelt right?")
    return listing


def pictures_in(listing: Listing, image: Path | Address) -> Iterator[Named]:
    """Yield the pictures of the listing of ``image``, named as `asked_for` names them."""
    for each in listing.pictures:
        path = image / each.path
        name = str(path) if isinstance(path, Address) else path.as_posix()
        yield Named(name, listing.root / (each.file or each.path))


def _pictures_of(image: Path | Address, listen: Listener, but: Collection[Path], stack: ExitStack) -> Pictures:
    """Return what an argument names. What exists under that very name comes before what it could mean."""
    if isinstance(image, Address):
        return _at(image, listen)
    if image.is_dir():
        return lambda: (_on_disk(image / path) for path in _files_below(image, listen, but))
    if image.is_file() and image.name.lower().endswith(archive.SUFFIXES):
        return _unpacked(image, listen, stack)
    if glob.has_magic(str(image)) and not os.path.lexists(image):
        return _matching(str(image), but)
    return lambda: [_on_disk(image)]


def _on_disk(file: Path) -> Named:
    return Named(file.as_posix(), file)


def _at(address: Address, listen: Listener) -> Pictures:
    listen(Entered(f"listing {address}"))
    objects = remote.stored_objects(address)
    if not objects[0].path:
        return lambda: [Named(str(address), address)]
    return partial(pictures_in, _listing_at(address, objects, listen), address)


def _listing_at(address: Address, objects: Sequence[StoredObject], listen: Listener) -> Listing:
    tree = bucket.tree_of([each for each in objects if each.path])
    _tell(tree.skipped, listen)
    pictures = (Listed(path, "", file=tree.numbers.get(path), version=tree.versions.get(path)) for path in tree.files)
    return Listing(address, tuple(pictures), name=str(address))


def _unpacked(data: Path, listen: Listener, stack: ExitStack) -> Pictures:
    folder = stack.enter_context(scratch_folder())
    listen(Entered(f"unpacking {data.name}"))
    tree = archive.tree_of(data, Unpacked(folder, data, data.stat().st_size))
    _tell(tree.skipped, listen)
    return lambda: (Named(f"{data.as_posix()}/{path}", folder / tree.numbers[path]) for path in tree.files)


def _matching(pattern: str, but: Collection[Path]) -> Pictures:
    """Return the files that ``pattern`` matches, in the order in which those of a folder come; no hidden ones."""
    paths = (Path(path) for path in glob.iglob(pattern, recursive=True))  # noqa: PTH207 - it takes no whole paths
    files = [path for path in paths if not path.is_dir() and not _is_one_of(path, but)]
    files.sort(key=lambda file: path_key(file.as_posix()))
    return lambda: map(_on_disk, files)


def _is_one_of(file: Path, others: Collection[Path]) -> bool:
    return any(file.name == other.name and file.resolve() == other for other in others)


def _files_below(root: Path, listen: Listener, but: Collection[Path]) -> Iterator[str]:
    """Yield the virtual paths of the files in and below ``root``: those of a folder, then those of its sub-folders.

    Names come in natural order, and no folder twice, however many links lead to it. What isn't hidden and is passed
    over is told at the end.
    """
    seen: set[tuple[int, int]] = set()
    skipped: list[Skipped] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(root / folder)  # noqa: PTH116
            folders, files, passed_over = inside(root, folder)
        except OSError:
            if not folder:
                raise
            skipped.append(Skipped(folder, "unreadable"))
            continue
        if (status.st_dev, status.st_ino) in seen:
            skipped.append(Skipped(folder, "link-loop"))
            continue
        seen.add((status.st_dev, status.st_ino))
        skipped += passed_over
        yield from (path for path in files if not _is_one_of(root / path, but))
        pending += reversed(folders)
    _tell(skipped, listen)


def _tell(skipped: Iterable[Skipped], listen: Listener) -> None:
    if told := [each for each in skipped if each.reason != "hidden"]:
        listen(Said(f"Warning: {showable(skipped_sentence(told))}"))


def _is_list(image: Path | Address) -> bool:
    suffixes = (*manifest.SUFFIXES, parquet.SUFFIX)
    return isinstance(image, Path) and image.is_file() and image.name.lower().endswith(suffixes)
