"""What the docs say is so: commands parse and run, ``--help`` is shown as it is, every field and code is named.

``UPDATE_DOCS=1`` writes ``docs/commands.md`` anew.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headstart import settings
from headstart.cli.main import app, exit_code
from headstart.data import decode, worker
from headstart.jobs.train import run_train
from headstart.networks.keras_backend import import_keras
from headstart.progress import silent
from headstart.settings import TrainSettings
from pictures import write_classes

ROOT = Path(__file__).resolve().parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LEARN, LEARN_IN_CHINESE = ROOT / "docs" / "learn.md", ROOT / "docs" / "learn.zh.md"
COMMANDS = [
    "",
    "check",
    "fix",
    "train",
    "compare",
    "report",
    "pretrain",
    "tune",
    "predict",
    "evaluate",
    "export",
    "serve",
    "features",
    "cache",
    "backbones",
]
COMMANDS += ["demo"]


def blocks(path: Path, language: str) -> list[str]:
    """Return the code blocks of ``language`` in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def command_lines() -> list[str]:
    lines = [line.split("#")[0].strip() for path in DOCS for block in blocks(path, "sh") for line in block.splitlines()]
    told = [line for path in (LEARN, LEARN_IN_CHINESE) for line in inline_code(path) if len(line.split()) > 2]
    return sorted({line for line in lines + told if line.startswith("headstart ")})


def inline_code(path: Path) -> list[str]:
    """Return what stands between backticks outside of blocks, line breaks as spaces."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [code.replace("\n", " ") for code in re.findall(r"`([^`]+)`", prose)]


def numbers_in(path: Path) -> list[str]:
    """Return the numbers with a decimal point or a comma of a document, sorted."""
    return sorted(re.findall(r"\d+(?:[.,]\d+)+", path.read_text(encoding="utf-8")))


def help_text(command: str) -> str:
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    program = [sys.executable, "-c", "from headstart.cli.main import main; main()"]
    done = subprocess.run(
        [*program, *command.split(), "--help"], capture_output=True, text=True, check=True, env=environment
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def names_in(text: str) -> set[str]:
    """Return what stands between backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("docs")
    data = write_classes(place / "data", dict.fromkeys(("ant", "bee", "cow", "dog", "emu", "fox"), 6))
    return run_train(TrainSettings(data, out=place / "model"), silent)


def fields_of(document: Any) -> set[str]:
    if isinstance(document, dict):
        return set(document) | {field for value in document.values() for field in fields_of(value)}
    return {field for item in document for field in fields_of(item)} if isinstance(document, list) else set()


def test_the_help_of_every_command_is_in_the_docs() -> None:
    page = ["# Commands", "", "What `--help` prints, made by a test (see CONTRIBUTING.md)."]
    for command in COMMANDS:
        page += ["", f"## headstart {command}".rstrip(), "", "```text", help_text(command), "```"]
    text = "\n".join(page) + "\n"
    if os.environ.get("UPDATE_DOCS"):
        (ROOT / "docs" / "commands.md").write_text(text, encoding="utf-8")
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == text


def test_every_command_is_in_the_docs() -> None:
    assert {name for name in app if not name.startswith("-")} == set(COMMANDS) - {""}


@pytest.mark.parametrize("line", command_lines())
def test_a_command_in_the_docs_parses(line: str) -> None:
    app.parse_args(line.removeprefix("headstart "), exit_on_error=False, print_error=False)


def test_your_own_folder_runs_as_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seed in (("pictures", 1), ("more-pictures", 2)):
        root = write_classes(tmp_path / name, {"cat": 6, "dog": 6}, seed=seed)
        for folder in ("cat", "dog"):
            (root / folder / "00.png").rename(root / folder / "1.jpg")
    monkeypatch.chdir(tmp_path)
    (own,) = [b for b in blocks(ROOT / "README.md", "sh") if "more-pictures" in b]
    lines = [line.removeprefix("headstart ").split() for line in own.splitlines()]
    assert [exit_code(line) for line in lines] == [0, 0, 0]


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_classes(tmp_path / "pictures", {"cat": 6, "dog": 6})
    (root / "cat" / "00.png").rename(root / "cat" / "1.jpg")
    monkeypatch.chdir(tmp_path)
    lines, keras_line, estimator_lines = blocks(ROOT / "README.md", "python")
    namespace: dict[str, Any] = {}
    exec(lines, namespace)  # noqa: S102 - the README's own lines
    assert namespace["results"]["split"]["test"] == 2
    assert len([line for line in lines.splitlines() if line]) <= 5
    exec(estimator_lines, {})  # noqa: S102
    (call,) = [node for node in ast.walk(ast.parse(keras_line)) if isinstance(node, ast.Call)]
    assert ast.unparse(call.func) == "headstart.build_classifier"


