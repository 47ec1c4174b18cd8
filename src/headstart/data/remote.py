"""Objects in object storage, listed and read where they are. The only place that knows fsspec.

Who may read them is settled between the user and the provider: by environment variables, profiles and roles, which the
provider's library finds by itself. headstart neither asks for them nor sees them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from headstart.addresses import Address
from headstart.data.decode import DecodeError
from headstart.errors import HeadstartError, MissingError, UserError

CHUNK_BYTES = 8 * 2**20

_S3: dict[str, Any] = {
    "config_kwargs": {
        "connect_timeout": 3,
        "read_timeout": 5,
        "retries": {"mode": "standard", "total_max_attempts": 2},
    }
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": _S3,
    "s3a": _S3,
    "gs": {"requests_timeout": 10},
    "gcs": {"requests_timeout": 10},
    "az": {"connection_timeout": 3, "read_timeout": 5},
    "abfs": {"connection_timeout": 3, "read_timeout": 5},
}
"""How long the libraries wait, in seconds: with all attempts less than a worker process is given for a picture."""

_ATTEMPTS = 2
"""How often we ask for a picture, each time with all attempts of the library."""

_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""The packages that fsspec needs for a protocol. Those of the extra "cloud" are fsspec and s3fs."""

_CREDENTIALS = {
    "s3fs": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a public bucket FSSPEC_S3_ANON=true",
    "gcsfs": "set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login",
    "adlfs": "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""What the user can do about credentials, by package."""

_UNREACHABLE = {
    "ConnectionError",  # of Python and of botocore
    "HTTPClientError",
    "ClientConnectionError",
    "ServiceRequestError",
    "TransportError",
    "TimeoutError",
    "gaierror",
}
_BROKEN_OFF = {"ClientPayloadError", "IncompleteRead"}
_NO_CREDENTIALS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
    "TokenRetrievalError",
    "SSOError",
    "GoogleAuthError",
    "ClientAuthenticationError",
}
"""Names of exceptions, or of what they are derived from: the libraries that define them may not be installed."""

_REFUSED_CREDENTIALS = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
"""Codes of S3 for a refusal that isn't this object's, but everyone's."""

_BUSY = {"SlowDown", "ServiceUnavailable", "503"}
"""Codes of S3 for a server that gives nobody anything just now."""


_environments: dict[str, dict[str, str]] = {}
"""The environment in which the connections of this process were made, by protocol."""

_MOST_LETTERS = 200
"""What is shown of what a library says."""

REASONS = ("vanished", "too-large", "unreadable")
"""Why an object may have no content: every ``reason`` of a `DecodeError` that is raised here."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing: its path below the listed address, its size, and what changes when its content does.

    ``version`` is None where the storage has no such mark. The path is empty if the address is the object itself.
    """

    path: str
    size: int
    version: str | None


def stored_objects(address: Address) -> list[StoredObject]:
    """Return everything whose address begins with ``address`` and a slash, or the one object at it.

    Raises
    ------
    UserError
        If nothing is there, or the address can't be one.
    MissingError
        If the storage can't be reached or refuses, or a package is missing.
    """
    system, root = _system(address, anew=True)
    with _told(address):
        found: dict[str, dict[str, Any]] = system.find(root, detail=True)
        if list(found) == [root] and not found[root]:  # some file systems say no more of a single file
            found = {root: system.info(root)}
    start = f"{root.rstrip('/')}/"
    return [
        StoredObject(name.removeprefix(start) if name != root else "", int(info.get("size") or 0), _version(info))
        for name, info in found.items()
        if name != start and (info.get("type") != "directory" or name.endswith("/"))
    ]


def content(address: Address, most_bytes: int) -> bytes:
    """Return the bytes of an object.

    Raises
    ------
    DecodeError
        If it isn't there (any more), can't be read, or has more than ``most_bytes``: `REASONS`.
    MissingError
        If the storage can't be reached or knows nothing of the user, so that nothing else can be read either.
    """
    system, path = _system(address)
    try:
        data = bytes(_read(system, path, most_bytes + 1, _ATTEMPTS))
    except FileNotFoundError as error:
        raise DecodeError("vanished", str(error)) from error
    except MemoryError as error:
        raise DecodeError("too-large", "not enough memory") from error
    except Exception as error:
        if _is_of_the_object(error):
            raise DecodeError("unreadable", str(error)) from error
        raise _refusal(address, error) from error
    if len(data) > most_bytes:
        raise DecodeError("too-large")
    return data


def put(address: Address, data: bytes) -> None:
    """Write an object, in place of what is there; it is there whole or not at all.

    Raises
    ------
    MissingError
        If the storage can't be reached or refuses.
    """
    system, path = _system(address)
    try:
        system.pipe_file(path, data)
    except Exception as error:
        raise MissingError(f"{address} can't be written ({_without_urls(error)}). {_advice(address)}") from error


def chunks(address: Address) -> Iterator[bytes]:
    """Yield the bytes of a large object piece by piece.

    Raises
    ------
    UserError
        If it isn't there.
    MissingError
        If the storage can't be reached or refuses.
    """
    system, path = _system(address, anew=True)
    with _told(address), system.open(path, "rb", block_size=CHUNK_BYTES) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def connect(address: Address) -> None:
    """Import what reading from ``address`` needs, and make the connection that this process keeps.

    What goes wrong is left for the reading to say.
    """
    try:
        system, _ = _system(address)
        if hasattr(system, "connect"):
            system.connect()
    except Exception:
        return


