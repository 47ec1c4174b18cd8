"""The members of a zip or tar file, one after the other as they stand in it, whatever the file claims of itself.

A file that is damaged, cut short, or made to hurt ends in one `UserError`. Links are told, never followed.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from headstart.errors import UserError

CHUNK_BYTES = 2**20

MOST_BYTES_AT_ONCE = 16 * CHUNK_BYTES
"""tarfile reads a long name as a whole, of whatever length the archive claims; no name is longer than this."""

_DECOMPRESSED: dict[bytes, Callable[[Path], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
"""How a compressed tar file is opened, by how it begins."""

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    # What the readers raise over fields that they don't check.
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,
)


@dataclass(frozen=True)
class Member:
    """A member of an archive; ``content`` can be read once, before the next member is asked for."""

    name: str
    kind: Literal["file", "folder", "link", "other"]
    content: Iterator[bytes]


def is_archive(file: Path) -> bool:
    """Return whether ``file`` begins like a zip or tar file, compressed or not, whatever its name says."""
    return _is_zip(file) or _is_tar(file)


def members(file: Path, passed: Callable[[int], None]) -> Iterator[Member]:
    """Yield the members of a zip or tar file.

    Parameters
    ----------
    file
        The archive.
    passed
        Called with the number of bytes that were unpacked so far to get at what a tar file holds; it raises if they
        are too many.

    Raises
    ------
    UserError
        If the archive is neither zip nor tar, damaged, cut short, or encrypted.
    """
    with _damage_told(file):
        yield from _zip_members(file) if _is_zip(file) else _tar_members(file, passed)


def is_absolute(path: str) -> bool:
    """Return whether any system would take ``path`` as starting at a root or a drive."""
    return bool(re.match(r"[/\\]|[A-Za-z]:", path))


def leads_out(path: str) -> bool:
    """Return whether any system would take ``path`` as leading out of the folder that it starts in."""
    return is_absolute(path) or ".." in re.split(r"[/\\]", path)


@contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(file, error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: an offset before the file's begin
            raise  # it is the disk's, not the archive's
        raise _damaged(file, error) from error


def _damaged(file: Path, why: object) -> UserError:
    return UserError(f"{file} is damaged, cut short, or no zip or tar archive ({why}); make or fetch it again.")


def _is_zip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _zip_members(file: Path) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.flag_bits & 1:
                raise UserError(f"{file} is encrypted; unpack it yourself and name the folder.")
            kind = stat.S_IFMT(info.external_attr >> 16)  # zero where the system that made it has no such types
            if info.is_dir():
                yield Member(info.filename, "folder", iter(()))
            elif kind == stat.S_IFLNK:
                yield Member(info.filename, "link", iter(()))
            elif kind in (0, stat.S_IFREG):
                yield Member(info.filename, "file", _zip_content(file, archive, info))
            else:
                yield Member(info.filename, "other", iter(()))


def _zip_content(file: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Of bzip2 and LZMA, zipfile unpacks all that it reads at once: gigabytes from a few thousand bytes.
        raise UserError(f"{file} is compressed in an unusual way; make it again with the usual one (deflate).")
    with _damage_told(file), archive.open(info) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _is_tar(file: Path) -> bool:
    try:
        with _tar_stream(file) as stream:
            tarfile.TarInfo.frombuf(stream.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
    except (*_DAMAGE, OSError):
        return False
    return True


def _tar_members(file: Path, passed: Callable[[int], None]) -> Iterator[Member]:
    with _tar_stream(file) as decompressed:
        stream = _Forward(decompressed, passed)
        with tarfile.open(fileobj=cast("BinaryIO", stream), mode="r:", encoding="utf-8") as archive:
            while info := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # tarfile keeps all headers, for nobody
                if info.isreg():
                    yield Member(info.name, "file", _tar_content(file, archive, info))
                elif info.isdir():
                    yield Member(info.name, "folder", iter(()))
                elif info.issym() or info.islnk():
                    yield Member(info.name, "link", iter(()))
                else:
                    yield Member(info.name, "other", iter(()))
        # tarfile takes a damaged header for the end, and doesn't read on to the checksum of the compression.
        if stream.last != bytes(tarfile.BLOCKSIZE):
            raise _damaged(file, "no end marker")
        while chunk := stream.read(CHUNK_BYTES):
            if any(chunk):
                raise _damaged(file, "something follows the end marker")


def _tar_content(file: Path, archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    with _damage_told(file):
        content = archive.extractfile(info)
        while content and (chunk := content.read(CHUNK_BYTES)):
            yield chunk


@contextmanager
def _tar_stream(file: Path) -> Iterator[BinaryIO]:
    with file.open("rb") as stream:
        begin = stream.read(8)
    opening = next((how for magic, how in _DECOMPRESSED.items() if begin.startswith(magic)), None)
    with cast("BinaryIO", opening(file) if opening else file.open("rb")) as stream:
        yield stream


class _Forward:
    """A stream for tarfile that only goes forward, in bounded steps, and tells how far it is.

    Going back would mean unpacking again from the start; only headers made for it (a negative size) want it.
    """

    def __init__(self, stream: BinaryIO, passed: Callable[[int], None]) -> None:
        self._stream = stream
        self._passed = passed
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""
        if not 0 <= size <= MOST_BYTES_AT_ONCE:
            raise tarfile.ReadError("a header of impossible size")
        self.last = self._stream.read(size)
        self._position += len(self.last)
        self._passed(self._position)
        return self.last

    def seek(self, position: int) -> int:
        """Go on to ``position``, or to the end if that comes first."""
        if position < self._position:
            raise tarfile.ReadError("a header that leads back")
        while self._position < position and self.read(min(CHUNK_BYTES, position - self._position)):
            pass
        return self._position
