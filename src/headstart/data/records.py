"""What is known about pictures without their pixels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class PictureRecord:
    """One picture file: ``path`` relative to the data folder with forward slashes, and its content's hash.

    ``part`` is the ready-made part (train, val or test) it came in, or None.
    """

    path: str
    label: str
    sha256: str
    part: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A file that isn't used, with a stable reason code (see ``docs/formats.md``)."""

    path: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Records and class names, in a fixed order. Never holds pixels."""

    root: Path
    classes: tuple[str, ...]
    records: tuple[PictureRecord, ...]
    skipped: tuple[Skipped, ...] = ()
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {name: i for i, name in enumerate(self.classes)})

    @property
    def sha256(self) -> str:
        """A hash of the pictures' contents and labels; names and order of files don't matter."""
        digest = hashlib.sha256()
        for content, label in sorted((r.sha256, r.label) for r in self.records):
            digest.update(f"{content} {label}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def label_index(self, record: PictureRecord) -> int:
        """Return the position of the record's class in ``classes``."""
        return self._index[record.label]

    def without(self, skipped: Sequence[Skipped]) -> Dataset:
        """Return this data set with ``skipped`` moved from the records to the skipped."""
        paths = {s.path for s in skipped}
        kept = tuple(r for r in self.records if r.path not in paths)
        return Dataset(self.root, self.classes, kept, (*self.skipped, *skipped))

    def counts(self) -> Counter[str]:
        """Return the number of pictures per class."""
        return Counter(r.label for r in self.records)


def skipped_sentence(skipped: Collection[Skipped]) -> str:
    """Return a sentence that counts what was skipped, by reason, and names the first three files."""
    reasons = Counter(s.reason for s in skipped)
    counted = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
    named = ", ".join(s.path for s in list(skipped)[:3])
    files = "1 file" if len(skipped) == 1 else f"{len(skipped)} files"
    return f"Skipped {files} ({counted}): {named}{', …' if len(skipped) > 3 else '.'}"
