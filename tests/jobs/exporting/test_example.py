"""The example is run as a stranger runs it, and whatever it does, the answer is probabilities or one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import HeadstartError
from headstart.jobs.exporting.example import answers_of_example
from headstart.progress import Advanced, Event, silent
from headstart.ship.exports.folder import Export, inputs_of
from models import names
from processes import eventually

PICTURES = [Path("000"), Path("001")]
HALVES = '{"path": "", "probabilities": [0.5, 0.5]}'


def export_with(folder: Path, program: str) -> Export:
    """Return an export of two classes whose example is ``program``."""
    folder.mkdir()
    (folder / "example.py").write_text(program, encoding="utf-8")
    return Export(folder, "onnx", "f32", ("ant", "bee"), inputs_of((32,), "squash"), {})


def refusal_of(export: Export) -> str:
    with pytest.raises(HeadstartError) as refused:
        answers_of_example(export, PICTURES, silent)
    assert "\n" not in str(refused.value)
    assert "nothing was written" in str(refused.value)
    return str(refused.value)


def test_each_picture_has_its_probabilities(tmp_path: Path) -> None:
    program = (
        "import json, sys\n"
        "assert sys.argv[1] == '--json'\n"
        "for path in sys.argv[2:]:\n"
        "    share = int(path[-1]) / 4\n"
        "    print(json.dumps({'path': path, 'probabilities': [share, 1 - share]}))\n"
    )
    events: list[Event] = []
    found = answers_of_example(export_with(tmp_path / "export", program), PICTURES, events.append)
    assert found.dtype == np.float32
    assert found.tolist() == [[0.0, 1.0], [0.25, 0.75]]
    assert events.count(Advanced()) == 2


def test_it_finds_its_own_folder_and_nothing_of_headstart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    export = export_with(
        tmp_path / "export",
        "import os, pathlib, sys\n"
        "odd = [n for n in os.environ if n.startswith(('HEADSTART', 'PYTHON', 'TF_')) or n == 'KERAS_BACKEND']\n"
        "assert not odd, odd\n"
        "assert pathlib.Path('example.py').is_file()\n"
        f"print('{HALVES}')\n"
        f"print('{HALVES}')\n",
    )
    assert answers_of_example(export, PICTURES, silent).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_a_file_beside_the_example_is_not_imported(tmp_path: Path) -> None:
    export = export_with(tmp_path / "export", f"import json\nprint('{HALVES}')\nprint('{HALVES}')\n")
    (export.folder / "json.py").write_text("raise SystemExit(7)", encoding="utf-8")
    assert answers_of_example(export, PICTURES, silent).shape == (2, 2)


def test_what_it_writes_goes_away(tmp_path: Path, cache: Path) -> None:
    program = "import os, pathlib\n" + "".join(
        f"pathlib.Path(os.environ['{name}'], 'probe').touch()\n" for name in ("TMPDIR", "KERAS_HOME")
    )
    answers_of_example(export_with(tmp_path / "export", program + f"print('{HALVES}')\n" * 2), PICTURES, silent)
    assert names(cache / "tmp") == []
    assert names(tmp_path / "export") == ["example.py"]


def test_an_example_that_fails_is_refused_with_what_it_said_last(tmp_path: Path) -> None:
    assert "(ValueError: not today)" in refusal_of(export_with(tmp_path / "export", "raise ValueError('not today')"))


def test_an_example_that_crashes_is_refused(tmp_path: Path) -> None:
    assert "no probabilities" in refusal_of(export_with(tmp_path / "export", "import os\nos.abort()"))


def test_a_picture_that_it_can_not_read_is_refused_by_its_reason(tmp_path: Path) -> None:
    program = f"""print('{HALVES}')\nprint('{{"path": "001", "error": "OSError: broken"}}')\n"""
    assert "(OSError: broken)" in refusal_of(export_with(tmp_path / "export", program))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "probabilities",
        "7",
        "{}",
        '{"probabilities": [1.0]}',
        '{"probabilities": [0.5, "half"]}',
        '{"probabilities": [NaN, 1]}',
        '{"probabilities": null}',
    ],
)
def test_what_is_no_probability_for_each_class_is_refused(tmp_path: Path, line: str) -> None:
    refusal_of(export_with(tmp_path / "export", f"print('{HALVES}')\nprint('{line}')\n"))


def test_one_answer_too_few_or_too_many_is_refused(tmp_path: Path) -> None:
    refusal_of(export_with(tmp_path / "few", f"print('{HALVES}')\n"))
    refusal_of(export_with(tmp_path / "many", f"print('{HALVES}')\n" * 3))


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, time\n"
        f"pathlib.Path(r'{tmp_path / 'pid'}').write_text(str(os.getpid()))\n"
        f"print('{HALVES}', flush=True)\n"
        "time.sleep(600)\n"
    )

    def interrupt(event: Event) -> None:
        if isinstance(event, Advanced):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers_of_example(export_with(tmp_path / "export", program), PICTURES, interrupt)
    pid = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not is_there(pid))


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
