"""Models for the tests, trained once for all of them, and what tests look at: sentences, files, system calls."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.cli.main import exit_code
from headstart.data.decode import Geometry
from headstart.data.inspect import Inspected, inspected
from headstart.data.records import Dataset, Skipped
from headstart.data.sources import opened
from headstart.features.engine import Engine, engine_for
from headstart.features.extract import vectors_of
from headstart.jobs.demo import photos
from headstart.jobs.demo.photos import REGIONS
from headstart.jobs.train import run_train
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.weights import find_weights
from headstart.progress import Event, Listener, Said, silent
from headstart.settings import TrainSettings
from headstart.ship.bundle import PREDICTIONS, Bundle, HeldOutPrediction, read_bundle, read_predictions
from pictures import encoded, picture

HEADSTART = str(Path(sys.executable).with_name("headstart"))
"""The command, as it is installed beside this Python."""

_ENGINES: dict[tuple[Path, str, str | None], Engine] = {}


@dataclass(frozen=True)
class Trained:
    """A finished training: what it was given, wrote, returned and said."""

    data: Path
    model: Path
    results: dict[str, Any]
    said: tuple[str, ...]

    @property
    def entry(self) -> dict[str, Any]:
        """The one approach in the results."""
        return dict(self.results["approaches"][0])

    @property
    def bundle(self) -> Bundle:
        """The model, read back."""
        return read_bundle(self.model)

    @property
    def head(self) -> list[NDArray[np.float32]]:
        """The head's arrays, in a fixed order."""
        return [array for _, array in sorted(self.bundle.head.tensors().items())]

    @property
    def tested(self) -> list[HeldOutPrediction]:
        """What was said of each test picture, by path."""
        return sorted(read_predictions(self.model / PREDICTIONS), key=lambda row: row.path)

    @property
    def answers(self) -> list[tuple[str, str, float]]:
        """What was said of the test pictures without their names: label, answer and probability, sorted."""
        return sorted((p.label, p.predicted, p.probability) for p in self.tested)


def train(data: Path, out: Path, **options: Any) -> Trained:
    """Train on ``data`` in this process."""
    events: list[Event] = []
    results = run_train(TrainSettings(data, out=out, **options), events.append)
    return Trained(data, out, results, sentences(events))


def inspected_in(data: Path) -> Inspected:
    """Return the readable pictures of a folder, read and decoded as jobs do."""
    with opened(data, silent) as listing:
        return inspected(listing, silent)


def features_of(
    dataset: Dataset, engine: Engine, geometry: Geometry, listen: Listener
) -> tuple[Dataset, NDArray[np.float32]]:
    """Return the readable part of ``dataset`` and its features, ``(n_pictures, dimension)`` float32, without a store.

    A picture that can't be decoded, or that changed since it was listed, moves to the skipped.
    """
    paths = [dataset.file(record) for record in dataset.records]
    digests: list[str | None] = [record.sha256 for record in dataset.records]
    rows, failed = vectors_of(paths, digests, engine, geometry, listen)
    skipped = [Skipped(dataset.records[key].path, reason) for key, reason in sorted(failed.items())]
    kept = [key for key in range(len(paths)) if key in rows]
    matrix = np.stack([rows[key] for key in kept]) if kept else np.empty((0, 0), np.float32)
    return dataset.without(skipped), matrix


def sentences(events: Sequence[Event]) -> tuple[str, ...]:
    """Return what was said to the user."""
    return tuple(event.text for event in events if isinstance(event, Said))


def lite0() -> ConvertedNetwork:
    """Return EfficientNet-Lite0 with its genuine weights, converted once for all tests."""
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    return network_from(record, "avg_pool", origin, silent)


def engine_once(network: ConvertedNetwork, kind: str | None = None) -> Engine:
    """Return the engine for ``network``, compiled once for all tests: each time would cost half a second."""
    key = (network.folder, network.precision, kind)
    if key not in _ENGINES:
        _ENGINES[key] = engine_for(network, kind)
    return _ENGINES[key]


@functools.cache
def trained_once(place: Path) -> Trained:
    """Return the model that all tests share, trained by the first that asks; nobody may change it."""
    data = write_alike(place / "shared" / "data", {"ant": 8, "bee": 8, "cow": 8})
    return train(data, place / "shared" / "model")


@dataclass(frozen=True)
class Shown:
    """A demo that ran: where, and what a newcomer read."""

    out: Path
    printed: str
    said: str

    @property
    def document(self) -> dict[str, Any]:
        """The demo's document."""
        return dict(json.loads((self.out / "demo.json").read_text(encoding="utf-8")))


@functools.cache
def shown_once(place: Path) -> Shown:
    """Return the demo that all tests share, run by the first that asks: both halves, the first with few photos."""
    printed, said = io.StringIO(), io.StringIO()
    with few_photos(), redirect_stdout(printed), redirect_stderr(said):
        assert exit_code(["demo", "--out", str(place / "shared" / "my demo")]) == 0
    return Shown(place / "shared" / "my demo", printed.getvalue(), said.getvalue())


