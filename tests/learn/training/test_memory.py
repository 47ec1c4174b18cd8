"""Errors that mean that memory ran out, whichever library raises them."""

from __future__ import annotations

import pytest

from headstart.learn.training.memory import ran_out_of_memory


def named(name: str) -> Exception:
    error: Exception = type(name, (RuntimeError,), {})("allocating failed")
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        named("ResourceExhaustedError"),
        named("OutOfMemoryError"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes"),
    ],
    ids=["python", "tensorflow_mock", "torch_mock", "jax_mock"],
)
def test_it_is_known_by_the_name_that_each_backend_gives_it(error: Exception) -> None:
    assert ran_out_of_memory(error)


def test_numpy_says_it_with_a_kind_of_its_own() -> None:
    from numpy._core._exceptions import _ArrayMemoryError

    assert ran_out_of_memory(_ArrayMemoryError((3,), "float32"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error", [ValueError("no memory of this"), RuntimeError("INVALID_ARGUMENT"), OSError(28, "full")]
)
def test_other_errors_are_others(error: Exception) -> None:
    assert not ran_out_of_memory(error)
