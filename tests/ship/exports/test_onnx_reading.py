"""What decides a shape must be known, and what can't be said in ONNX is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.ship.exports.onnx_file import onnx_model_of
from headstart.ship.exports.onnx_graph import Value, constant
from headstart.ship.exports.onnx_reading import axes_of, number_of, numbers_of
from ship.exports.onnx_cases import ORDERS, Case, ints, model_of

ODD: dict[str, Case] = {
    "Gelu with approximation_mode TANH": lambda o, x: o.gelu(x, "tanh"),
    "Pad with pad_mode reflect": lambda o, x: o.pad(x, [0, 0, 1, 1], [0, 0, 1, 1], "reflect"),
    "AvgPool with rounding_type ceil": lambda o, x: o.avg_pool(x, [2, 2], [0, 0], [0, 0], [3, 2], True, "ceil"),
    "Broadcast with mode explicit": lambda o, x: o.broadcast(
        o.reduce_mean(x, [1, 2, 3], keep_dims=False), ints(2, 3), ints(0), "EXPLICIT"
    ),
    "Gather with batch_dims 1": lambda o, x: o.gather(x, np.zeros((2, 1), np.int32), np.int64(1), 1),
    "TopK with sort none": lambda o, x: o.topk(x, np.int64(2), 1, "max", "none").output(0),
    "StridedSlice with shrink_axis_mask": lambda o, x: o.strided_slice(
        x, ints(0, 0, 0, 0), ints(1, 1, 1, 1), ints(1, 1, 1, 1), [0] * 4, [0] * 4, [], [1, 0, 0, 0]
    ),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_onnx_has_no_words_for_is_named(odd: str) -> None:
    with pytest.raises(RuntimeError, match=f"OpenVINO's operation {odd}.* isn't translated to ONNX"):
        onnx_model_of(model_of(ODD[odd], ORDERS["as it is"]), {})


def test_axes_are_counted_from_the_first() -> None:
    assert axes_of(constant(np.array([-1, 0], np.int64)), 4) == (3, 0)


@pytest.mark.parametrize("read", [numbers_of, number_of])
def test_what_decides_something_must_be_known(read: object) -> None:
    with pytest.raises(RuntimeError, match=r"Add_1 decides .* isn't a constant"):
        read(Value((1,), "Add_1", (0,)))  # type: ignore[operator]
