"""What all tests share: a cache of their own, the real pictures, and no skip that CI would not accept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from models import Trained, engine_once, trained_once
from object_storage import ObjectStorage, object_storage

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache folder for the whole session, so that a network is converted once."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["HEADSTART_CACHE"] = str(folder)
    yield folder
    del os.environ["HEADSTART_CACHE"]


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of real pictures and weights beside the checkout, which CI has."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the real pictures in ../shared/data, which aren't beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def imagenet_200(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """200 real ImageNet pictures; the number before the name is the class index."""
    folder = tmp_path_factory.mktemp("imagenet_200")
    with tarfile.open(shared_data / "imagenet_200.tar") as archive:
        archive.extractall(folder, filter="data")
    return sorted(folder.rglob("*.jpg"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    """The model that many tests share."""
    return trained_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectStorage]:
    """A real S3 server on this machine, for this process and its children the one of Amazon."""
    with object_storage() as running:
        yield running


@pytest.fixture
def one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile each network once and use it again."""
    monkeypatch.setattr("headstart.jobs.extraction.engine_for", engine_once)
    monkeypatch.setattr("headstart.jobs.classifier.engine_for", engine_once)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB; where none can be mounted, no file may grow over 2 MB."""
    with _disk_of(2 * 2**20, tmp_path / "disk"):
        yield tmp_path / "disk"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 kB; where none can be mounted, no file may grow over 16 kB."""
    with _disk_of(2**14, tmp_path / "disk"):
        yield tmp_path / "disk"


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing can be written: a disk that can only be read, or a folder without that permission."""
    folder = tmp_path / "read-only"
    with _mounted("ro", folder) as is_mounted:
        if not is_mounted:
            folder.chmod(0o500)
            if os.access(folder, os.W_OK):  # root may write everywhere but there
                folder.rmdir()
                folder.symlink_to("/proc/self/ns")
        yield folder


@contextmanager
def _disk_of(size: int, folder: Path) -> Iterator[None]:
    with _mounted(f"size={size}", folder) as is_mounted:
        if is_mounted:
            yield
            return
        import resource

        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _mounted(options: str, folder: Path) -> Iterator[bool]:
    """Make ``folder``, mount a disk in memory there if that is allowed, and yield whether it is."""
    folder.mkdir()
    command = [shutil.which("mount") or "false", "-t", "tmpfs", "-o", options, "none", str(folder)]
    is_mounted = sys.platform == "linux" and not subprocess.run(command, capture_output=True, check=False).returncode
    yield is_mounted
    if is_mounted:
        subprocess.run(["umount", str(folder)], check=True)


class _BySubject(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives the tests of a file to one worker, and those of a subject: they share what is costly, or look after all."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.endswith("test_demo.py"):
            return "demo"
        if "tests/ship/exports/" in file:
            return "exports"
        # They look at every worker of every Ray cluster of this machine.
        return "ray" if "tests/cluster/" in file or file.endswith("test_on_cluster.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Return how tests are given to the workers."""
    return _BySubject(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure where CI runs: there, everything that a test needs must be installed."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI doesn't accept: {report.longrepr}"
