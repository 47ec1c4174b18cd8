"""``predict --on ray``: a cluster's answers are those of this machine, to the last bit, and come in its order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.predict import run_predict
from headstart.jobs.predicting.rows import Document
from headstart.progress import Advanced, Event
from headstart.settings import PredictSettings
from models import Trained, copied, names, sentences, sign, train
from pictures import write_classes
from ray_nodes import ray_nodes


@pytest.fixture(scope="module", autouse=True)
def nodes() -> Iterator[None]:
    with ray_nodes():
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model of small pictures."""
    place = tmp_path_factory.mktemp("trained")
    data = write_classes(place / "data", {"ant 2": 6, "ant 10": 6})
    return train(data, place / "model", scale=(80,), precision="f32")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with pictures, one file that is none, and a place for vectors."""
    write_classes(tmp_path / "shots", {"10": 5, "2": 5}, seed=7)
    (tmp_path / "shots" / "2" / "03.png").write_bytes(b"no picture")
    (tmp_path / "shots" / "2" / "04.png").write_bytes((tmp_path / "shots" / "10" / "04.png").read_bytes())
    (tmp_path / "vectors").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(model: Path, **options: Any) -> tuple[list[Document], dict[str, Any], tuple[str, ...]]:
    documents: list[Document] = []
    events: list[Event] = []
    summary = run_predict(PredictSettings(model, (Path("shots"),), **options), events.append, documents.extend)
    return documents, summary, sentences(events)


CLUSTER = {"on": "ray", "cluster_store": "vectors"}


def test_the_file_is_that_of_this_machine_in_f32_bit_for_bit_even_if_a_run_was_interrupted(
    model: Trained, here: Path, tmp_path: Path
) -> None:
    _, summary, _ = run(model.model, out="ours.csv")
    reduced = copied(model, tmp_path / "bf16")
    sign(reduced, precision="bf16")

    def interrupt(event: Event) -> None:
        if isinstance(event, Advanced):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settings = PredictSettings(reduced, (Path("shots"),), out="theirs.csv", **CLUSTER)  # type: ignore[arg-type]
        run_predict(settings, interrupt, print)
    ours = (here / "ours.csv").read_bytes().splitlines(keepends=True)
    (here / "theirs.csv").write_bytes(b"".join(ours[:5]))
    _, theirs, said = run(reduced, out="theirs.csv", **CLUSTER)

    assert (here / "theirs.csv").read_bytes() == b"".join(ours)
    assert [row.split(b",")[0].decode() for row in ours[1:]] == [
        f"shots/{name}/{number:02}.png" for name in ("2", "10") for number in range(5)
    ]
    assert theirs == summary == {"pictures": 10, "skipped": {"not-a-picture": 1}}
    assert names(here) == ["bf16", "ours.csv", "shots", "theirs.csv", "vectors"]
    assert (
        "The model was trained on features in bf16; a cluster computes them in f32, and its probabilities may differ a "
        "little."
    ) in said


def test_pictures_that_no_node_can_read_by_themselves_are_refused(model: Trained, here: Path) -> None:
    with pytest.raises(UserError, match=r"shots/2/00\.png is no folder; --on ray reads the pictures of one folder"):
        run_predict(PredictSettings(model.model, ("shots/2/00.png",), **CLUSTER), print, print)  # type: ignore[arg-type]


def test_a_model_without_a_network_is_refused(here: Path, tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    data = write_classes(tmp_path / "data", {"ant": 6, "bee": 6})
    handcrafted = train(data, tmp_path / "handcrafted", approach="handcrafted+logistic").model
    with pytest.raises(UserError, match="--on ray runs networks with OpenVINO, and this model's features need another"):
        run(handcrafted, **CLUSTER)
