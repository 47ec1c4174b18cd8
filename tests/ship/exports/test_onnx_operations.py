"""Operations that compute give in ONNX Runtime what they give in OpenVINO."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.ship.exports.onnx_file import onnx_model_of
from headstart.ship.exports.onnx_operations import OPERATIONS
from ship.exports.onnx_cases import COMPUTING, MOVES, ORDERS, WINDOWS, by_onnx, by_openvino, model_of, pixels_for


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", COMPUTING)
def test_an_operation_gives_what_it_gives_in_openvino(case: str, order: str) -> None:
    model = model_of(COMPUTING[case], ORDERS[order])
    assert case.partition(":")[0] in {operation.get_type_name() for operation in model.get_ops()}
    pixels = pixels_for(model)
    expected = by_openvino(model, pixels)
    found = by_onnx(onnx_model_of(model, {}), pixels)
    assert found.dtype == expected.dtype
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)


def test_every_operation_of_the_table_has_its_case() -> None:
    assert {case.partition(":")[0] for case in (*COMPUTING, *MOVES, *WINDOWS)} == set(OPERATIONS)


def test_an_operation_that_is_not_in_the_table_is_named() -> None:
    model = model_of(lambda o, x: o.tan(x), ORDERS["as it is"])
    with pytest.raises(RuntimeError, match=r"operation Tan \(Tan_\d+\) isn't translated to ONNX"):
        onnx_model_of(model, {})


@pytest.mark.parametrize("reverse", [False, True])
def test_no_class_is_hot_for_a_number_below_zero(reverse: bool) -> None:
    model = model_of(COMPUTING["OneHot"], ORDERS["as it is"])
    pixels = {"pixels": np.full((2, 4, 6, 5), -1.0 if reverse else 1.0, np.float32)}
    hot = by_onnx(onnx_model_of(model, {}), pixels)
    assert (hot == 2).sum() == (0 if reverse else 2 * 4 * 6 * 5)
