"""Where shards lie: a folder that all nodes share, or object storage. What is written is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from headstart.addresses import Address, place_on_disk
from headstart.data import remote
from headstart.data.decode import DecodeError
from headstart.errors import HeadstartError, MissingError, UserError, refusal
from headstart.folders import file_in_place_of

_MOST_BYTES = 2**31
"""Nothing that is read back is larger."""


def checked_store(place: Path | Address) -> Path | Address:
    """Return the place as all nodes name it; raise `UserError` if it is a folder that isn't there."""
    folder = place_on_disk(place)
    if folder is None:
        return place
    if not folder.is_dir():
        raise UserError(
            f"--cluster-store {place} isn't a folder; make one on a disk that all nodes share, or name an address in "
            "object storage."
        )
    return folder.resolve()


def folder_in(store: Path | Address, name: str) -> Path | Address:
    """Return a folder of ``store``, made if there is none; raise `MissingError` if it can't be made."""
    folder = store / name
    if isinstance(folder, Path):
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise MissingError(f"--cluster-store {store} can't be written: {refusal(error)}") from error
    return folder


def names_in(folder: Path | Address) -> set[str]:
    """Return the names of what lies in ``folder``, by one listing."""
    if isinstance(folder, Path):
        return {entry.name for entry in folder.iterdir()}
    return {each.path for each in remote.stored_objects(folder)}


def content_of(file: Path | Address) -> bytes | None:
    """Return what is in ``file``, None if it isn't there or can't be read."""
    try:
        return file.read_bytes() if isinstance(file, Path) else remote.content(file, _MOST_BYTES)
    except (OSError, DecodeError):
        return None


def put(file: Path | Address, content: bytes) -> None:
    """Write ``file``, in place of what is there.

    Raises
    ------
    MissingError
        If that isn't possible.
    """
    try:
        if isinstance(file, Address):
            remote.put(file, content)
        else:
            with file_in_place_of(file) as partial:
                partial.write_bytes(content)
    except OSError as error:
        raise MissingError(f"--cluster-store {file.parent} can't be written: {refusal(error)}") from error
    except HeadstartError as error:
        raise MissingError(f"--cluster-store: {error}") from error
