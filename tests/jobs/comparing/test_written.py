"""Results are read back as they were written, and pages are drawn from them and from the pictures beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.comparing import written
from headstart.jobs.comparing.written import check_language, read_results, write_reports, write_results
from models import contents, names

RESULTS = {"format": 1, "kind": "comparison", "dataset": {"name": "中文 \udcff", "pictures": 3}}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the page was drawn from."""
    seen: list[Any] = []

    def page(*told: Any) -> str:
        seen.extend(told)
        return "page"

    monkeypatch.setattr(written, "comparison_page", page)
    monkeypatch.setattr(written, "comparison_text", lambda results, lang: f"text in {lang} \udcff")
    return seen


def test_results_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    write_results(RESULTS, tmp_path)
    assert read_results(tmp_path) == RESULTS
    assert names(tmp_path) == ["results.json"]


def test_no_number_that_json_does_not_know_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_results({"a": float("nan")}, tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "can't be read .* compare again"),
        ("", "can't be read .* compare again"),
        ("[]", "can't be read .* compare again"),
        ("{}", "can't be read .* compare again"),
        ('{"format": 2, "kind": "comparison"}', "isn't the results of a comparison of this format; compare again"),
        ('{"format": 1, "kind": "check"}', "isn't the results of a comparison of this format; compare again"),
    ],
)
def test_what_is_no_result_of_a_comparison_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_results(tmp_path)


def test_results_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"results.json can't be read"):
        read_results(tmp_path)


def test_the_page_is_drawn_from_the_results_and_the_pictures_beside_them(tmp_path: Path, drawn: list[Any]) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0001.jpg").write_bytes(b"jpeg")
    (tmp_path / "pictures" / "note.txt").write_bytes(b"no picture")
    write_reports(RESULTS, tmp_path, "zh", beside={"same_test": True})
    assert drawn == [RESULTS, {"pictures/0001.jpg": b"jpeg"}, "zh", {"same_test": True}]
    files = contents(tmp_path)
    assert (files["report.html"], files["report.md"]) == (b"page", b"text in zh \\udcff")


def test_without_pictures_the_page_gets_none(tmp_path: Path, drawn: list[Any]) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0001.jpg").write_bytes(b"jpeg")
    write_reports(RESULTS, tmp_path, "en", with_pictures=False)
    assert drawn[1] == {}


def test_a_page_that_can_not_be_drawn_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.html").write_text("old", encoding="utf-8")
    monkeypatch.setattr(written, "comparison_page", lambda *_: "\udcff")
    with pytest.raises(UnicodeEncodeError):
        write_reports(RESULTS, tmp_path, "en")
    assert contents(tmp_path) == {"report.html": b"old"}


@pytest.mark.parametrize("lang", ["de", "zh-CN", "EN", ""])
def test_a_language_that_is_not_written_is_refused(lang: str) -> None:
    with pytest.raises(UserError, match=f"--lang {lang}: choose from en, zh"):
        check_language(lang)
    check_language("en")
    check_language("zh")


def test_results_are_json(tmp_path: Path) -> None:
    write_results(RESULTS, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == RESULTS
