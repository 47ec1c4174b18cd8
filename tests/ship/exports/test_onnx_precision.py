"""A network in less room says nearly the same, and its head is left alone."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from headstart.ship.exports.onnx_file import onnx_model_of
from headstart.ship.exports.onnx_precision import quantised
from headstart.ship.exports.openvino_ir import HEAD_PREFIX
from models import names, watched
from ship.exports.onnx_cases import ORDERS, each_by_onnx, ints, kinds, model_of

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(0, 0.3, (16, 4, 3, 3)).astype(np.float32)
BIAS = RANDOM.normal(0, 1, (1, 16, 1, 1)).astype(np.float32)
MATRIX = RANDOM.normal(0, 0.3, (16, 3)).astype(np.float32)
PIXELS: Any = RANDOM.normal(0, 2, (40, 4, 6, 5)).astype(np.float32)


def _classifier(o: Any, x: Any) -> Any:
    """Return a convolution with a bias, cut at 6, and the head: a matrix and thresholds."""
    cut = o.clamp(o.add(o.convolution(x, KERNEL, [1, 1], [0, 0], [0, 0], [1, 1]), BIAS), 0.0, 6.0)
    features = o.reduce_mean(cut, ints(2, 3), keep_dims=False)
    scores = o.matmul(features, MATRIX, False, False, name=f"{HEAD_PREFIX}scores")
    return o.maximum(scores, np.array([-1, -2, -3], np.float32), name=f"{HEAD_PREFIX}thresholds")


@pytest.fixture
def network() -> ov.Model:
    return model_of(_classifier, ORDERS["as it is"], (1, 4, 6, 5))


def answers(model: onnx.ModelProto) -> NDArray[Any]:
    return each_by_onnx(model, {"pixels": PIXELS})


def stored(model: onnx.ModelProto) -> dict[tuple[int, ...], str]:
    """Return the type of each constant of floats, by its shape."""
    arrays = [numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    return {array.shape: str(array.dtype) for array in arrays if array.dtype.kind == "f" and array.size > 1}


def test_kernels_and_matrices_are_stored_in_half_of_the_room_and_all_else_in_float32(network: ov.Model) -> None:
    assert stored(onnx_model_of(network, {}, "f16")) == {
        (16, 4, 3, 3): "float16",
        (16, 3): "float16",
        (16,): "float32",
        (1, 3): "float32",
    }


def test_what_is_stored_in_half_of_the_room_is_computed_with_in_float32(network: ov.Model) -> None:
    whole, half = answers(onnx_model_of(network, {})), answers(onnx_model_of(network, {}, "f16"))
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, whole, atol=3e-3)
    assert (half != whole).any()


def test_what_float16_cannot_hold_stays_in_float32() -> None:
    model = model_of(lambda o, x: o.matmul(x, np.full((5, 7), 1e5, np.float32), False, False), ORDERS["as it is"])
    assert stored(onnx_model_of(model, {}, "f16")) == {(5, 7): "float32"}


@pytest.fixture
def integers(network: ov.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> onnx.ModelProto:
    """The network in 8-bit integers; what was written for that is gone, and what it was made of is as it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    whole = onnx_model_of(network, {"classes": "[]"})
    before = whole.SerializeToString(deterministic=True)
    model = quantised(whole, {"pixels": PIXELS}, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert whole.SerializeToString(deterministic=True) == before
    return model


def test_a_network_in_integers_says_nearly_the_same(network: ov.Model, integers: onnx.ModelProto) -> None:
    whole, rounded = answers(onnx_model_of(network, {})), answers(integers)
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - whole).max() < 0.05 * (whole.max() - whole.min())


def test_a_network_in_integers_says_of_itself_what_it_said_before(integers: onnx.ModelProto) -> None:
    assert [(entry.key, entry.value) for entry in integers.metadata_props] == [("classes", "[]")]
    assert integers.producer_name == "headstart"


def test_the_head_of_a_network_in_integers_computes_in_float32(integers: onnx.ModelProto) -> None:
    made_by = {name: node for node in integers.graph.node for name in node.output}
    (product,) = (node for node in integers.graph.node if node.op_type == "MatMul")
    assert made_by[product.input[0]].op_type == "ReduceMean"
    assert product.input[1] not in made_by
    assert kinds(integers).count("DequantizeLinear") > 0


def test_weights_have_seven_bits_so_that_no_processor_cuts_their_sums(integers: onnx.ModelProto) -> None:
    arrays = [numpy_helper.to_array(tensor) for tensor in integers.graph.initializer]
    (kernel,) = (array for array in arrays if array.shape == KERNEL.shape)
    assert kernel.dtype == np.int8
    assert np.abs(kernel.astype(int)).reshape(16, -1).max(axis=1).tolist() == [64] * 16  # each channel by itself


def test_eight_bits_hold_what_is_left_of_a_range_that_is_cut(integers: onnx.ModelProto) -> None:
    scales = [numpy_helper.to_array(tensor) for tensor in integers.graph.initializer if "scale" in tensor.name]
    assert min(float(scale) for scale in scales if scale.ndim == 0) == pytest.approx(6 / 255, rel=0.01)


_ROUNDED = """
import sys
from pathlib import Path
import numpy as np, onnx
from headstart.ship.exports.onnx_precision import quantised
quantised(onnx.load_model(sys.argv[1]), {"pixels": np.ones((2, 4, 6, 5), np.float32)}, Path(sys.argv[2]))
"""


def test_nothing_is_kept_in_the_users_home_and_nobody_is_told(network: ov.Model, tmp_path: Path) -> None:
    onnx.save_model(onnx_model_of(network, {}), tmp_path / "model.onnx")
    (tmp_path / "given").mkdir()
    command = [sys.executable, "-c", _ROUNDED, str(tmp_path / "model.onnx"), str(tmp_path / "given")]
    done = watched(command, tmp_path / "home", HOME=str(tmp_path / "home"), TMPDIR=str(tmp_path / "given"))
    assert (done.returncode, done.connections) == (0, [])
    assert names(tmp_path / "home") == names(tmp_path / "given") == []
