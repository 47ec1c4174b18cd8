"""What is written beside an export, what is said of it, and when it is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.records import Dataset, PictureRecord
from headstart.errors import HeadstartError, UserError
from headstart.jobs.exporting.judged import judged
from headstart.jobs.exporting.reference import Reference
from headstart.learn.heads import KINDS, DenseHead, Head
from headstart.progress import Event
from headstart.ship.bundle import Bundle
from headstart.ship.exports.folder import Export
from models import Trained, sentences

Array = NDArray[np.float32]

SURE = np.array([0.9, 0.1], np.float32)
FEATURES = np.zeros((100, 2), np.float32)


def steady() -> DenseHead:
    """Return a head of two features and two classes that says `SURE` of zeros."""
    return DenseHead(((np.eye(2, dtype=np.float32), np.log(SURE)),))


def one_step() -> Head:
    """Return a tree that says one class up to a first feature of 0 and the other one beyond."""
    integers = {"roots": [0], "feature": [0, -1, -1], "left": [1, 0, 1], "right": [2, 0, 0], "starts": [0, 1, 2]}
    floats = {"threshold": [0, 0, 0], "shares": [1, 1], "prior": [0.5, 0.5], "temperature": [1]}
    tensors = {name: np.array(values, np.int32) for name, values in (integers | {"classes": [0, 1]}).items()}
    return KINDS["trees"](tensors | {name: np.array(v, np.float32) for name, v in floats.items()}, 2, 2)


@dataclass
class Case:
    """A model of which everything but the head is real, and an export of it that needs no files."""

    bundle: Bundle
    export: Export
    said: list[Event]

    def judged(self, reference: Reference, export: Array) -> dict[str, Any]:
        """Return what is found."""
        return judged(self.bundle, self.export, reference, export, self.said.append)

    def reference(self, features: Array = FEATURES, own: Array | None = None) -> Reference:
        """Return what the model says of as many pictures as there are rows of features, all of the first class."""
        records = tuple(PictureRecord(f"ant/{i}", "ant", f"{i:064}") for i in range(len(features)))
        dataset = Dataset(Path("pictures"), ("ant", "bee"), records)
        return Reference(dataset, features, self.bundle.head.predict_proba(features), own)


@pytest.fixture
def case(trained: Trained) -> Case:
    bundle = replace(trained.bundle, head=steady())
    return Case(bundle, Export(Path("out"), "onnx", "f32", ("ant", "bee"), (), {}), [])


def rows(right: int, wrong: int) -> Array:
    """Return what an export says that is right on so many pictures, and wrong on others."""
    return np.array([SURE] * right + [SURE[::-1]] * wrong, np.float32)


def test_an_export_that_agrees_is_described(case: Case) -> None:
    found = case.judged(case.reference(), rows(100, 0))
    assert (found["format"], found["precision"], found["pictures"], found["same_class"]) == (1, "f32", 100, 100)
    assert found["accuracy"]["model"] == found["accuracy"]["export"]
    assert found["accuracy"]["model"]["value"] == 1.0
    assert "onnxruntime" in found["runtime"]
    assert "own_precision" not in found
    assert sentences(case.said) == ()


def test_an_export_that_disagrees_is_none_and_the_pictures_are_named(case: Case) -> None:
    with pytest.raises(HeadstartError) as refused:
        case.judged(case.reference(), rows(96, 4))
    assert str(refused.value) == (
        "The export to onnx doesn't say what the model says: on 4 of 100 test pictures (ant/96, ant/97, ant/98, …) it "
        "differs by up to 0.8, where 0.0001 is allowed; nothing was written. Export to another format, and please "
        "report this: it is a mistake in headstart or in the runtime."
    )


def test_how_it_differs_from_the_models_own_precision_is_told_and_not_judged(case: Case) -> None:
    case.bundle = replace(case.bundle, precision="bf16")
    found = case.judged(case.reference(own=rows(99, 1)), rows(100, 0))
    assert found["own_precision"]["precision"] == "bf16"
    assert found["own_precision"]["same_class"] == 99
    assert found["own_precision"]["largest_difference"] == pytest.approx(0.8)


@pytest.mark.parametrize(("near", "warned"), [(10, False), (11, True)])
def test_many_answers_on_an_edge_are_a_warning(case: Case, near: int, warned: bool) -> None:
    case.bundle = replace(case.bundle, head=one_step())
    features = np.ones((100, 2), np.float32)
    features[:near, 0] = 1e-6
    reference = case.reference(features)
    found = case.judged(reference, reference.f32)
    assert found["edges"] == near
    assert [sentence.startswith("Warning: on 11 of 100") for sentence in sentences(case.said)] == [True] * warned


def test_on_an_edge_an_export_may_fall_on_the_other_side(case: Case) -> None:
    case.bundle = replace(case.bundle, head=one_step())
    features = np.ones((100, 2), np.float32)
    features[0, 0] = 1e-6
    reference = case.reference(features)
    other_side = reference.f32.copy()
    other_side[0] = other_side[0, ::-1]
    assert case.judged(reference, other_side)["same_class"] == 99
    other_side[1] = other_side[1, ::-1]
    with pytest.raises(HeadstartError, match=r"on 1 of 100 test pictures \(ant/1\)"):
        case.judged(reference, other_side)


@pytest.mark.parametrize("precision", ["f16", "int8"])
def test_in_less_than_f32_accuracy_counts_alone(case: Case, precision: str) -> None:
    case.export = replace(case.export, precision=precision)
    found = case.judged(case.reference(), rows(95, 5))
    assert (found["precision"], found["same_class"]) == (precision, 95)
    assert found["accuracy"]["p_value"] == pytest.approx(2 * 0.5**5)
    assert "edges" not in found


def test_a_precision_that_costs_accuracy_is_refused(case: Case) -> None:
    case.export = replace(case.export, precision="int8")
    with pytest.raises(UserError) as refused:
        case.judged(case.reference(), rows(94, 6))
    assert str(refused.value) == (
        "--precision int8: accuracy on the test pictures falls from 1.000 to 0.940, by more than chance (p = 0.031); "
        "nothing was written. Use --precision f32."
    )


def test_few_pictures_can_not_tell_whether_accuracy_was_lost(case: Case) -> None:
    case.export = replace(case.export, precision="f16")
    case.judged(case.reference(FEATURES[:29]), rows(29, 0))
    assert sentences(case.said) == ("Warning: 29 test pictures are too few to tell whether f16 costs accuracy.",)
