"""Class folders in object storage: listed in one go, and left there; the processes that decode read them."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from headstart.addresses import Address
from headstart.data import remote
from headstart.data.records import Listing, Skipped
from headstart.data.remote import StoredObject
from headstart.data.sources import archive, manifest, parquet
from headstart.data.sources.layout import Layout, Tree, add_with_parents, listing_of, ready_made_parts
from headstart.data.sources.names import is_hidden, natural_key, path_key
from headstart.data.sources.table import Found, Place, Row
from headstart.data.sources.unpacked import MOST_BYTES, SPARE_BYTES
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.folders import scratch_folder
from headstart.progress import Entered, Listener

_SUFFIXES = (parquet.SUFFIX, *archive.SUFFIXES, *manifest.SUFFIXES)


def accepts(data: Path | Address) -> bool:
    """Return whether ``data`` is an address."""
    return isinstance(data, Address)


@contextmanager
def opened(data: Address, listen: Listener) -> Iterator[Listing]:
    """Yield the pictures of the class folders at an address, or in its train, val and test folders.

    An address may also be that of one object: an archive or a Parquet file, which alone is copied to the disk, into a
    scratch folder; or a manifest of pictures that lie beside it or below.
    """
    listen(Entered(f"listing {data}"))
    objects = remote.stored_objects(data)
    if not objects:
        raise UserError(f"{data} holds nothing; is it spelt right?")
    if objects[0].path:
        tree = tree_of(objects)
        top = sorted((folder for folder in tree.folders if "/" not in folder), key=natural_key)
        yield listing_of(data, tree, Layout(ready_made_parts(top, data)))
    else:
        with _opened_object(data, objects[0].size, listen) as listing:
            yield listing


def tree_of(objects: Sequence[StoredObject]) -> Tree:
    """Return what lies at an address; an object whose name ends in a slash stands for an empty folder."""
    keys: dict[str, str] = {}
    versions: dict[str, str] = {}
    folders: set[str] = set()
    skipped: dict[Skipped, None] = {}
    for each in sorted(objects, key=lambda each: path_key(each.path)):
        steps = [step for step in each.path.split("/") if step]
        path = "/".join(steps)
        hidden = next((i for i, step in enumerate(steps, 1) if is_hidden(step)), 0)
        if ".." in steps or "." in steps:  # some library would shorten it, and read another object
            skipped[Skipped(each.path, "not-a-file")] = None
        elif hidden:
            skipped[Skipped("/".join(steps[:hidden]), "hidden")] = None  # a hidden folder is told once
        elif each.path.endswith("/") and each.size:
            skipped[Skipped(each.path, "not-a-file")] = None
        elif each.path.endswith("/"):
            add_with_parents(folders, path)
        elif path in keys:
            skipped[Skipped(path, "listed-twice")] = None
        else:
            add_with_parents(folders, "/".join(steps[:-1]))
            keys[path] = each.path
            if each.version:
                versions[path] = each.version
    unlike = {path: key for path, key in keys.items() if path != key}
    return Tree(sorted(keys, key=path_key), folders, tuple(skipped), unlike, versions)


@contextmanager
def _opened_object(data: Address, size: int, listen: Listener) -> Iterator[Listing]:
    suffix = next((suffix for suffix in _SUFFIXES if data.full.lower().endswith(suffix)), "")
    if not suffix:
        raise UserError(
            f"{data} is one object, and none that headstart reads; name what class folders lie in, or an object whose "
            f"name ends in one of {', '.join(_SUFFIXES)}."
        )
    with scratch_folder() as folder:
        # A name in object storage may be anything, and not everything is a file name.
        file = folder / (data.name if re.fullmatch(r"\w[\w .-]{0,99}", data.name) else f"object{suffix}")
        _copy(data, size, file, listen)
        with _called(file, data):
            if suffix in manifest.SUFFIXES:
                yield _listing_of_manifest(file, data)
                return
            source = parquet if suffix == parquet.SUFFIX else archive
            with source.opened(file, listen) as listing:
                yield listing


def _copy(data: Address, size: int, file: Path, listen: Listener) -> None:
    listen(Entered(f"fetching {data.name}"))
    if size > MOST_BYTES:
        raise UserError(f"{data} has more than {MOST_BYTES // 10**9} GB; unpack it where it is, and name the folder.")
    if size > shutil.disk_usage(file.parent).free - SPARE_BYTES:
        raise MissingError(
            f"{data} has {size / 1e9:.1f} GB, for which the disk of headstart's cache has no room; free some, or set "
            "HEADSTART_CACHE to a folder on another disk."
        )
    with file.open("xb") as target:
        for chunk in remote.chunks(data):
            target.write(chunk)
            if target.tell() > size:
                raise UserError(f"{data} changed while it was fetched; wait until nothing writes to it.")


@contextmanager
def _called(file: Path, data: Address) -> Iterator[None]:
    """Let messages name the object, and not the copy that nobody will find."""
    try:
        yield
    except HeadstartError as error:
        if str(file) not in str(error):
            raise
        raise type(error)(str(error).replace(str(file), str(data))) from error


def _listing_of_manifest(file: Path, data: Address) -> Listing:
    """Return what a manifest names by paths relative to what it lies in, or by whole addresses below that."""
    folder = data.parent
    versions = {each.path: each.version for each in remote.stored_objects(folder)}

    def find(row: Row) -> Found | Skipped:
        given = row.path.removeprefix(f"{folder.full}/")
        for path in (given, given.replace("\\", "/")):  # the latter if it was written on Windows
            name = posixpath.normpath(path)
            if name in versions:
                return Found(name)
        return Skipped(name, "missing-file")

    listing = manifest.listing_of_manifest(file, str(data), Place(folder, find))
    pictures = (replace(picture, version=versions[picture.path]) for picture in listing.pictures)
    return replace(listing, pictures=tuple(pictures))
