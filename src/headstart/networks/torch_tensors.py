"""Tensors from a file that torch wrote in its legacy format, without torch and without running what it holds.

The format is a row of pickles (magic number, protocol, system facts, the object, the storage keys) followed by,
for each key, an int64 element count and the raw values. The unpickler here admits an ordered dictionary of
float and integer tensors and nothing else: any other name in the file is refused before it is called.
"""

from __future__ import annotations

import collections
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


@dataclass(frozen=True)
class _Storage:
    dtype: np.dtype[Any]
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view into a storage. Strides matter: tensors converted from TensorFlow are stored transposed."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuilt_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_ADMITTED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt_tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the signature of pickle
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise UserError(f"it names {module}.{name}, and only tensors are admitted") from None

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - the signature of pickle
        kind, dtype, key, _location, count, view = pid
        if kind != "storage" or view is not None or not isinstance(dtype, np.dtype):
            raise UserError("it holds a storage of an unknown kind")
        return _Storage(dtype, str(key), int(count))


def read_torch_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of the legacy torch file ``path`` by name, each in its own shape and dtype.

    Raises
    ------
    UserError
        If the file isn't in that format, is cut short, or holds anything but tensors.
    """
    try:
        with path.open("rb") as stream:
            return _tensors(stream)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}.") from None
    except Exception as error:
        # A damaged pickle can make the unpickler raise nearly anything.
        raise UserError(f"{path} is not a file of tensors in torch's legacy format ({error}).") from error


def _tensors(stream: BinaryIO) -> dict[str, NDArray[Any]]:
    if _TensorsOnly(stream).load() != _MAGIC or _TensorsOnly(stream).load() != _PROTOCOL:
        raise UserError("it isn't in torch's legacy format")
    if not _TensorsOnly(stream).load()["little_endian"]:
        raise UserError("it was written on a big-endian machine")
    named = _TensorsOnly(stream).load()
    keys = _TensorsOnly(stream).load()
    storages = {tensor.storage.key: tensor.storage for tensor in named.values()}
    values: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = storages[key]
        count = int.from_bytes(stream.read(8), "little")
        raw = stream.read(count * storage.dtype.itemsize)
        if count != storage.count or len(raw) != count * storage.dtype.itemsize:
            raise UserError("it is cut short")
        values[key] = np.frombuffer(raw, storage.dtype)
    return {name: _array(tensor, values[tensor.storage.key]) for name, tensor in named.items()}


def _array(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.shape, default=1) < 1 or min((tensor.offset, *tensor.strides)) < 0 or last >= len(values):
        raise UserError("a tensor reaches outside its storage")
    strides = [s * values.itemsize for s in tensor.strides]
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)
    return np.ascontiguousarray(view).reshape(tensor.shape)
