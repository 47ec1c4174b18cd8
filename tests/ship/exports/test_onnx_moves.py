"""Operations that only move numbers give in ONNX Runtime what they give in OpenVINO."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.ship.exports.onnx_file import onnx_model_of
from ship.exports.onnx_cases import MOVES, ORDERS, by_onnx, by_openvino, model_of, pixels_for


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", MOVES)
def test_numbers_go_where_openvino_brings_them(case: str, order: str) -> None:
    model = model_of(MOVES[case], ORDERS[order])
    assert case.partition(":")[0] in {operation.get_type_name() for operation in model.get_ops()}
    pixels = pixels_for(model)
    expected = by_openvino(model, pixels)
    found = by_onnx(onnx_model_of(model, {}), pixels)
    assert found.dtype == expected.dtype
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)