@contextmanager
def few_photos() -> Iterator[pytest.MonkeyPatch]:
    """Let the demo cut a fifth of its patches, from three of its photos."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        few = {"skimage": ("data", ("brick.png", "coffee.png")), "sklearn": ("datasets/images", ("china.jpg",))}
        monkeypatch.setattr(photos, "PHOTOS", few)
        monkeypatch.setattr(photos, "REGIONS", [replace(region, patches=region.patches // 5) for region in REGIONS])
        yield monkeypatch


def write_alike(root: Path, counts: Mapping[str, int], *, seed: int = 0) -> Path:
    """Write classes that hardly differ, so that probabilities are far from 0 and 1, and return ``root``."""
    for number, (name, count) in enumerate(counts.items()):
        folder = root / name
        folder.mkdir(parents=True)
        for i in range(count):
            image = picture((120 + 4 * number, 120, 120), seed=1000 * seed + 100 * number + i)
            (folder / f"{i:02}.png").write_bytes(encoded(image))
    return root


def copied(trained: Trained, to: Path) -> Path:
    """Return a copy of the model, to be spoilt."""
    shutil.copytree(trained.model, to)
    return to


def sign(model: Path, **changes: Any) -> None:
    """Change entries of the manifest and sign it anew, as only someone who wants to deceive would."""
    path = model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    del manifest["manifest_sha256"]
    manifest["manifest_sha256"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(manifest), encoding="utf-8")


def put_tensors(model: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Change arrays of the weights and sign the manifest anew."""
    from safetensors.numpy import load_file, save_file

    weights = model / "weights.safetensors"
    save_file(load_file(weights) | dict(tensors), weights)
    put_weights(model, weights.read_bytes())


def put_weights(model: Path, data: bytes) -> None:
    """Write ``data`` as the weights and sign the manifest anew."""
    (model / "weights.safetensors").write_bytes(data)
    listed = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    sign(model, files={"weights.safetensors": listed})


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file under ``folder`` by its relative path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def names(folder: Path) -> list[str]:
    """Return what lies in ``folder``, hidden things too."""
    return sorted(entry.name for entry in folder.iterdir())


def copy_tested(trained: Trained, to: Path) -> Path:
    """Copy exactly the test pictures of a training into class folders under ``to``."""
    for prediction in trained.tested:
        target = to / prediction.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(trained.data / prediction.path, target)
    return to


@dataclass(frozen=True)
class Call:
    """A system call of a watched process: its name and its arguments as strace prints them."""

    name: str
    arguments: str

    @property
    def connects(self) -> bool:
        """Whether it reaches for the network."""
        return self.name in ("connect", "sendto") and "AF_INET" in self.arguments

    @property
    def written(self) -> list[str]:
        """The absolute paths that it makes, changes or removes."""
        if self.name in ("connect", "sendto") or (
            self.name in ("open", "openat") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", self.arguments)
        ):
            return []
        places = re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"', self.arguments)
        return [os.path.normpath(Path(folder or "/") / name) for folder, name in places]


@dataclass(frozen=True)
class Watched:
    """A process that ran under strace, with all its children."""

    returncode: int
    stdout: str
    stderr: str
    calls: tuple[Call, ...]

    @property
    def connections(self) -> list[Call]:
        """The calls that reach for the network."""
        return [call for call in self.calls if call.connects]

    def written_outside(self, allowed: Collection[Path | str]) -> list[str]:
        """Return the paths that were made, changed or removed under none of ``allowed``."""
        paths = {path for call in self.calls for path in call.written}
        return sorted(p for p in paths if not any(Path(p).is_relative_to(folder) for folder in allowed))


def watched(command: Sequence[str | Path], folder: Path, **environment: str) -> Watched:
    """Run ``command`` in the empty ``folder`` with nothing but ``environment``, and note its system calls."""
    folder.mkdir(parents=True)
    trace = folder.with_suffix(".trace")
    calls = "connect,sendto,?open,openat,?creat,?mkdir,mkdirat,?rename,?renameat,renameat2,?unlink,unlinkat,?rmdir"
    strace = ["strace", "-f", "-y", "--seccomp-bpf", "-o", str(trace), "-e", f"trace={calls},?link,linkat,?symlink"]
    done = subprocess.run(
        [*strace, *map(str, command)],
        cwd=folder,
        # PYTHONDONTWRITEBYTECODE: what Python keeps of modules that it compiled isn't headstart's doing.
        env={name: os.environ.get(name, "") for name in ("PATH", "PYTHONPATH")}
        | {"PYTHONDONTWRITEBYTECODE": "1"}
        | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (re.match(r"\d+ +(\w+)\((.*)", line) for line in trace.read_text(errors="replace").splitlines())
    return Watched(done.returncode, done.stdout, done.stderr, tuple(Call(m[1], m[2]) for m in lines if m))
