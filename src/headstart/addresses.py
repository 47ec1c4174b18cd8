"""Addresses in object storage, ``s3://bucket/folder`` and the like: the data that isn't on this machine's disks."""

from __future__ import annotations

import re
from pathlib import Path

_BEGINNING = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # of two letters at least: C:\ is a drive

_PASSWORD = re.compile(r"(?<=://)(?!arn:)([^:@/]*):(?!\d+/)[^@]*@")
"""Up to the ``@``, for a key may have slashes in it; but neither a port nor the name of an access point."""


class Address:
    """The address of an object, or of everything whose address begins with it and a slash.

    As text it is shown without what may be secret in it, a password and everything from a question mark on; only
    ``full`` has that. Pictures below it are named as below a `pathlib.Path`: ``address / "cat/1.jpg"``.

    Parameters
    ----------
    text
        The address, as the user writes it.

    Raises
    ------
    ValueError
        If ``text`` is no address.
    """

    __slots__ = ("full",)
    full: str

    # Not __init__: from its parameters the command line would make an option each.
    def __new__(cls, text: str) -> Address:  # noqa: D102 - it is the class's
        if not is_address(text):
            raise ValueError("no address")
        address = super().__new__(cls)
        address.full = text
        return address

    def __getnewargs__(self) -> tuple[str]:
        return (self.full,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.full == other.full

    def __hash__(self) -> int:
        return hash(self.full)

    def __str__(self) -> str:
        shown, asked, _ = _PASSWORD.sub(r"\1:…@", self.full).partition("?")
        return f"{shown}?…" if asked else shown

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __truediv__(self, path: str) -> Address:
        return Address(f"{self._folder}{path}")

    @property
    def protocol(self) -> str:
        """What stands before ``://``, in lower case."""
        return self.full.partition("://")[0].lower()

    @property
    def name(self) -> str:
        """The last part of the path, or the bucket, as it may be shown."""
        return str(self).rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> Address:
        """The address of what the object lies in."""
        return Address(self.full.rstrip("/").rpartition("/")[0])

    @property
    def has_password(self) -> bool:
        """Whether a password stands in it."""
        return bool(_PASSWORD.search(self.full))

    @property
    def _folder(self) -> str:
        return self.full if self.full.endswith("://") else f"{self.full.rstrip('/')}/"


def is_address(text: str) -> bool:
    """Return whether ``text`` is an address, and no path."""
    return bool(_BEGINNING.match(text))


def place_named(text: str) -> Path | Address:
    """Return the address that ``text`` is, or else the path."""
    return Address(text) if is_address(text) else Path(text)


def place_on_disk(data: Path | Address) -> Path | None:
    """Return where on this machine's disks ``data`` is; None if it is elsewhere."""
    if isinstance(data, Path):
        return data
    return Path(data.full.partition("://")[2]) if data.protocol in ("file", "local") else None