def _system(address: Address, *, anew: bool = False) -> tuple[Any, str]:
    """Return fsspec's file system for ``address`` and the path in it.

    A process has one connection for each place, until its environment changes, which may name other credentials, or it
    is made ``anew``: files may name others too. (Not by `fsspec.url_to_fs`, which takes ``::``, ``#`` or ``?`` in the
    name of an object for something special.)
    """
    if address.has_password:
        raise UserError(
            f"{address} has a password in it, where everyone on this machine can see it; leave it out. "
            f"{_advice(address)}"
        )
    package = _PACKAGES.get(address.protocol)
    try:
        from fsspec import config, get_filesystem_class
    except ImportError:
        raise MissingError(f"{address} needs fsspec: pip install {_installed(package)}") from None
    try:
        kind = get_filesystem_class(address.protocol)
    except ImportError as error:
        needed = f"needs {package}: pip install {_installed(package)}" if package else f"needs a package more: {error}"
        raise MissingError(f"{address} {needed}") from None
    except ValueError:
        raise UserError(f"{address}: fsspec knows no {address.protocol}://; use s3://, gs:// or az://.") from None
    place = "/".join(address.full.split("/")[:3])
    with _told(address):
        environment = dict(os.environ)
        if anew or _environments.get(address.protocol) != environment:
            kind.clear_instance_cache()
            _environments[address.protocol] = environment
        options = _over(_OPTIONS.get(address.protocol, {}), config.conf.get(address.protocol, {}))
        # A cache of listings would take as much memory as the listing.
        system = kind(use_listings_cache=False, **kind._get_kwargs_from_urls(place), **options)
    if hasattr(system, "retries"):
        system.retries = 1  # s3fs and gcsfs would try all that again, and s3fs again for the pictures
    return system, str(kind._strip_protocol(address.full))


def _over(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return our options, and those of them that the user's configuration of fsspec has as it has them."""
    merged = {}
    for name, value in ours.items():
        own = theirs.get(name)
        merged[name] = own | _over(value, own) if isinstance(own, dict) and isinstance(value, dict) else own or value
    return merged


def _installed(package: str | None) -> str:
    """Return what to install: the extra has s3fs, the others come beside it."""
    return "'headstart[cloud]'" + (f" {package}" if package not in (None, "s3fs") else "")


def _read(system: Any, path: str, most_bytes: int, attempts: int) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return an object's first bytes in one request, without asking for its size before."""
    try:
        return system.cat_file(path, start=0, end=most_bytes)
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:
        if _lineage(error) & (_UNREACHABLE | _BROKEN_OFF):
            if attempts > 1:
                return _read(system, path, most_bytes, attempts - 1)
        elif _is_empty(system, path):
            return b""  # of nothing there is no first byte, which several storages call an error
        raise


def _is_empty(system: Any, path: str) -> bool:  # noqa: ANN401
    try:
        return int(system.info(path)["size"]) == 0
    except Exception:
        return False


def _version(info: dict[str, Any]) -> str | None:
    tag = info.get("ETag") or info.get("etag")
    return str(tag).strip('"') if tag else None


@contextmanager
def _told(address: Address) -> Iterator[None]:
    """Turn whatever the libraries raise into one sentence."""
    try:
        yield
    except (HeadstartError, MemoryError):
        raise
    except Exception as error:
        raise _refusal(address, error) from error


def _refusal(address: Address, error: Exception) -> HeadstartError:
    """Return the sentence for what a library raised. What it says itself may hold a key, and is told of no refusal."""
    names = _lineage(error)
    if names & _NO_CREDENTIALS or _code(error) in _REFUSED_CREDENTIALS:
        why = "found none that are complete" if names & _NO_CREDENTIALS else f"were refused ({_code(error)})"
        return MissingError(f"{address} can't be read: credentials {why}. {_advice(address)}")
    if isinstance(error, FileNotFoundError):
        return UserError(f"{address} doesn't exist: {_without_urls(error)}; is it spelt right?")
    if isinstance(error, PermissionError):
        return MissingError(f"{address} may not be read with these credentials (access denied). {_advice(address)}")
    if names & _UNREACHABLE or _code(error) in _BUSY:
        return MissingError(
            f"{address} can't be reached ({_without_urls(error)}); check the network, the proxy and the endpoint, and "
            "run it again."
        )
    kind = MissingError if isinstance(error, OSError) else UserError
    return kind(f"{address} can't be read ({type(error).__name__}: {_without_urls(error)}).")


def _is_of_the_object(error: Exception) -> bool:
    """Return whether the storage was there, knew the user, and refused no more than this object."""
    names = _lineage(error)
    return not names & (_UNREACHABLE | _NO_CREDENTIALS) and _code(error) not in _REFUSED_CREDENTIALS | _BUSY


def _lineage(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _code(error: Exception) -> str:
    """Return the code that S3 gave as the reason, or nothing."""
    response = getattr(error.__cause__, "response", None) or getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _without_urls(error: Exception) -> str:
    """Return what a library says in one line, its URLs shown as addresses are."""
    said = str(getattr(error, "strerror", None) or error)
    line = " ".join(said.split()) or type(error).__name__
    shown = re.sub(r"[A-Za-z][A-Za-z0-9+.-]+://[^\s\"']+", lambda found: str(Address(found[0])), line)
    return shown[:_MOST_LETTERS].rstrip(". ")


def _advice(address: Address) -> str:
    advice = _CREDENTIALS.get(_PACKAGES.get(address.protocol, ""))
    return f"To name credentials, {advice}." if advice else "Name credentials as its provider says."
