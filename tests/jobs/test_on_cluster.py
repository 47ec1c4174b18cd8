"""``features --on ray``: what a cluster computed is in the store and in the file as if it had been computed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.cluster.extraction import extracted_on
from headstart.errors import UserError
from headstart.jobs.features import run_features
from headstart.progress import Event, silent
from headstart.settings import FeaturesSettings
from models import inspected_in, sentences
from pictures import write_classes
from ray_nodes import ray_nodes


@pytest.fixture(scope="module", autouse=True)
def nodes() -> Iterator[None]:
    with ray_nodes():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write_classes(tmp_path_factory.mktemp("data"), {"ant 2": 5, "ant 10": 5})
    (data / "ant 2" / "03.png").write_bytes(b"no picture")
    return data


def written(data: Path, out: Path, **options: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    events: list[Event] = []
    document = run_features(FeaturesSettings(data, out=out, scale=(80,), **options), events.append)
    return document, sentences(events)


@pytest.mark.parametrize(("suffix", "views"), [("npz", 1), ("npz", 2), ("parquet", 1)])
def test_the_file_is_that_of_this_machine_bit_for_bit(data: Path, tmp_path: Path, suffix: str, views: int) -> None:
    (tmp_path / "shards").mkdir()
    options = {"on": "ray", "cluster_store": tmp_path / "shards", "cache": tmp_path / "cache"}
    theirs, _ = written(data, tmp_path / f"theirs.{suffix}", views=views, **options)
    ours, _ = written(data, tmp_path / f"ours.{suffix}", views=views, precision="f32", no_cache=True)
    assert (tmp_path / f"theirs.{suffix}").read_bytes() == (tmp_path / f"ours.{suffix}").read_bytes()
    assert theirs == ours
    assert theirs["skipped"] == [{"path": "ant 2/03.png", "reason": "not-a-picture"}]
    assert theirs["classes"] == ["ant 2", "ant 10"]


def test_what_a_cluster_computed_is_in_the_store_for_every_other_command(data: Path, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    options = {"on": "ray", "cluster_store": tmp_path / "shards", "cache": tmp_path / "cache"}
    written(data, tmp_path / "theirs.npz", **options)
    _, said = written(data, tmp_path / "ours.npz", cache=tmp_path / "cache")
    assert "9 of 9 feature vectors were in the store." in said


def test_a_picture_that_changes_between_two_looks_is_skipped_and_no_row_is_shifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headstart.jobs import on_cluster

    data = write_classes(tmp_path / "data", {"ant": 4, "bee": 4})
    (tmp_path / "shards").mkdir()
    own, looks = extracted_on, []

    def spoiling(*arguments: Any, **options: Any) -> Any:
        looks.append(arguments)
        if len(looks) == 2:
            (data / "ant" / "01.png").write_bytes((data / "bee" / "01.png").read_bytes())
        return own(*arguments, **options)

    monkeypatch.setattr(on_cluster, "extracted_on", spoiling)
    options = {"on": "ray", "cluster_store": tmp_path / "shards", "no_cache": True}
    document, _ = written(data, tmp_path / "f.npz", flip=True, **options)
    assert document["skipped"] == [{"path": "ant/01.png", "reason": "changed"}]
    (data / "ant" / "01.png").unlink()
    written(data, tmp_path / "ours.npz", flip=True, precision="f32", no_cache=True)
    with np.load(tmp_path / "f.npz") as theirs, np.load(tmp_path / "ours.npz") as ours:
        assert theirs["features"].tobytes() == ours["features"].tobytes()
        assert theirs["sha256"].tolist() == [record.sha256 for record in inspected_in(data).dataset.records]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on": "ray"}, "--on ray needs --cluster-store"),
        ({"cluster_store": "s3://bucket/shards"}, "--cluster-store s3://bucket/shards is for --on ray"),
        ({"on": "ray", "cluster_store": "s3://b", "precision": "int8"}, "--on ray computes in f32"),
        ({"on": "ray", "cluster_store": "s3://b", "engine": "keras"}, "--on ray computes with OpenVINO"),
        ({"on": "ray", "cluster_store": "s3://b", "pool": "none"}, "--on ray computes vectors; leave out --pool none"),
        ({"on": "spark", "cluster_store": "s3://b"}, "--on spark: write ray"),
    ],
)
def test_options_of_a_cluster_that_do_not_go_together_are_refused(
    data: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        run_features(FeaturesSettings(data, out=tmp_path / "f.npz", **options), silent)
    assert not (tmp_path / "f.npz").exists()
