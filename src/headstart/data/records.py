"""What is known about pictures without their pixels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from headstart.addresses import Address


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a source names as a picture of a class; nobody has read it yet.

    ``path`` names it to people: relative to the data, with forward slashes. ``file`` is where it lies below the
    listing's root, if that is elsewhere (in an unpacked archive). ``part`` is the ready-made part (train, val or
    test) it came in, ``group`` what it must not be separated from (a patient, a recording); both None if unknown.
    ``version`` is what its storage changes whenever its content changes, None where there is no such mark.
    """

    path: str
    label: str
    part: str | None = None
    group: str | None = None
    file: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that isn't used, with a stable reason code (see ``docs/formats.md``)."""

    path: str
    reason: str

    def document(self) -> dict[str, str]:
        """Return the file as it stands in documents."""
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True)
class Listing:
    """What a source names, before any of it is read.

    ``labels`` has the classes that the source declares even if no picture is left of one (an empty class folder).
    ``name`` is what the user calls the data; ``root`` may be the scratch folder that it was unpacked into.
    """

    root: Path | Address
    pictures: tuple[Listed, ...]
    skipped: tuple[Skipped, ...] = ()
    labels: tuple[str, ...] = ()
    name: str = ""

    @property
    def folder(self) -> Path:
        """``root``, of data that isn't in object storage."""
        return _folder(self.root)


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A picture that was read: what its source says of it, and the SHA-256 of its content. Fields as in `Listed`."""

    path: str
    label: str
    sha256: str
    part: str | None = None
    group: str | None = None
    file: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Records and class names, in a fixed order. Never holds pixels. ``name`` as in `Listing`, for messages."""

    root: Path | Address
    classes: tuple[str, ...]
    records: tuple[PictureRecord, ...]
    skipped: tuple[Skipped, ...] = ()
    name: str = ""
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or str(self.root))
        object.__setattr__(self, "_index", {name: i for i, name in enumerate(self.classes)})

    @property
    def folder(self) -> Path:
        """``root``, of data that isn't in object storage."""
        return _folder(self.root)

    @property
    def sha256(self) -> str:
        """A hash of the pictures' contents and labels; names and order of files don't matter."""
        digest = hashlib.sha256()
        for content, label in sorted((r.sha256, r.label) for r in self.records):
            digest.update(f"{content} {label}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def file(self, record: PictureRecord) -> Path | Address:
        """Return where the picture's bytes are."""
        return self.root / (record.file or record.path)

    def label_index(self, record: PictureRecord) -> int:
        """Return the position of the record's class in ``classes``."""
        return self._index[record.label]

    def without(self, skipped: Sequence[Skipped]) -> Dataset:
        """Return this data set with ``skipped`` moved from the records to the skipped."""
        paths = {s.path for s in skipped}
        kept = tuple(r for r in self.records if r.path not in paths)
        return replace(self, records=kept, skipped=(*self.skipped, *skipped))

    def counts(self) -> Counter[str]:
        """Return the number of pictures per class."""
        return Counter(r.label for r in self.records)


def _folder(root: Path | Address) -> Path:
    if isinstance(root, Address):
        raise TypeError(f"{root} is no folder")
    return root


def skipped_sentence(skipped: Collection[Skipped]) -> str:
    """Return a sentence that counts what was skipped, by reason, and names the first three files."""
    reasons = Counter(s.reason for s in skipped)
    counted = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
    named = ", ".join(s.path for s in list(skipped)[:3])
    files = "1 file" if len(skipped) == 1 else f"{len(skipped)} files"
    return f"Skipped {files} ({counted}): {named}{', …' if len(skipped) > 3 else '.'}"
