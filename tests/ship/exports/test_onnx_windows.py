"""Convolutions and poolings give in ONNX Runtime what they give in OpenVINO, at the edges too."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.ship.exports.onnx_file import onnx_model_of
from ship.exports.onnx_cases import ORDERS, WINDOWS, by_onnx, by_openvino, model_of, pixels_for


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", WINDOWS)
def test_a_window_sees_what_it_sees_in_openvino(case: str, order: str) -> None:
    model = model_of(WINDOWS[case], ORDERS[order])
    assert case.partition(":")[0] in {operation.get_type_name() for operation in model.get_ops()}
    pixels = pixels_for(model)
    expected = by_openvino(model, pixels)
    found = by_onnx(onnx_model_of(model, {}), pixels)
    assert found.dtype == expected.dtype
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)
