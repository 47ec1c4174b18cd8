"""A model folder is read back as it was written, or refused with a sentence."""

from __future__ import annotations

import dataclasses
import errno
import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.split import Split, read_split
from headstart.errors import UserError
from headstart.features.recipe import Recipe
from headstart.jobs.classifier import load
from headstart.learn.heads import DenseHead
from headstart.networks.backbones import BACKBONES
from headstart.progress import Event
from headstart.ship import bundle as bundle_module
from headstart.ship.bundle import (
    PREDICTIONS,
    Bundle,
    HeldOutPrediction,
    read_bundle,
    read_predictions,
    write_bundle,
    write_model,
    write_predictions,
)
from models import Trained, contents, copied, names, put_tensors, put_weights, sentences, sign

SPLIT = Split({"a" * 64: "train", "b" * 64: "test"}, 3, "by hand", "c" * 64, test_opened=2)
FEATURES = Recipe("avg_pool", "squash", (224,)).document() | {"dimension": 1280}
SAID = HeldOutPrediction("ant/größe, 1.png", "ant", "frozen+mlp@vgg16", "bee 🐝", 0.1 + 0.2)


def floats(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def small_bundle() -> Bundle:
    return Bundle(
        classes=("ant", "bee 🐝", "10", "9"),
        backbone=BACKBONES["vgg16"],
        recipe=Recipe("fc2", "crop", (224,)),
        precision="f32",
        calibration="",
        backbone_arrays={"block1_conv1/kernel": floats(3, 3, 3, 4), "block1_conv1/bias": floats(4)},
        head=DenseHead(((floats(4096, 5), floats(5)), (floats(5, 4), floats(4)))),
        facts={"approach": "frozen+mlp", "test": {"accuracy": {"value": 0.5, "low": 0.1, "high": 0.9}}},
    )


def written(out: Path) -> Path:
    write_bundle(out, small_bundle(), {"format": 1, "approaches": []}, SPLIT, [SAID], card="# A model\n")
    return out


def assert_same_arrays(a: dict[str, NDArray[Any]], b: dict[str, NDArray[Any]]) -> None:
    np.testing.assert_equal(a, b)
    assert {name: array.dtype for name, array in a.items()} == {name: array.dtype for name, array in b.items()}


def test_a_model_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    before, after = small_bundle(), read_bundle(written(tmp_path / "model"))

    assert dataclasses.replace(after, backbone_arrays={}, head=before.head, facts={}) == dataclasses.replace(
        before, backbone_arrays={}, facts={}
    )
    assert_same_arrays(after.backbone_arrays, before.backbone_arrays)
    assert_same_arrays(after.head.tensors(), before.head.tensors())
    assert after.facts | before.facts == after.facts


def test_the_split_and_the_test_predictions_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    model = written(tmp_path / "model")

    assert read_split(model / "run" / "split.json") == SPLIT
    assert read_predictions(model / PREDICTIONS) == [SAID]


@pytest.mark.parametrize(
    "name", ["a,b", '"quoted"', "=cmd|x", "two\nlines", "carriage\rreturn", "中文", "bytes \udcff", "<img>", " ", ""]
)
def test_predictions_are_read_back_whatever_things_are_called(tmp_path: Path, name: str) -> None:
    rows = [HeldOutPrediction(f"{name}/1.png", name, f"{way}@{name}", name, 0.1) for way in ("scratch", "fine-tune")]
    write_predictions(iter(rows), tmp_path / "predictions.csv")
    assert read_predictions(tmp_path / "predictions.csv") == rows


def test_without_predictions_there_is_a_head_line(tmp_path: Path) -> None:
    write_predictions([], tmp_path / "predictions.csv")
    assert (tmp_path / "predictions.csv").read_bytes() == b"path,label,approach,predicted,probability\r\n"
    assert read_predictions(tmp_path / "predictions.csv") == []


def test_a_model_can_be_written_without_a_run_and_takes_the_place_of_one(tmp_path: Path) -> None:
    model = written(tmp_path / "model")
    whole = read_bundle(model)
    write_model(model, small_bundle())
    assert list(contents(model)) == ["manifest.json", "weights.safetensors"]
    alone = read_bundle(model)
    assert_same_arrays(alone.head.tensors(), whole.head.tensors())
    assert alone.facts == whole.facts
    assert names(tmp_path) == ["model"]


def test_the_card_is_what_was_given(tmp_path: Path) -> None:
    assert (written(tmp_path / "model") / "README.md").read_text(encoding="utf-8") == "# A model\n"


def test_a_model_folder_is_documents_and_arrays_and_nothing_that_could_run(tmp_path: Path) -> None:
    model = written(tmp_path / "model")

    assert list(contents(model)) == [
        "README.md",
        "manifest.json",
        "run/predictions.csv",
        "run/results.json",
        "run/split.json",
        "weights.safetensors",
    ]
    # A safetensors file begins with the length of its JSON header, eight bytes.
    assert (model / "weights.safetensors").read_bytes()[8:10] == b'{"'


@pytest.mark.parametrize("at", [0, 9, 5000, 10_000_000, -1])
def test_weights_with_one_other_byte_are_refused(trained: Trained, tmp_path: Path, at: int) -> None:
    model = copied(trained, tmp_path / "model")
    data = bytearray((model / "weights.safetensors").read_bytes())
    data[at] ^= 1
    (model / "weights.safetensors").write_bytes(data)

    with pytest.raises(UserError, match=r"weights\.safetensors isn't the file that the manifest lists"):
        read_bundle(model)


@pytest.mark.parametrize("size", [0, 100, 1_000_000])
def test_half_copied_weights_are_refused(trained: Trained, tmp_path: Path, size: int) -> None:
    model = copied(trained, tmp_path / "model")
    (model / "weights.safetensors").write_bytes((model / "weights.safetensors").read_bytes()[:size])

    with pytest.raises(UserError, match="altered or half copied"):
        read_bundle(model)


@pytest.mark.parametrize(
    ("old", "new"), [('"ant"', '"bat"'), ('"dimension": 1280', '"dimension": 1279'), ("squash", "crop")]
)
def test_an_altered_manifest_is_refused(trained: Trained, tmp_path: Path, old: str, new: str) -> None:
    model = copied(trained, tmp_path / "model")
    text = (model / "manifest.json").read_text(encoding="utf-8")
    (model / "manifest.json").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(UserError, match=r"manifest\.json was altered after it was written"):
        read_bundle(model)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere doesn't exist; name a model folder that `headstart train` wrote"):
        read_bundle(tmp_path / "nowhere")


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a model folder \(no manifest\.json\)"):
        read_bundle(tmp_path)


def test_a_model_without_weights_is_refused(trained: Trained, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    (model / "weights.safetensors").unlink()

    with pytest.raises(UserError, match=r"weights\.safetensors is missing; train again or fetch the model again"):
        read_bundle(model)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_model_of_another_format_is_refused_with_what_to_do(
    trained: Trained, tmp_path: Path, version: object
) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, format=version)

    with pytest.raises(UserError, match=r"has format .* reads format 1\. Use the headstart that wrote it, or train"):
        read_bundle(model)


def test_a_model_of_a_backbone_that_is_not_known_is_refused(trained: Trained, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, backbone="vgg99")

    with pytest.raises(UserError, match="doesn't know its backbone 'vgg99'"):
        read_bundle(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"backbone": ["vgg16"]},
        {"features": None},
        {"features": FEATURES | {"layer": "fc1"}},
        {"features": FEATURES | {"layer": None}},
        {"features": FEATURES | {"layer": "head_relu:none"}},
        {"features": FEATURES | {"dimension": 1279}},
        {"features": FEATURES | {"dimension": "many"}},
        {"features": FEATURES | {"sizes": []}},
        {"features": FEATURES | {"sizes": ["wide"]}},
        {"features": FEATURES | {"sizes": [100_000]}},
        {"features": FEATURES | {"sizes": [10**9]}},
        {"features": FEATURES | {"sizes": [224, 224]}},
        {"features": FEATURES | {"sizes": [224.5]}},
        {"features": FEATURES | {"sizes": [-224]}},
        {"features": FEATURES | {"sizes": 224}},
        {"features": FEATURES | {"sizes": "224"}},
        {"features": FEATURES | {"flip": 1}},
        {"features": FEATURES | {"sizes": [224.0]}},
        {"features": FEATURES | {"dimension": "1280"}},
        {"features": FEATURES | {"flip": "no"}},
        {"features": FEATURES | {"l2": None}},
        {"features": FEATURES | {"colour": "red"}},
        {"features": FEATURES | {"layer": "avg_pool+avg_pool"}},
        {"features": FEATURES | {"layer": "head_relu:avg+avg_pool"}},
        {"features": FEATURES | {"fit": "stretch"}},
        {"features": FEATURES | {"combine": "multiply"}},
        {"calibration": None},
        {"calibration": 7},
        {"precision": "f8"},
        {"precision": None},
        {"classes": None},
        {"classes": ["ant", "bee"]},
        {"classes": ["ant", "bee", "ant"]},
        {"classes": ["ant", "bee", ""]},
        {"classes": ["ant", "bee", 3]},
        {"classes": ["ant", "bee", "cow", "dog"]},
        {"files": {}},
        {"files": None},
    ],
    ids=str,
)
def test_a_manifest_whose_parts_do_not_fit_together_is_refused(
    trained: Trained, tmp_path: Path, changes: dict[str, Any]
) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, **changes)

    with pytest.raises(UserError, match=r"is refused: .*train again"):
        read_bundle(model)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[1, 2]", b"null", b"7", b'"manifest"', b"\xff\xfe\x00", b"[" * 100_000, b"9" * 10_000],
    ids=lambda data: repr(data[:12]),
)
def test_a_manifest_that_is_no_json_object_is_refused(trained: Trained, tmp_path: Path, data: bytes) -> None:
    model = copied(trained, tmp_path / "model")
    (model / "manifest.json").write_bytes(data)

    with pytest.raises(UserError, match=r"manifest\.json (can't be read as JSON|isn't a manifest)"):
        read_bundle(model)


