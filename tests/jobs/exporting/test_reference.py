"""What an export is compared with is what the model says of the same files, in f32 and in its own precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.data.records import Dataset, PictureRecord
from headstart.errors import UserError
from headstart.jobs import precision
from headstart.jobs.classifier import load
from headstart.jobs.exporting.reference import reference_of
from headstart.progress import Event, silent
from models import Trained, sentences


@pytest.fixture
def tested(trained: Trained) -> Dataset:
    """The test pictures where they are."""
    records = tuple(PictureRecord(row.path, row.label, f"{i:064}") for i, row in enumerate(trained.tested))
    return Dataset(trained.data, trained.bundle.classes, records)


def test_it_is_what_predict_says(trained: Trained, tested: Dataset) -> None:
    found = reference_of(trained.bundle, with_contents(tested), silent)
    said = load(trained.model).predict([trained.data / record.path for record in found.records])
    assert found.f32.max(axis=1) == pytest.approx([each.probability for each in said], abs=1e-6)
    assert [found.dataset.classes[i] for i in found.f32.argmax(axis=1)] == [each.label for each in said]


def test_it_is_what_was_said_when_the_model_was_tested(trained: Trained, tested: Dataset) -> None:
    found = reference_of(trained.bundle, with_contents(tested), silent)
    said = {row.path: row.probability for row in trained.tested}
    assert found.f32.max(axis=1) == pytest.approx([said[record.path] for record in found.records], abs=1e-6)
    assert [found.dataset.classes[i] for i in found.labels] == [record.label for record in found.records]
    assert found.features.shape == (len(tested.records), trained.bundle.head.dimension)
    assert found.own is None


def test_a_model_in_less_than_f32_is_run_in_f32_and_in_its_own_precision(
    trained: Trained, tested: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "reduced_precisions", lambda kind: ("bf16",))  # whatever this processor can do
    plain = reference_of(trained.bundle, with_contents(tested), silent)
    found = reference_of(replace(trained.bundle, precision="bf16"), with_contents(tested), silent)
    assert np.array_equal(found.f32, plain.f32)
    assert found.own is not None
    assert found.own == pytest.approx(plain.f32, abs=0.2)


def test_a_precision_that_can_not_be_had_is_told_and_not_compared(
    trained: Trained, tested: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "reduced_precisions", lambda kind: ())
    events: list[Event] = []
    found = reference_of(replace(trained.bundle, precision="bf16"), with_contents(tested), events.append)
    assert found.own is None
    assert any("can't be had here" in sentence for sentence in sentences(events))


def test_a_picture_that_can_not_be_read_any_more_is_left_out(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes((trained.data / "ant" / "00.png").read_bytes())
    (tmp_path / "bad").write_bytes(b"no picture")
    records = tuple(PictureRecord(name, "ant", "") for name in ("bad", "good"))
    found = reference_of(trained.bundle, with_contents(Dataset(tmp_path, trained.bundle.classes, records)), silent)
    assert [record.path for record in found.records] == ["good"]
    assert len(found.f32) == 1


def test_where_none_can_be_read_nothing_can_be_compared(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"no picture")
    dataset = Dataset(tmp_path, trained.bundle.classes, (PictureRecord("bad", "ant", ""),))
    with pytest.raises(UserError, match="none of the model's test pictures can be read here"):
        reference_of(trained.bundle, with_contents(dataset), silent)


def with_contents(dataset: Dataset) -> Dataset:
    """Return the pictures with the SHA-256 of what is in their files."""
    from headstart.folders import file_digest

    records = (replace(record, sha256=file_digest(dataset.folder / record.path)) for record in dataset.records)
    return replace(dataset, records=tuple(records))
