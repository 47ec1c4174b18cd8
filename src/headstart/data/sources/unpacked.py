"""Files unpacked into a scratch folder, called by numbers, under caps that no archive talks itself out of.

Names in an archive never become names on the disk, and what it declares of sizes isn't believed: what is written is
counted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from headstart.errors import MissingError, UserError

MOST_FILES = 1_000_000
"""Members of one archive, the skipped included."""

MOST_BYTES_OF_A_FILE = 512 * 10**6
"""Far more than any picture that could be decoded; the usual size of a Parquet file of pictures is below."""

MOST_BYTES = 64 * 10**9
"""All that is unpacked of one archive."""

SPARE_BYTES = 10**9
"""What is left free on the cache's disk, for everyone else."""

MOST_RATIO = 200
"""Unpacked bytes for each packed one, of the whole archive; pictures are compressed already and come to about 1."""

RATIO_COUNTS_FROM_BYTES = 100 * 10**6
"""Below, the ratio doesn't matter: a few empty drawings may be as small as they like."""


class Unpacked:
    """The files unpacked so far into ``folder``, from ``data`` of ``packed_bytes``."""

    def __init__(self, folder: Path, data: Path, packed_bytes: int) -> None:
        self.folder = folder
        self._data = data
        self._packed_bytes = packed_bytes
        self._room = shutil.disk_usage(folder).free - SPARE_BYTES
        self._files = 0
        self._bytes = 0

    def add(self, name: str, content: Iterable[bytes]) -> str:
        """Write ``content`` into a new file as it comes, and return the file's name; ``name`` is for messages.

        Raises
        ------
        UserError
            If it, or all together, is more than anyone's pictures are.
        MissingError
            If the disk has too little room.
        """
        number = f"{self._files:06}"
        self._files += 1
        size = 0
        with (self.folder / number).open("xb") as file:
            for chunk in content:
                size += len(chunk)
                if size > MOST_BYTES_OF_A_FILE:
                    raise UserError(
                        f"{self._data}: {name} is larger than {_in_words(MOST_BYTES_OF_A_FILE)}, which no picture is; "
                        "leave it out."
                    )
                self._bytes += len(chunk)
                self._check_room()
                self.check_ratio(self._bytes)
                file.write(chunk)
        return number

    def check_ratio(self, unpacked_bytes: int) -> None:
        """Raise `UserError` if no pictures could be unpacked to ``unpacked_bytes``, written or passed over."""
        if unpacked_bytes > max(RATIO_COUNTS_FROM_BYTES, MOST_RATIO * self._packed_bytes):
            raise UserError(
                f"{self._data} looks like a zip bomb: it unpacks to more than {MOST_RATIO} times its size; if you "
                "trust it, unpack it yourself and name the folder."
            )

    def _check_room(self) -> None:
        if self._bytes > MOST_BYTES:
            raise UserError(
                f"{self._data} unpacks to more than {_in_words(MOST_BYTES)}; unpack it yourself and name the folder."
            )
        if self._bytes > self._room:
            raise MissingError(
                f"{self._data} unpacks to more than the disk of headstart's cache has room for; free some, or set "
                "HEADSTART_CACHE to a folder on another disk."
            )


def _in_words(size: int) -> str:
    return f"{size // 10**9} GB" if size >= 10**9 else f"{size // 10**6} MB"
