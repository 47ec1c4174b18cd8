"""The house itself: layers, names, what is imported when, and that every test and module has its place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import headstart

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "headstart"
MODULES = sorted(SOURCE.rglob("*.py"))
LAYERS = [
    {"", "errors", "addresses"},
    {"progress", "settings", "folders", "documents", "sizes", "durations", "manifests", "markdown"},
    {"child"},
    {"data"},
    {"networks"},
    {"features"},
    {"learn"},
    {"cluster"},
    {"judge"},
    {"ship"},
    {"report"},
    {"jobs"},
    {"api", "estimator", "server"},
    {"cli"},
]
HEAVY = (
    "keras",
    "openvino",
    "sklearn",
    "scipy",
    "tensorflow",
    "h5py",
    "PIL",
    "numpy",
    "skimage",
    "jinja2",
    "pyarrow",
    "fsspec",
    "ray",
    "optuna",
    "onnx",
    "onnxruntime",
    "ai_edge_litert",
    "fastapi",
    "uvicorn",
)


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Return the modules that ``path`` imports, wherever in the file, but for type checkers' eyes alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    hidden = {id(node) for block in skipped for node in ast.walk(block)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def layer(module: str) -> int:
    part = module.split(".")[1] if "." in module else ""
    return next(number for number, names in enumerate(LAYERS) if part in names)


def loaded_after(code: str) -> str:
    """Return which heavy modules a new Python process holds after ``code``."""
    report = f"import sys; {code}; print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return done.stderr.strip()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_backwards(path: Path) -> None:
    known = {module_name(other) for other in MODULES}
    own = layer(module_name(path))
    assert {name for name in imported(path) & known if layer(name) > own} == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_pickle_is_imported_by_the_checked_reader_alone(path: Path) -> None:
    loaders = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    allowed = {"pickle"} if path.name == "torch_tensors.py" else set()
    assert imported(path) & loaders <= allowed
    assert "allow_pickle=True" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_help_imports_nothing_heavy() -> None:
    assert loaded_after("from headstart.cli.main import exit_code; exit_code(['--help'])") == "[]"


def test_importing_headstart_imports_nothing_heavy() -> None:
    assert loaded_after("import headstart") == "[]"


def test_predict_imports_no_keras_and_no_scikit_learn() -> None:
    loaded = loaded_after("import headstart; headstart.load; import headstart.jobs.predict")
    assert not {"keras", "sklearn", "tensorflow"} & set(ast.literal_eval(loaded))


def test_the_public_names_are_these() -> None:
    assert sorted(headstart.__all__) == [
        "Classifier",
        "HeadstartError",
        "MissingError",
        "Prediction",
        "TransferClassifier",
        "UserError",
        "__version__",
        "backbones",
        "build_classifier",
        "check",
        "compare",
        "evaluate",
        "export",
        "extract_features",
        "fix",
        "load",
        "pretrain",
        "train",
        "tune",
        "write_report",
    ]


@pytest.mark.parametrize("name", sorted(set(headstart.__all__) - {"__version__"}))
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert len(getattr(headstart, name).__doc__) > 20


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        headstart.nothing  # noqa: B018


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert headstart.__version__ == project["version"]


def test_the_lock_pins_every_dependency_and_names_no_address() -> None:
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert [line for line in lock.splitlines() if not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)] == []
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lock.splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    names = {re.split(r"[<>=;\[ ]", requirement)[0].lower() for requirement in asked}
    assert names - pinned == {"tensorflow"}  # of its two names, the one for other machines


def test_every_module_has_its_tests() -> None:
    elsewhere = {
        "cluster/computing": "cluster/test_extraction",
        "networks/convert": "networks/test_converted",
        "networks/download": "networks/test_weights",
        "jobs/environment": "jobs/test_train",
        "jobs/folds": "jobs/test_holdout",
        "jobs/seconds": "jobs/test_train",
        "jobs/classifier": "jobs/test_predict",
        "jobs/demo/run": "jobs/test_demo",
        "jobs/demo/photos": "jobs/test_demo",
        "jobs/demo/digits": "jobs/test_demo",
        "cli/printing": "cli/test_train",
        "cli/evaluate": "cli/test_main",
        "cli/backbones": "cli/test_main",
    }
    missing = []
    for path in MODULES:
        name = path.relative_to(SOURCE).with_suffix("").as_posix()
        folder, _, last = name.rpartition("/")
        own = elsewhere.get(name) or f"{folder}/test_{last}".lstrip("/")
        if last != "__init__" and not (ROOT / "tests" / f"{own}.py").is_file():
            missing.append(name)
    assert missing == []
