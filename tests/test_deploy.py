"""The Dockerfile's own commands, run in a clean virtual environment, for no image can be built here."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from models import Trained
from servers import serving

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment in which the Dockerfile's files were copied and its `pip install` lines run."""
    place = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    for copy in instructions("COPY"):
        *sources, target = copy.split()
        for source in sources:
            to = place / "app" / target / ("" if (ROOT / source).is_dir() else Path(source).name)
            to.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, to)
    for run in instructions("RUN"):
        if run.startswith("pip install"):
            pip = [str(place / "venv" / "bin" / "pip"), "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *shlex.split(run)[1:]], cwd=place / "app", check=True)
    return place / "venv"


def test_the_image_serves_an_openvino_export_with_nothing_else_installed(
    trained: Trained, environment: Path, tmp_path: Path
) -> None:
    export = tmp_path / "export"
    assert exit_code(["export", str(trained.model), "--format", "openvino", "--out", str(export)]) == 0
    program, command, _, *options = json.loads(instructions("ENTRYPOINT")[0])
    said_before = trained.tested[0]
    with serving(export, *options, program=(environment / "bin" / program, command), PYTHONPATH="") as server:
        answer = server.predict((trained.data / said_before.path).read_bytes(), content_type="image/png")
        assert server.stop() == 0
    prediction = answer.document["predictions"][0]
    assert prediction["class"] == said_before.predicted
    assert prediction["probability"] == pytest.approx(said_before.probability, abs=1e-4)


def test_the_image_has_no_keras_no_tensorflow_and_no_scikit_learn(environment: Path) -> None:
    listed = subprocess.run([environment / "bin" / "pip", "list"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0].lower() for line in listed.splitlines()[2:] if line}
    assert "openvino" in names
    assert names & {"keras", "tensorflow", "tensorflow-cpu", "scikit-learn", "scipy", "h5py"} == set()


def test_the_image_runs_as_a_user_without_rights() -> None:
    users = instructions("USER")
    assert users
    assert users[-1] not in ("root", "0")
    last_user, entrypoint = DOCKERFILE.rindex("\nUSER "), DOCKERFILE.index("\nENTRYPOINT ")
    assert last_user < entrypoint
