"""Where headstart may write: the user's ``--out`` folder and our cache folder, and nowhere else."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from headstart.addresses import Address, place_on_disk
from headstart.errors import UserError


def cache_folder() -> Path:
    """Return our cache folder, made private to the user: ``HEADSTART_CACHE``, or the platform's own place."""
    folder = Path(os.environ.get("HEADSTART_CACHE") or platformdirs.user_cache_path("headstart", appauthor=False))
    folder = folder.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new private folder inside the cache, on the same disk as it, removed at the end."""
    parent = cache_folder() / "tmp"
    parent.mkdir(exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


@contextmanager
def file_in_place_of(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; at the end it takes the place of ``path`` in one step."""
    # On a shared disk another machine may have a process of the same number, hence a name that nobody else has.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_in_place_of(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside ``path``; at the end it takes the place of ``path``.

    A reader of ``path`` sees the old folder or the whole new one, never a half. If the body raises, ``path``
    stays as it was.
    """
    path = path.resolve()  # a link stays, and what it leads to is replaced
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    partial.chmod(0o777 & ~_umask())
    try:
        yield partial
        old = partial.with_suffix(".old")
        if path.exists():
            path.rename(old)
        try:
            partial.rename(path)
        except BaseException:
            if old.exists():
                old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _place_apart(out: Path, data: Path | Address | None) -> Path:
    """Return ``out`` resolved; raise `UserError` if it lies inside or around the data, or can't be written."""
    here = out.resolve()
    if data is not None and (place := place_on_disk(data)):
        there = place.resolve()
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise UserError(
                f"--out {out} lies inside the data folder {data} or around it; name a folder apart from the data."
            )
    for parent in here.parents:
        if parent.exists():
            if not parent.is_dir():
                raise UserError(f"--out {out}: {parent} is a file, not a folder; name another folder.")
            if not os.access(parent, os.W_OK | os.X_OK):
                raise UserError(f"--out {out}: no permission to write in {parent}; name another folder.")
            break
    return here


def check_out_file(out: Path, data: Path | Address, is_ours: Callable[[Path], bool]) -> None:
    """Raise `UserError` unless ``out`` is a file that may be written: apart from ``data``, and new or ``is_ours``."""
    here = _place_apart(out, data)
    if here.is_dir():
        raise UserError(f"--out {out} is a folder; name a file.")
    if here.exists() and not (here.is_file() and is_ours(here)):
        raise UserError(f"--out {out} is a file that headstart didn't write; name a new one.")


def check_out(out: Path, data: Path | Address | None, ours: Collection[str], mark: str) -> None:
    """Raise `UserError` unless ``out`` is a place where a result may be written without losing anything.

    Parameters
    ----------
    out
        The folder to be written: new, empty, or one that headstart wrote before.
    data
        The user's pictures, if there are any: ``out`` may be neither inside nor around them.
    ours
        The files that headstart writes in such a folder, as ``name`` or ``folder/name``.
    mark
        The one of them without which the folder isn't ours.
    """
    here = _place_apart(out, data)
    if here == Path.cwd():
        raise UserError(f"--out {out} is the current folder, which can't be replaced; name another folder.")
    if not here.exists():
        return
    if not here.is_dir():
        raise UserError(f"--out {out} is a file; name a new or empty folder.")
    names = [
        entry.relative_to(here).as_posix() for entry in here.rglob("*") if entry.is_symlink() or not entry.is_dir()
    ]
    if not names and not any(here.iterdir()):
        return
    foreign = sorted(name for name in names if name not in ours)
    if mark not in names or foreign:
        raise UserError(
            f"--out {out} holds files that headstart didn't write ({', '.join(foreign[:3]) or 'no ' + mark}); "
            "name a new or empty folder."
        )
