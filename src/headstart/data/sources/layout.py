"""Class folders, and ready-made train/val/test folders of them: what a path says of a picture.

Paths are virtual, relative and with forward slashes, so that a folder and an archive of it are read alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headstart.addresses import Address
from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources.names import FIX_REPORT, composed, natural_key, part_named
from headstart.errors import UserError


@dataclass(frozen=True)
class Tree:
    """What lies in a folder, archive or bucket: visible files and folders in their order, and what was passed over.

    ``numbers`` has the name of the unpacked file for each file of an archive, ``versions`` the version of each object.
    """

    files: Sequence[str]
    folders: Collection[str]
    skipped: Sequence[Skipped]
    numbers: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def add_with_parents(folders: set[str], folder: str) -> None:
    """Add a folder and all that it lies in to ``folders``."""
    while folder and folder not in folders:
        folders.add(folder)
        folder = folder.rpartition("/")[0]


@dataclass(frozen=True)
class Layout:
    """Where the class folders are: at the top, or in the folders at the top that are ``parts``.

    The top is the folder ``prefix``, which is empty or ends in a slash.
    """

    parts: Mapping[str, str]
    prefix: str = ""

    @property
    def class_depth(self) -> int:
        """The number of folders down to a class folder, itself included."""
        return 2 if self.parts else 1

    def place(self, path: str) -> tuple[str, str | None] | None:
        """Return the class folder's name and the part of a file; None if it lies in no class folder."""
        if not path.startswith(self.prefix):
            return None
        folders = path.removeprefix(self.prefix).split("/")[:-1]
        if len(folders) < self.class_depth:
            return None
        return folders[self.class_depth - 1], self.parts.get(folders[0])


def ready_made_parts(folders: Collection[str], data: Path | Address) -> dict[str, str]:
    """Return which of the folders at the top is which part, or nothing where they are classes.

    They are parts if each has the name of one, and train and another are among them.

    Raises
    ------
    UserError
        If two of them are the same part.
    """
    parts = {name: part for name in folders if (part := part_named(name))}
    if len(parts) < len(folders) or "train" not in parts.values() or len(parts) < 2:
        return {}
    if len(set(parts.values())) < len(parts):
        raise UserError(f"{data} has several folders for one part ({', '.join(parts)}); keep one of each.")
    return parts


def listing_of(root: Path | Address, tree: Tree, layout: Layout) -> Listing:
    """Return the pictures of ``tree``: every file in a class folder, at any depth, is one of that class.

    A class folder is declared as a class even if it holds no file.
    """
    labels: dict[str, str] = {}  # from a folder's name to its composed form, which its pictures share
    for folder in tree.folders:
        if placed := layout.place(f"{folder}/"):
            labels.setdefault(placed[0], composed(placed[0]))
    pictures, skipped = [], list(tree.skipped)
    for path in tree.files:
        if placed := layout.place(path):
            name, part = placed
            label = labels.setdefault(name, composed(name))
            file, version = tree.numbers.get(path), tree.versions.get(path)
            pictures.append(Listed(path, label, part, file=file, version=version))
        elif path != layout.prefix + FIX_REPORT:
            skipped.append(Skipped(path, "outside-class-folders"))
    declared = sorted(set(labels.values()), key=natural_key)
    return Listing(root, tuple(pictures), tuple(skipped), tuple(declared))