def test_small_python_of_the_claims_prints_what_stands_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    import_keras()
    import keras

    keras.utils.clear_session()  # names of layers count what other tests built
    text = LEARN.read_text(encoding="utf-8")
    pairs = re.findall(r"^```python\n([^`]*)^```\n\n```text\n([^`]*)^```", text, re.MULTILINE)
    assert len(pairs) == 2
    for code, printed in pairs:
        exec(code, {})  # noqa: S102 - the document's own lines
        assert capsys.readouterr().out.split() == printed.split()


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")  # what Keras says of its own data sets
def test_vgg16_step_by_step_runs_and_shows_what_is_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_classes(tmp_path / "pictures", {"cat": 5, "dog": 5})
    monkeypatch.chdir(tmp_path)
    import_keras()
    (code,) = [block for block in blocks(LEARN, "python") if "build_classifier" in block]
    # Random weights, which need no download, and one epoch.
    exec(code.replace('"imagenet"', '"none"').replace("epochs=10", "epochs=1"), {})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    assert "['hidden/kernel', 'hidden/bias', 'probabilities/kernel', 'probabilities/bias']" in printed
    assert "True" in printed


def test_the_claims_have_the_same_commands_and_numbers_in_both_languages() -> None:
    for language in ("sh", "python", "text"):
        assert blocks(LEARN_IN_CHINESE, language) == blocks(LEARN, language)
    assert set(inline_code(LEARN_IN_CHINESE)) == set(inline_code(LEARN))
    assert numbers_in(LEARN_IN_CHINESE) == numbers_in(LEARN)


@pytest.mark.parametrize("path", [LEARN, LEARN_IN_CHINESE], ids=lambda path: path.name)
def test_every_benchmark_that_the_claims_name_is_in_the_benchmarks(path: Path) -> None:
    named = {line.split()[2] for line in inline_code(path) if line.startswith("-m benchmarks ")}
    assert named >= {"approaches", "heads", "pretraining", "recipe"}
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert named - set(headings) == set()


def test_every_field_of_the_results_is_documented(results: dict[str, Any]) -> None:
    by_name = {*results["dataset"]["classes"], *results["environment"]["packages"], *results["settings"]}
    documented = names_in((ROOT / "docs" / "formats.md").read_text(encoding="utf-8"))
    values = {name for text in documented for name in re.findall(r"\w+", text)}
    assert fields_of(results) - by_name - values == set()


def test_every_reason_code_is_documented() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src" / "headstart" / "data").rglob("*.py"))
    codes = set(re.findall(r'(?:DecodeError|Reply|Skipped)\([^")]*"([a-z-]+)"', text))
    codes |= {*decode.REASONS, *worker.REASONS}
    assert {"hidden", "link-loop", "not-a-picture", "unsupported-mode", "copy-in-test", "missing-file"} <= codes
    assert codes - names_in((ROOT / "docs" / "formats.md").read_text(encoding="utf-8")) == set()


def test_every_code_of_a_finding_is_documented() -> None:
    folders = [ROOT / "src" / "headstart" / "data" / "audit", ROOT / "src" / "headstart" / "jobs"]
    text = "".join(file.read_text(encoding="utf-8") for folder in folders for file in folder.glob("*.py"))
    severities = 'ERROR|WARNING|NOTE|"error"|"warning"|"note"'
    codes = set(re.findall(rf'"([a-z-]+)",\s+(?:{severities})', text))
    assert {"duplicate", "near-duplicate", "too-dark", "class-given-away", "no-split", "few-pictures"} <= codes
    assert codes - names_in((ROOT / "docs" / "formats.md").read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("name", [name for name in dir(settings) if name.endswith("Settings")])
def test_every_setting_is_documented(name: str) -> None:
    kind = getattr(settings, name)
    assert [field for field in kind.__dataclass_fields__ if f"    {field}\n" not in kind.__doc__] == []


def test_every_test_named_in_trust_exists() -> None:
    text = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 15
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []
