"""On the machine of a stranger: no connection is opened, and nothing is written but the model and our cache."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from headstart.jobs.classifier import load
from models import HEADSTART, Trained, Watched, copied, names, trained_once, watched, write_alike

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, which watches system calls")

PICTURES = ("bee/00.png", "ant/01.png", "cow/02.png")

SYSTEM = ("/dev", "/proc")
"""Where system libraries keep semaphores and name threads."""


class Place:
    """A machine of a stranger: an empty home, a cache, a folder for results, and the scratch folder of the system."""

    def __init__(self, root: Path) -> None:
        self.home, self.cache, self.out, self.scratch = (root / name for name in ("home", "cache", "out", "scratch"))
        for folder in (self.home, self.out, self.scratch):
            folder.mkdir(parents=True)

    def run(self, name: str, *command: str | Path) -> Watched:
        """Run a command in a folder of this name."""
        environment = {"HOME": self.home, "HEADSTART_CACHE": self.cache, "TMPDIR": self.scratch}
        return watched(command, self.home.parent / name, **{key: str(value) for key, value in environment.items()})

    def trespasses(self, runs: Sequence[Watched]) -> list[str]:
        """Return what was written elsewhere."""
        return [path for run in runs for path in run.written_outside([self.out, self.cache, *SYSTEM])]


@pytest.fixture(scope="module")
def trained(cache: object, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def runs(place: Place, cache: Path, trained: Trained) -> list[Watched]:
    """A prediction with a copy of a model that was trained elsewhere, the cache still empty; and a training."""
    model = copied(trained, place.home.parent / "copied model")
    pictures = [trained.data / name for name in PICTURES]
    prediction = place.run("prediction", HEADSTART, "predict", model, *pictures, "--json")
    shutil.copytree(cache / "sources", place.cache / "sources")  # what weights those of the package are
    data = write_alike(place.home.parent / "data", {"ant": 3, "bee": 3})
    return [prediction, place.run("training", HEADSTART, "train", data, "--out", place.out / "model", "--json")]


def test_a_stranger_can_predict_and_train_at_once(runs: list[Watched]) -> None:
    prediction, training = runs

    assert [run.returncode for run in runs] == [0, 0], prediction.stderr + training.stderr
    assert len(json.loads(prediction.stdout)) == len(PICTURES)
    assert json.loads(training.stdout)["dataset"]["pictures"] == 6


def test_a_model_copied_elsewhere_predicts_the_same_without_the_cache_of_its_training(
    trained: Trained, runs: list[Watched]
) -> None:
    here = load(trained.model).predict([trained.data / name for name in PICTURES])
    there = json.loads(runs[0].stdout)

    assert [document["class"] for document in there] == [p.label for p in here]
    assert [document["probability"] for document in there] == pytest.approx([p.probability for p in here], abs=1e-5)


def test_no_connection_is_opened(runs: list[Watched]) -> None:
    assert [run.connections for run in runs] == [[], []]


def test_nothing_is_written_outside_the_model_and_the_cache(place: Place, runs: list[Watched]) -> None:
    assert place.trespasses(runs) == []
    assert [bool(run.written_outside(SYSTEM)) for run in runs] == [True, True]


def test_the_home_the_current_folder_and_the_scratch_folder_stay_empty(place: Place, runs: list[Watched]) -> None:
    assert [names(place.home), names(place.scratch), names(place.home.parent / "training")] == [[], [], []]
    assert len(runs) == 2


def test_what_stays_in_the_cache_is_the_network_and_no_rubbish(place: Place, runs: list[Watched]) -> None:
    assert set(names(place.cache)) == {"features", "keras", "networks", "places", "sources", "tmp"}
    assert names(place.cache / "tmp") == []
    assert len(names(place.cache / "networks")) == 1
    assert (place.cache.stat().st_mode & 0o077) == 0
    assert len(runs) == 2


@pytest.mark.trust
def test_the_whole_demo_with_its_training_backend_opens_no_connection_and_writes_nothing_elsewhere(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "stranger")
    run = place.run("demo", HEADSTART, "demo", "--out", place.out / "demo")

    assert run.returncode == 0, run.stderr
    assert "13 photos, 10 training patches each" in run.stdout
    assert "260 test patches" in run.stdout
    assert run.connections == []
    # absl, which TensorFlow imports, tries whether the system's scratch folder can be written.
    assert run.written_outside([place.out, place.cache, place.scratch, *SYSTEM]) == []
    assert [names(place.home), names(place.scratch)] == [[], []]


PROBES = {
    "connects": "import socket; socket.socket().connect_ex(('127.0.0.1', 9))",
    "asks": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
    "connects6": "import socket; socket.socket(socket.AF_INET6).connect_ex(('::1', 9))",
}


@pytest.mark.parametrize("code", PROBES.values(), ids=list(PROBES))
def test_the_probe_catches_a_process_that_reaches_for_the_network(tmp_path: Path, code: str) -> None:
    run = watched([sys.executable, "-c", code], tmp_path / "probe")

    assert len(run.connections) == 1


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("open('{}/new', 'w')", "elsewhere/new"),
        ("open('{}/old', 'a')", "elsewhere/old"),
        ("__import__('os').mkdir('{}/folder')", "elsewhere/folder"),
        ("__import__('os').unlink('{}/old')", "elsewhere/old"),
        ("__import__('os').rename('{}/old', 'here')", "elsewhere/old"),
        ("__import__('os').symlink('here', '{}/link')", "elsewhere/link"),
        ("__import__('subprocess').run(['touch', '{}/child'])", "elsewhere/child"),
        ("open('relative', 'w')", "probe/relative"),
    ],
)
def test_the_probe_catches_a_process_that_writes_elsewhere(tmp_path: Path, code: str, path: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old").touch()
    run = watched([sys.executable, "-c", code.format(elsewhere)], tmp_path / "probe")

    assert str(tmp_path / path) in run.written_outside([tmp_path / "allowed", *SYSTEM])
    assert run.connections == []


def test_the_probe_does_not_mind_what_is_read_or_written_where_it_is_allowed(tmp_path: Path) -> None:
    code = f"open({__file__!r}).read(); open('allowed', 'w')"
    run = watched([sys.executable, "-c", code], tmp_path / "probe")

    assert run.written_outside([tmp_path / "probe", *SYSTEM]) == []
    assert run.written_outside(SYSTEM) == [str(tmp_path / "probe" / "allowed")]