def test_a_huge_manifest_is_refused_before_it_is_read(trained: Trained, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    with (model / "manifest.json").open("r+b") as stream:
        stream.truncate(10**12)  # a sparse file: reading it would fill any memory

    with pytest.raises(UserError, match=r"manifest\.json is larger than any manifest"):
        read_bundle(model)


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"head/0/kernel": floats(1280, 2)}, "doesn't fit together at layer 0"),
        ({"head/0/kernel": floats(1279, 3)}, "doesn't fit together at layer 0"),
        ({"head/0/kernel": floats(1280, 2), "head/0/bias": floats(2)}, "doesn't end in 3 classes"),
        ({"head/1/kernel": floats(3, 3)}, "doesn't end in 3 classes"),
        ({"head/1/kernel": floats(4, 3), "head/1/bias": floats(3)}, "doesn't fit together at layer 1"),
        ({"head/0/bias": np.array([0, np.nan, 0], np.float32)}, "holds values that aren't numbers at layer 0"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(
    trained: Trained, tmp_path: Path, tensors: dict[str, NDArray[np.float32]], reason: str
) -> None:
    model = copied(trained, tmp_path / "model")
    put_tensors(model, tensors)

    with pytest.raises(UserError, match=f"is refused: its head {reason}"):
        read_bundle(model)


@pytest.mark.parametrize("data", [b"", b"PK", b"\xff" * 100, pickle.dumps({"head/0/bias": [1.0]})], ids=repr)
def test_weights_that_are_no_safetensors_file_are_refused_though_they_are_signed(
    trained: Trained, tmp_path: Path, data: bytes
) -> None:
    model = copied(trained, tmp_path / "model")
    put_weights(model, data)

    with pytest.raises(UserError, match=r"weights\.safetensors can't be read"):
        read_bundle(model)


class Evil:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def test_files_that_the_manifest_does_not_list_are_ignored(trained: Trained, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    for name in ("evil.pkl", "head.pkl", "run/evil.pkl", "config.json"):
        (model / name).write_bytes(pickle.dumps(Evil(tmp_path / "mark")))

    assert_same_arrays(read_bundle(model).head.tensors(), trained.bundle.head.tensors())
    assert not (tmp_path / "mark").exists()


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_when_writing_fails_the_old_model_stays_whole_and_nothing_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = written(tmp_path / "model")
    before = contents(model)
    monkeypatch.setattr(bundle_module, "write_predictions", full_disk)

    with pytest.raises(OSError, match="No space left"):
        written(model)

    assert contents(model) == before
    assert names(tmp_path) == ["model"]


def test_a_model_takes_the_place_of_an_older_one_as_a_whole(trained: Trained, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    written(model)

    assert read_bundle(model).classes == small_bundle().classes
    assert names(tmp_path) == ["model"]


def test_documents_hold_no_number_that_json_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_bundle(tmp_path / "model", small_bundle(), {"accuracy": float("nan")}, SPLIT, [], card="")

    assert names(tmp_path) == []


def test_the_manifest_says_what_the_model_is(trained: Trained) -> None:
    manifest = json.loads((trained.model / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["classes"] == ["ant", "bee", "cow"]
    assert manifest["backbone"] == "efficientnet_lite0"
    assert manifest["preprocessing"] == {"channels": "RGB", "mean": [127] * 3, "std": [128] * 3}
    assert manifest["features"] == FEATURES
    assert (manifest["precision"], manifest["calibration"]) == ("f32", "")
    assert manifest["test"]["accuracy"] == trained.entry["test"]["accuracy"]


@pytest.mark.parametrize("sizes", [[224] * 10**6, list(range(75, 10**6)), list(range(75, 84))])
def test_more_sizes_than_there_may_be_are_refused_quickly(trained: Trained, tmp_path: Path, sizes: list[int]) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, features=FEATURES | {"sizes": sizes})
    since = time.process_time()
    with pytest.raises(UserError, match=r"is refused: .*train again|holds too many values"):
        read_bundle(model)
    assert time.process_time() - since < 10


@pytest.mark.parametrize("calibration", ["../../etc", "x" * 1000])
def test_a_calibration_is_a_text_and_no_place(trained: Trained, tmp_path: Path, calibration: object) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, precision="int8", calibration=calibration)
    said: list[Event] = []
    [network] = load(model, said.append).networks
    assert network.precision == "f32"
    assert [text for text in sentences(said) if "trained on features in int8, which can't be had here" in text]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("fc1+fc2", "pad", (224,), flip=True, l2=True),
        Recipe("block4_pool:max+avg_pool", "crop", (160, 224), flip=True, combine="average"),
    ],
)
def test_a_recipe_is_read_back_as_it_was_written(tmp_path: Path, recipe: Recipe) -> None:
    bundle = dataclasses.replace(small_bundle(), recipe=recipe, precision="int8", calibration="c" * 64)
    write_bundle(tmp_path / "model", bundle, {"format": 1, "approaches": []}, SPLIT, [SAID], card="# A model\n")
    found = read_bundle(tmp_path / "model")
    assert (found.recipe, found.precision, found.calibration) == (recipe, "int8", "c" * 64)
