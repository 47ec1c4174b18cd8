"""A zip or tar archive: unpacked member by member into numbered files, then read as the folder it was made from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from headstart.data.records import Listing, Skipped
from headstart.data.sources import manifest, parquet
from headstart.data.sources.layout import Layout, Tree, add_with_parents, listing_of, ready_made_parts
from headstart.data.sources.members import is_absolute, is_archive, leads_out, members
from headstart.data.sources.names import is_hidden, path_key
from headstart.data.sources.table import Found, Place, Row
from headstart.data.sources.unpacked import MOST_FILES, Unpacked
from headstart.errors import UserError
from headstart.folders import scratch_folder
from headstart.progress import Entered, Listener, Said

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def accepts(data: Path) -> bool:
    """Return whether ``data`` is an archive by its content, or by its name, if only a damaged one."""
    return data.is_file() and (data.name.lower().endswith(SUFFIXES) or is_archive(data))


@contextmanager
def opened(data: Path, listen: Listener) -> Iterator[Listing]:
    """Yield the pictures of an archive of class folders, of train/val/test folders, or with a table at its top.

    Everything that might be a picture or a table is unpacked into a scratch folder, which goes away at the end.
    """
    with scratch_folder() as folder:
        listen(Entered(f"unpacking {data.name}"))
        tree = tree_of(data, Unpacked(folder, data, data.stat().st_size))
        with _listed(data, folder, tree, listen) as listing:
            yield listing


def tree_of(data: Path, unpacked: Unpacked) -> Tree:
    """Unpack ``data`` and return what lies in it; of two members with one name the first counts."""
    numbers: dict[str, str] = {}
    folders: set[str] = set()
    skipped: dict[Skipped, None] = {}
    for count, member in enumerate(members(data, unpacked.check_ratio), 1):
        if count > MOST_FILES:
            raise UserError(f"{data} holds more than {MOST_FILES:,} members; unpack it yourself and name the folder.")
        steps = [step for step in member.name.split("/") if step not in ("", ".")]
        path = "/".join(steps)
        hidden = next((i for i, step in enumerate(steps, 1) if is_hidden(step)), 0)
        if leads_out(member.name):
            skipped[Skipped(member.name, "outside-archive")] = None
        elif hidden:
            skipped[Skipped("/".join(steps[:hidden]), "hidden")] = None  # a hidden folder is told once
        elif member.kind == "link":
            skipped[Skipped(path, "link-in-archive")] = None
        elif member.kind == "other":
            skipped[Skipped(path, "not-a-file")] = None
        elif member.kind == "folder":
            add_with_parents(folders, path)
        elif path in numbers:
            skipped[Skipped(path, "listed-twice")] = None
        else:
            add_with_parents(folders, "/".join(steps[:-1]))
            numbers[path] = unpacked.add(path, member.content)
    return Tree(sorted(numbers, key=path_key), folders, tuple(skipped), numbers)


@contextmanager
def _listed(data: Path, folder: Path, tree: Tree, listen: Listener) -> Iterator[Listing]:
    prefix = _prefix(folder, tree)
    if prefix:
        listen(Said(f"{data.name} has a single folder at its top; it is read as if {prefix} were the data."))
    manifests, shards = _tables(folder, tree, prefix)
    if len(manifests) == 1:
        listen(Said(f"{data.name} holds the manifest {manifests[0]}, which says what its pictures are."))
        name = f"{data}: {manifests[0]}"
        listing = manifest.listing_of_manifest(folder / tree.numbers[manifests[0]], name, _place(folder, tree, prefix))
        yield replace(listing, skipped=(*tree.skipped, *listing.skipped))
    elif shards:
        files = {path: folder / tree.numbers[path] for path in shards}
        with parquet.opened_shards(data, files, listen) as listing:
            yield replace(listing, skipped=(*tree.skipped, *listing.skipped))
    else:
        if manifests:
            several = " and ".join(manifests)
            listen(Said(f"{data.name} holds several manifests ({several}); its folders are taken as classes instead."))
        top = [path.removeprefix(prefix) for path in tree.folders if path.startswith(prefix)]
        parts = ready_made_parts([path for path in top if "/" not in path], data)
        yield listing_of(folder, tree, Layout(parts, prefix))


def _prefix(folder: Path, tree: Tree) -> str:
    """Return the one folder in which everything lies, with a slash behind; nothing if there is no such folder."""
    top = [f"{path}/" for path in tree.folders if "/" not in path]
    if len(top) != 1 or any(_tables(folder, tree, "")):
        return ""
    holds_folders = any(path.startswith(top[0]) for path in tree.folders)
    return top[0] if holds_folders or any(_tables(folder, tree, top[0])) else ""


def _tables(folder: Path, tree: Tree, prefix: str) -> tuple[list[str], list[str]]:
    """Return the manifests, and the Parquet files, that say what the pictures in the folder ``prefix`` are."""
    files = [path for path in tree.files if path.startswith(prefix)]
    manifests = [
        path
        for path in files
        if "/" not in path.removeprefix(prefix) and manifest.has_columns(folder / tree.numbers[path], path)
    ]
    folders = [path.removeprefix(prefix) for path in tree.folders if path.startswith(prefix)]
    shards = parquet.shards(folders, [path.removeprefix(prefix) for path in files])
    return manifests, [prefix + path for path in shards]


def _place(folder: Path, tree: Tree, prefix: str) -> Place:
    """Return the place of the pictures that a manifest in the folder ``prefix`` of an archive names."""

    def find(row: Row) -> Found | Skipped:
        for path in (row.path, row.path.replace("\\", "/")):  # the latter if it was written on Windows
            name = posixpath.normpath(posixpath.join(prefix, path))
            if name in tree.numbers:
                return Found(name, tree.numbers[name])
        if is_absolute(row.path) or leads_out(name):
            return Skipped(row.path, "outside-archive")
        return Skipped(name, "missing-file")

    return Place(folder, find)
