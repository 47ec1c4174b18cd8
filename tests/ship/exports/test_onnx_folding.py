"""Convolutions take in what stands behind them, where nothing else reads what was before."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.ship.exports.onnx_file import onnx_model_of
from ship.exports.onnx_cases import COMPUTING, ORDERS, Case, by_onnx, by_openvino, ints, kinds, model_of, pixels_for

CONVOLUTION = COMPUTING["BatchNormInference: behind a convolution"]
BIAS = np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1)

FOLDED: dict[str, Case] = {
    "normalisation": CONVOLUTION,
    "a bias": lambda o, x: o.add(CONVOLUTION(o, x), BIAS),
    "a bias, and a normalisation": lambda o, x: COMPUTING["BatchNormInference"](o, o.add(CONVOLUTION(o, x), BIAS)),
    "a bias of channels that lie last": lambda o, x: o.transpose(
        o.add(o.transpose(CONVOLUTION(o, x), ints(0, 2, 3, 1)), BIAS.reshape(4)), ints(0, 3, 1, 2)
    ),
}

KEPT: dict[str, Case] = {
    "what was before is read too": lambda o, x: o.concat(
        [before := CONVOLUTION(o, x).input_value(0), COMPUTING["BatchNormInference"](o, before)], 1
    ),
    "each pixel is shifted in its own way": lambda o, x: o.add(CONVOLUTION(o, x), np.ones((1, 4, 4, 3), np.float32)),
    "two maps are added": lambda o, x: o.add(CONVOLUTION(o, x), CONVOLUTION(o, o.relu(x))),
    "there is no convolution": COMPUTING["BatchNormInference"],
}


@pytest.mark.parametrize("case", FOLDED)
def test_a_convolution_takes_in(case: str) -> None:
    model = model_of(FOLDED[case], ORDERS["as it is"])
    made, pixels = onnx_model_of(model, {}), pixels_for(model)
    assert kinds(made) == ["Conv", "Identity"]
    np.testing.assert_allclose(by_onnx(made, pixels), by_openvino(model, pixels), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("case", KEPT)
def test_nothing_is_taken_in_where(case: str) -> None:
    model = model_of(KEPT[case], ORDERS["as it is"])
    made, pixels = onnx_model_of(model, {}), pixels_for(model)
    assert {"Add", "BatchNormalization"} & set(kinds(made))
    np.testing.assert_allclose(by_onnx(made, pixels), by_openvino(model, pixels), rtol=1e-5, atol=2e-5)
