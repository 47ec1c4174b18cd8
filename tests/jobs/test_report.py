"""``report``: the same pages from what is stored alone, and another run beside them, tested where that can be."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.jobs.comparing import seeing, written
from headstart.jobs.comparing.attention import attention_of
from headstart.jobs.report import run_report
from headstart.progress import Event, silent
from headstart.report.comparison_page import comparison_page
from headstart.settings import ReportSettings
from models import contents, names, sentences, write_alike
from runs import LOGISTIC, TREE, Compared, compare, learning

PAGES = ("report.html", "report.md")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("report") / "data", {"ant": 24, "bee": 24})


@pytest.fixture(scope="module")
def compared(data: Path, cache: Path) -> Compared:
    """With pictures; its data is gone."""
    copy = shutil.copytree(data, data.parent / "copy" / "data")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(seeing, "attention_of", partial(attention_of, seconds=0.1))
        found = compare(copy, data.parent / "run", TREE, LOGISTIC, no_pictures=False)
    shutil.rmtree(copy)
    return found


@pytest.fixture
def run(compared: Compared, tmp_path: Path) -> Path:
    """A copy of the comparison, to be changed."""
    return Path(shutil.copytree(compared.run, tmp_path / "run"))


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What pages are told of the run beside theirs."""
    seen: list[Any] = []

    def page(results: Any, pictures: Any, lang: str, other: Any) -> str:
        seen.append(other)
        return comparison_page(results, pictures, lang, other)

    monkeypatch.setattr(written, "comparison_page", page)
    return seen


def report(run: Path, **options: Any) -> tuple[str, ...]:
    """Draw the report again and return what was said."""
    events: list[Event] = []
    run_report(ReportSettings(run, **options), events.append)
    return sentences(events)


def test_the_same_pages_are_drawn_again_from_what_is_stored_alone(compared: Compared, run: Path) -> None:
    before = contents(run)
    for page in PAGES:
        (run / page).unlink()
    for folder in ("model", "parts"):
        shutil.rmtree(run / folder)
    assert run_report(ReportSettings(run), silent) == compared.document
    after = contents(run)
    assert {page: after[page] for page in PAGES} == {page: before[page] for page in PAGES}
    assert set(before) - set(after) == {name for name in before if name.startswith(("model/", "parts/"))}
    assert {name: before[name] for name in after} == after


def test_in_another_language_it_says_the_same_figures(run: Path) -> None:
    english = (run / "report.html").read_text(encoding="utf-8")
    report(run, lang="zh")
    page, text = ((run / name).read_text(encoding="utf-8") for name in PAGES)
    assert 'lang="zh' in page
    assert "验证" in page
    assert "验证" in text
    assert "验证" not in english
    report(run)
    assert (run / "report.html").read_text(encoding="utf-8") == english


def test_without_pictures_the_page_has_none_and_those_that_are_stored_stay(run: Path) -> None:
    pictures = names(run / "pictures")
    report(run, no_pictures=True)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in page
    assert names(run / "pictures") == pictures
    report(run)
    assert "data:image/jpeg" in (run / "report.html").read_text(encoding="utf-8")


def test_a_run_on_the_same_test_pictures_is_compared_picture_by_picture(
    compared: Compared, run: Path, data: Path, tmp_path: Path, beside: list[Any]
) -> None:
    other = compare(data, tmp_path / "other", "handcrafted+svm")
    assert report(run, beside=other.run) == ()
    told = beside[-1]
    ours, theirs = (each.results["verdict"]["winner"] for each in (compared, other))
    rights = [
        np.mean([row.predicted == row.label for row in each.rows_of(name)])
        for each, name in ((compared, ours), (other, theirs))
    ]
    assert told["same_test"] is True
    assert (told["pair"]["a"], told["pair"]["b"], told["pair"]["kind"]) == (ours, theirs, "exploratory")
    assert told["pair"]["difference"]["value"] == pytest.approx(rights[0] - rights[1])
    assert told["pair"]["test"] == "mcnemar"
    assert told["results"] == other.document
    assert "handcrafted+svm" in (run / "report.html").read_text(encoding="utf-8")


def test_beside_itself_nothing_differs(run: Path, beside: list[Any]) -> None:
    report(run, beside=run)
    assert (beside[-1]["pair"]["difference"]["value"], beside[-1]["pair"]["p_value"]) == (0, 1)


def test_a_run_on_other_test_pictures_is_shown_and_not_compared(
    run: Path, data: Path, tmp_path: Path, beside: list[Any]
) -> None:
    other = compare(data, tmp_path / "other", TREE, seed=1)
    said = f"{other.run} was judged on other pictures: the difference of the two can't be tested."
    assert report(run, beside=other.run) == (said,)
    assert (beside[-1]["same_test"], beside[-1]["pair"]) == (False, None)


def test_the_same_pictures_under_other_labels_are_not_the_same_test(
    run: Path, data: Path, tmp_path: Path, beside: list[Any]
) -> None:
    changed = shutil.copytree(run, tmp_path / "other")
    rows = (changed / "predictions.csv").read_text(encoding="utf-8")
    (changed / "predictions.csv").write_text(rows.replace(",ant,handcrafted", ",bee,handcrafted", 8), encoding="utf-8")
    report(run, beside=changed)
    assert beside[-1]["same_test"] is False


def test_groups_of_the_test_pictures_count_in_the_difference_too(data: Path, tmp_path: Path, beside: list[Any]) -> None:
    grouped = {"group_by": r"([^/]+/\d)\d"}
    one = compare(data, tmp_path / "one", TREE, **grouped)
    two = compare(data, tmp_path / "two", LOGISTIC, **grouped)
    report(one.run, beside=two.run)
    assert beside[-1]["pair"]["test"] == "sign-flip"


def test_a_run_without_a_winner_is_shown_beside(run: Path, data: Path, tmp_path: Path, beside: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        learning(monkeypatch, {TREE: RuntimeError()})
        nothing = compare(data, tmp_path / "nothing", TREE)
    report(run, beside=nothing.run)
    report(nothing.run, beside=run)
    report(nothing.run, beside=nothing.run)
    assert [told["same_test"] for told in beside[-3:]] == [False, False, False]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (("compare.json",), "holds no finished comparison; name a folder that `headstart compare` wrote"),
        (("results.json",), "holds no finished comparison; name a folder that `headstart compare` wrote"),
        (("predictions.csv",), r"predictions.csv can't be read .*; compare again"),
        (("split.json",), "split.json doesn't exist"),
    ],
)
def test_a_folder_that_is_no_finished_comparison_is_refused(
    run: Path, tmp_path: Path, missing: tuple[str, ...], said: str
) -> None:
    broken = Path(shutil.copytree(run, tmp_path / "broken"))
    for name in missing:
        (broken / name).unlink()
    with pytest.raises(UserError, match=said):
        report(broken, beside=run)
    with pytest.raises(UserError, match="holds no finished comparison"):
        report(run, beside=tmp_path)


@pytest.mark.parametrize(
    "text", ["path,label\nant/00.png,ant\n", "path,label,approach,predicted,probability\nant/00.png,ant,x,ant,high\n"]
)
def test_predictions_that_can_not_be_read_are_refused(run: Path, tmp_path: Path, text: str) -> None:
    broken = Path(shutil.copytree(run, tmp_path / "broken"))
    (broken / "predictions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"predictions\.csv can't be read"):
        report(broken, beside=run)


def test_a_page_needs_a_language_that_is_written(run: Path) -> None:
    before = contents(run)
    with pytest.raises(UserError, match="--lang de: choose from en, zh"):
        report(run, lang="de")
    assert contents(run) == before
