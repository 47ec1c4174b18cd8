"""Arrays in safetensors files, which may be anyone's: the header is checked number by number before an array is made.

The format: eight bytes with the length of a JSON header, the header, the arrays one behind the other. The header gives
for each array its ``dtype``, its ``shape``, and where it begins and ends. The arrays that are returned lie where they
were read, so a file costs its own size in memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.manifests.fields import Field, check_fields, is_count, is_list_of, is_name
from headstart.manifests.strangers import brief, json_of
from headstart.networks.backbones import Backbone
from headstart.networks.cuts import AVERAGE, cut_of

Tensors = dict[str, NDArray[Any]]

DTYPES: Mapping[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("<i1"),
    "U8": np.dtype("<u1"),
}
"""What arrays may consist of, as the format calls it."""

MOST_TENSORS, MOST_HEADER_BYTES = 20_000, 4 * 2**20
"""The largest of our networks has 1,000 arrays, whose header has 100 kB."""

_MOST_AXES, _MOST_NUMBERS = 8, 2**40
_PREFIX = 8
_METADATA = "__metadata__"  # texts about the file, which nobody here reads

_FIELDS = {
    "dtype": Field("a kind of number", is_name),
    "shape": Field("a shape", is_list_of(is_count, _MOST_AXES)),
    "data_offsets": Field("a place", lambda value: is_list_of(is_count, 2)(value) and len(value) == 2),  # type: ignore[arg-type]
}


def tensors_in(data: bytes, name: str) -> Tensors:
    """Return the arrays that ``data``, the content of a safetensors file, holds, by name. They can't be changed.

    Raises
    ------
    UserError
        If it is no such file, or one whose header doesn't describe it to the last byte; ``name`` is what it is called.
    """
    try:
        return _tensors(data)
    except UserError as error:
        raise UserError(f"{name} can't be read as a safetensors file: {error}") from None


def _tensors(data: bytes) -> Tensors:
    length = int.from_bytes(data[:_PREFIX], "little")
    if len(data) < _PREFIX or length > len(data) - _PREFIX:
        raise UserError("it is shorter than it says")
    if length > MOST_HEADER_BYTES:
        raise UserError(f"its header has {length:,} bytes, and may have {MOST_HEADER_BYTES:,}")
    header = json_of(data[_PREFIX : _PREFIX + length])
    if not isinstance(header, dict):
        raise UserError("its header is no object")
    header.pop(_METADATA, None)
    if len(header) > MOST_TENSORS:
        raise UserError(f"it holds {len(header):,} arrays, and may hold {MOST_TENSORS:,}")
    placed = sorted(_placed(tensor, entry) for tensor, entry in header.items())
    ends = [0, *(end for _, end, _ in placed)]
    if any(begin != end for (begin, _, _), end in zip(placed, ends, strict=False)):
        raise UserError("its arrays lie over each other, or apart")
    if ends[-1] != len(data) - _PREFIX - length:
        raise UserError("its arrays end before or behind its end")
    return {tensor: _array(data, header[tensor], _PREFIX + length + begin) for begin, _, tensor in placed}


def _placed(tensor: str, entry: object) -> tuple[int, int, str]:
    """Return where an array begins and ends, and its name, if all that is said of it goes together."""
    if not isinstance(entry, dict):
        raise UserError(f"it doesn't describe {brief(tensor)}")
    check_fields(entry, _FIELDS)
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise UserError(f"{brief(tensor)} consists of {brief(entry['dtype'])}, which headstart doesn't read")
    begin, end = entry["data_offsets"]
    # An axis of 0 must not hide others that no array can have.
    is_huge = math.prod(max(1, length) for length in entry["shape"]) > _MOST_NUMBERS
    if is_huge or end - begin != math.prod(entry["shape"]) * dtype.itemsize:
        raise UserError(f"{brief(tensor)} hasn't the size of its shape")
    return begin, end, tensor


def _array(data: bytes, entry: dict[str, Any], at: int) -> NDArray[Any]:
    count = math.prod(entry["shape"])
    array = np.frombuffer(data, DTYPES[entry["dtype"]], count, at) if count else np.empty(0, DTYPES[entry["dtype"]])
    return np.require(array.reshape(entry["shape"]), requirements="A")


MOST_ACTIVATIONS = 2**26
"""Numbers in one map of a network: those of VGG16 on pictures of 1,024 pixels, the most of our table."""


def check_room(record: Backbone, size: int) -> None:
    """Raise `UserError` if the first map of a small VGG has more numbers than any memory should: its width is free."""
    if dict(record.options).get("width", 0) * size**2 > MOST_ACTIVATIONS:
        raise UserError(f"{record.name} on pictures of {size} pixels takes too much memory")


def most_parameters(record: Backbone, layer: str) -> int:
    """Return how many numbers the network of ``record``, cut at ``layer``, has at most."""
    count = record.parameters
    if record.builder and cut_of(record, layer).needs_top:
        # Dense layers on the flattened last map, as VGG has them.
        inputs = (record.image_size >> len(record.stages)) ** 2 * record.layers[0].dimension
        for units in (each.dimension for each in record.layers if each.needs_top):
            count += (inputs + 1) * units
            inputs = units
    return count


def check_arrays(arrays: Tensors, record: Backbone, layer: str) -> None:
    """Raise `UserError` unless ``arrays`` may be those of the network of ``record``, cut at ``layer``.

    What can be told without building it: finite float32, as many as it has. Names and shapes are compared by whoever
    builds it (`headstart.networks.weight_files`).
    """
    count, most = sum(array.size for array in arrays.values()), most_parameters(record, layer)
    if count > most or (layer == AVERAGE and count < most):
        raise UserError(f"its network has {count:,} numbers; {record.name} has {most:,}")
    for name, array in arrays.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise UserError(f"its network holds values that aren't float32, or no numbers, in {brief(name)}")
