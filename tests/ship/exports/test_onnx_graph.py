"""What is stored once, what is transposed and what isn't, and what a value remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import checker

from headstart.ship.exports.onnx_file import onnx_model_of
from headstart.ship.exports.onnx_graph import OnnxGraph, Value, constant
from ship.exports.onnx_cases import MOVES, ORDERS, kinds, model_of

WHOLE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.fixture
def graph() -> OnnxGraph:
    return OnnxGraph()


def test_the_same_content_is_stored_once(graph: OnnxGraph) -> None:
    assert graph.constant(WHOLE) == graph.constant(WHOLE.copy())
    assert len(graph.constants) == 1


@pytest.mark.parametrize("other", [WHOLE.reshape(3, 2, 4), WHOLE.view(np.int32), WHOLE + 1])
def test_what_differs_in_shape_type_or_content_is_stored_apart(graph: OnnxGraph, other: NDArray[Any]) -> None:
    assert graph.constant(WHOLE) != graph.constant(other)


def test_a_number_stays_a_number(graph: OnnxGraph) -> None:
    assert graph.constants[graph.number(3)].shape == ()


def test_a_transposition_is_written_where_it_is_needed_and_once(graph: OnnxGraph) -> None:
    value = Value((2, 3, 4), "x", (0, 1, 2)).transposed((2, 0, 1))
    assert value.shape == (4, 2, 3)
    assert graph.nodes == []
    assert graph.name(value) == graph.name(value)
    assert [list(node.attribute[0].ints) for node in graph.nodes] == [[2, 0, 1]]


def test_transpositions_that_cancel_each_other_are_not_written(graph: OnnxGraph) -> None:
    value = Value((2, 3, 4), "x", (0, 1, 2)).transposed((2, 0, 1)).transposed((1, 2, 0))
    assert graph.name(value) == "x"
    assert graph.nodes == []


def test_constants_are_transposed_on_the_spot() -> None:
    turned = constant(WHOLE).transposed((2, 0, 1))
    assert turned.array is not None
    np.testing.assert_array_equal(turned.array, WHOLE.transpose(2, 0, 1))


def test_what_stands_between_transpositions_is_done_in_the_order_that_there_is() -> None:
    assert kinds(onnx_model_of(model_of(MOVES["Transpose: of a sum, and back"], ORDERS["as it is"]), {})) == [
        "Relu",
        "Identity",
    ]


def test_the_model_holds_no_constant_that_nothing_reads(graph: OnnxGraph) -> None:
    given = graph.add_input("x", np.dtype(np.float32), [4])
    read, unread = graph.constant(WHOLE[0, 0]), graph.constant(WHOLE[1, 0])
    graph.add_output("y", Value((4,), graph.node("Add", [given.name, read]), (0,)), np.dtype(np.float32))
    model = graph.model(18, 8, {"classes": '["a\\n"]'}, producer_name="headstart")
    checker.check_model(model, full_check=True)
    assert [tensor.name for tensor in model.graph.initializer] == [read] != [unread]
    assert [(entry.key, entry.value) for entry in model.metadata_props] == [("classes", '["a\\n"]')]


def test_names_begin_with_the_prefix(graph: OnnxGraph) -> None:
    graph.prefix = "head/"
    assert graph.node("Relu", ["x"]) == graph.nodes[0].name == "head/Relu_0"
