"""``headstart report`` in a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from models import names, write_alike
from runs import TREE, Compared, compare


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Compared:
    place = tmp_path_factory.mktemp("report")
    return compare(write_alike(place / "data", {"ant": 10, "bee": 10}), place / "run", TREE)


def test_it_says_the_verdict_and_where_the_page_is(compared: Compared, capsys: pytest.CaptureFixture[str]) -> None:
    (compared.run / "report.html").unlink()
    assert exit_code(["report", str(compared.run), "--beside", str(compared.run)]) == 0
    printed, said = capsys.readouterr()
    assert printed == f"{compared.results['verdict']['sentence']}\n\nReport: {compared.run}/report.html\n"
    assert said == ""
    assert "report.html" in names(compared.run)


def test_what_is_no_comparison_is_one_sentence_and_exit_code_2(
    compared: Compared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["report", str(tmp_path)]) == 2
    said = f"headstart: {tmp_path} holds no finished comparison; name a folder that `headstart compare` wrote.\n"
    assert capsys.readouterr() == ("", said)
    assert exit_code(["report", str(compared.run), "--lang", "fr"]) == 2
    assert "--lang fr: choose from en, zh." in capsys.readouterr().err
    assert names(tmp_path) == []
