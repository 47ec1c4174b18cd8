"""Arrays in safetensors files: read as the format's own library reads them, or refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from headstart.errors import UserError
from headstart.networks.backbones import backbone, small_vgg_record
from headstart.networks.classifier import whole_network
from headstart.networks.keras_backend import import_keras
from headstart.networks.tensor_files import DTYPES, check_arrays, check_room, most_parameters, tensors_in

ARRAYS: dict[str, NDArray[Any]] = {
    **{f"of {name}": np.arange(6).astype(dtype).reshape(2, 3) for name, dtype in DTYPES.items()},
    "a number": np.array(7, np.float32),
    "nothing": np.zeros((0, 5), np.int32),
}


def test_what_the_formats_own_library_wrote_is_read_as_it_reads_it() -> None:
    data = save(ARRAYS, {"metadata": "a text"})
    found, expected = tensors_in(data, "a file"), load(data)
    np.testing.assert_equal(found, expected)
    assert {name: array.dtype for name, array in found.items()} == {n: a.dtype for n, a in expected.items()}


def test_the_arrays_lie_where_they_were_read_and_can_not_be_changed() -> None:
    found = tensors_in(save(ARRAYS), "a file")
    assert not any(array.flags.writeable for array in found.values() if array.size)


def test_a_header_of_odd_length_changes_nothing() -> None:
    text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    data = np.array([1, 2], np.float32).tobytes()
    for spaces in range(4):
        padded = text + b" " * spaces
        found = tensors_in(len(padded).to_bytes(8, "little") + padded + data, "a file")["a"]
        assert found.flags.aligned
        np.testing.assert_array_equal(found, [1, 2])


@pytest.mark.parametrize("at", range(0, 60, 3))
def test_no_byte_of_the_header_can_be_another_without_a_refusal_or_other_names(at: int) -> None:
    data = bytearray(save({"abc": np.arange(6, dtype=np.float32)}))
    data[at] ^= 0x11
    try:
        found = tensors_in(bytes(data), "a file")
    except UserError as error:
        assert str(error).startswith("a file can't be read as a safetensors file")
    else:
        assert sum(array.nbytes for array in found.values()) == 24


@pytest.mark.parametrize("name", ["vgg16", "mobilenet"])
def test_a_network_has_as_many_numbers_as_its_record_says(name: str) -> None:
    import_keras()
    record = backbone(name)
    layers = {each.name: each for each in record.layers}
    assert most_parameters(record, "avg_pool") == record.parameters
    if "fc2" in layers:
        whole = whole_network(record, include_top=True)
        last = whole.layers[-1].count_params()
        assert most_parameters(record, "fc2") == whole.count_params() - last


def test_arrays_of_another_kind_or_number_are_refused() -> None:
    record = small_vgg_record(1, 4)
    whole = {"a/kernel": np.zeros(record.parameters, np.float32)}
    check_arrays(whole, record, "avg_pool")
    for spoilt in (whole["a/kernel"][1:], whole["a/kernel"].astype(np.float64), whole["a/kernel"] + np.nan):
        with pytest.raises(UserError, match="its network h"):
            check_arrays({"a/kernel": spoilt}, record, "avg_pool")
    check_arrays({"a/kernel": whole["a/kernel"][1:]}, record, "block1_pool:avg")


def test_maps_that_no_memory_should_hold_are_refused() -> None:
    check_room(backbone("vgg16"), 1024)
    check_room(small_vgg_record(4, 64), 1024)
    with pytest.raises(UserError, match="takes too much memory"):
        check_room(small_vgg_record(1, 65), 1024)


@pytest.mark.parametrize("second", [(4, 12), (8, 12), (0, 12)])
def test_arrays_that_lie_over_each_other_or_apart_are_refused(second: tuple[int, int]) -> None:
    entries = {
        "a": {"dtype": "U8", "shape": [7], "data_offsets": [0, 7]},
        "b": {"dtype": "U8", "shape": [second[1] - second[0]], "data_offsets": second},
    }
    text = json.dumps(entries).encode()
    with pytest.raises(UserError, match="its arrays lie over each other, or apart"):
        tensors_in(len(text).to_bytes(8, "little") + text + bytes(12), "a file")
