"""The page of a comparison: the verdict first, all that it rests on after it, in any language, for any names."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from browser import OPTIONS, chromium, dom_of, scroll_width, tags, words
from headstart.report.comparison_page import comparison_page, statements
from headstart.report.words import LANGUAGES
from report.comparison_documents import (
    RAN,
    TEN,
    bare,
    chinese,
    comparison,
    hostile,
    hundred_classes,
    nothing_done,
    pictures,
    two_classes,
    without_a_class_in_test,
)

DOCUMENTS = {
    "ten classes": comparison,
    "two classes": two_classes,
    "twenty classes": lambda: comparison([f"{name}_{side}" for name in TEN for side in ("left", "right")]),
    "a hundred classes": hundred_classes,
    "Chinese names": chinese,
    "hostile names": hostile,
    "nothing done": nothing_done,
    "an older document": bare,
    "a class absent from test": without_a_class_in_test,
}
LIMIT = 5_000_000
"""Bytes that a page has at most."""


@pytest.fixture(scope="module")
def html() -> str:
    """The page of ten classes, with pictures."""
    return comparison_page(comparison(), pictures())


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of names that would like to be a program; every list on it is unfolded."""
    text = comparison_page(hostile(), pictures()).replace("<details", "<details open")
    return written(tmp_path_factory.mktemp("hostile"), text)


def written(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def told_by_the_browser(page: Path) -> str:
    """Return what the browser writes about ``page``: errors of scripts and style, and what the policy stopped."""
    with TemporaryDirectory(dir=page.parent, ignore_cleanup_errors=True) as profile:
        logging = ("--enable-logging=stderr", "--log-level=0")
        command = [chromium(), *OPTIONS, *logging, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=120).stderr


# What stands where


def test_the_page_begins_with_the_verdict_the_winner_and_chance(html: str) -> None:
    assert words(html).startswith(
        "Comparison on caltech101_10 Skip to the content headstart compare caltech101_10 The verdict "
        "Best on validation frozen+mlp @efficientnet_lite0 0.980 accuracy on 150 test pictures "
        "95% interval 0.943 … 0.993 chance 0.100"
    )


def test_the_verdicts_statements_follow_in_the_pages_language() -> None:
    assert "The best on validation is frozen+mlp@efficientnet_lite0: it is right for 98.0%" in words(
        comparison_page(comparison(), {})
    )
    assert "在验证集上最好的方法是 frozen+mlp@efficientnet_lite0" in words(comparison_page(comparison(), {}, "zh"))


def test_statements_of_another_version_are_told_by_the_english_sentence() -> None:
    verdict = {"statements": [{"key": "never heard of", "values": {}}], "sentence": "The winner is scratch."}
    assert statements(verdict, "zh") == ["The winner is scratch."]
    assert statements({"statements": [], "sentence": ""}, "en") == []


def test_the_facts_say_how_often_test_was_opened(html: str) -> None:
    assert "times test was opened 1" in words(html)


def test_the_sections_stand_in_order_and_the_contents_lead_to_them(html: str) -> None:
    elements = tags(html)
    sections = [f"#{attributes['id']}" for tag, attributes in elements if tag == "h2"][1:]
    links = [str(attributes["href"]) for tag, attributes in elements if tag == "a"]
    assert sections == [
        *("#page-approaches", "#page-pairs", "#page-curve", "#page-training", "#page-reliability", "#page-confusion"),
        *("#page-classes", "#page-mistakes", "#page-suspects", "#page-attention", "#page-map", "#page-layers"),
        *("#page-findings", "#page-warnings", "#page-cost", "#page-reproduce"),
    ]
    assert links == ["#page-main", "#page-warnings", *sections]


def test_what_was_not_run_and_repeats_have_sections_where_there_are_any() -> None:
    seeds = {"mean": 0.95, "low": 0.93, "high": 0.97, "each": [0.93, 0.97]}
    text = words(
        comparison_page(
            comparison(
                not_run=[{"id": "scratch", "reason": "missing", "why": "It needs TensorFlow."}],
                repeats={"seeds": [0, 1], "accuracy": {"scratch": seeds}},
            ),
            {},
        )
    )
    assert "scratch not installed It needs TensorFlow." in text
    assert "scratch 0.93 0.94" not in text
    assert "scratch 0.950 0.930 … 0.970 0.930 0.970" in text


def test_two_classes_have_their_operating_point() -> None:
    assert (
        "“dog” is answered from a probability of 0.438 on. The threshold was chosen on val; these are its figures on "
        "test."
    ) in words(comparison_page(two_classes(), {}))


def test_few_classes_are_confused_in_numbers_and_a_hundred_in_a_heat_map(html: str) -> None:
    many = comparison_page(hundred_classes(), {})
    assert ("svg", "heat") not in [(tag, attributes.get("class")) for tag, attributes in tags(html)]
    assert ("svg", "heat") in [(tag, attributes.get("class")) for tag, attributes in tags(many)]
    assert "Most frequent confusions" in words(html)
    assert "Most frequent confusions" in words(many)


def test_suspects_in_test_come_without_a_suggestion(html: str) -> None:
    suspects = html[html.index('id="page-suspects"') : html.index('id="page-attention"')]
    in_test = words(suspects[suspects.index(">In test<") :])
    assert "Pictures of the test part that look odd too: 41. No suggestion is given" in in_test
    assert "looks like" not in in_test
    assert "looks like bonsai 0.990" in words(suspects)


def test_a_page_without_pictures_names_them_and_says_so() -> None:
    text = comparison_page(comparison(), {})
    assert "This page names pictures without showing them." in words(text)
    assert "airplane/image_0000.jpg" in words(text)
    assert "img" not in {tag for tag, _ in tags(text)}


def test_the_command_stands_in_a_block_of_its_own(html: str) -> None:
    assert "<code>headstart compare caltech101_10 --out RUN --budget 10m --curve --seed 0</code>" in html


def test_where_nothing_was_done_the_page_says_what_stood_in_the_way() -> None:
    text = words(comparison_page(nothing_done(), {}))
    assert "No approach came to an end" in text
    assert "frozen+svm @efficientnet_lite0 failed The weights could not be read." in text


def test_a_class_without_test_pictures_is_told_as_absent() -> None:
    assert "dalmatian absent from test" in words(comparison_page(without_a_class_in_test(), {}))


def test_two_runs_on_other_pictures_stand_side_by_side_untested() -> None:
    other = {"results": comparison(seed=9, approaches=5), "same_test": False, "pair": None}
    text = words(comparison_page(comparison(), {}, beside=other))
    assert "The test pictures differ, so the difference of the two runs can't be tested." in text
    assert "The other run caltech101_10, 150 test pictures" in text


def test_two_runs_on_the_same_pictures_are_compared_picture_by_picture() -> None:
    pair = comparison()["pairs"][0] | {"p_holm": None, "p_value": 0.25}
    text = words(comparison_page(comparison(), {}, beside={"results": bare(), "same_test": True, "pair": pair}))
    assert "Both runs answered the same test pictures." in text
    assert "12 : 3 0.250" in text


# Any document, both languages


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_a_page_below_5_mb_that_asks_nobody_for_anything(name: str, lang: str) -> None:
    text = comparison_page(DOCUMENTS[name](), pictures(size=160), lang)
    elements = tags(text)
    addresses = [value for _, attributes in elements for key in ("src", "href") if (value := attributes.get(key))]
    assert len(text.encode()) < LIMIT
    assert [address for address in addresses if not address.startswith(("data:image/jpeg;base64,", "#"))] == []
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", text)
    assert "script" not in {tag for tag, _ in elements}


def test_large_pictures_are_left_out_before_the_page_gets_too_large_and_each_section_keeps_some() -> None:
    text = comparison_page(hundred_classes(), pictures(size=320))
    shown = [part.count("<img") for part in text.split("<h2 ")]
    assert 3_000_000 < len(text.encode()) < LIMIT
    assert [count > 0 for count in shown[9:14]] == [True, True, True, False, True]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_headings_go_down_one_step_at_a_time(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in tags(comparison_page(DOCUMENTS[name](), {})) if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [b for a, b in pairwise(levels) if b > a + 1] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_id_is_given_once(name: str) -> None:
    ids = [
        str(attributes["id"]) for _, attributes in tags(comparison_page(DOCUMENTS[name](), {})) if "id" in attributes
    ]
    assert sorted(ids) == sorted(set(ids))


def test_the_page_says_its_language() -> None:
    assert tags(comparison_page(bare(), {}, "zh"))[0] == ("html", {"lang": "zh-Hans"})
    assert tags(comparison_page(bare(), {}))[0] == ("html", {"lang": "en"})


def test_a_chinese_page_has_no_english_but_names_and_what_was_written_in_english() -> None:
    text = words(re.sub(r'<span lang="en">.*?</span>', "", comparison_page(comparison(), {}, "zh")))
    assert re.findall(r"\b(?:the|and|of|with|on|train|val|test)\b", text) == []


# For everybody


def test_every_picture_and_drawing_is_named_or_hidden(html: str) -> None:
    for tag, attributes in tags(html):
        assert tag != "img" or attributes["alt"]
        assert tag != "svg" or {"aria-label", "aria-hidden", "viewbox", "x"} & set(attributes)


def test_every_table_has_a_caption_and_heads_with_a_scope(html: str) -> None:
    elements = tags(html)
    names = [tag for tag, _ in elements]
    assert names.count("table") == names.count("caption")
    assert [attributes for tag, attributes in elements if tag == "th" and "scope" not in attributes] == []


def test_every_approach_says_in_words_whether_it_transfers(html: str) -> None:
    section = html[html.index('id="page-approaches"') : html.index('id="page-pairs"')]
    rows = [words(row) for row in section.split('<tr role="row"')[2:12]]
    assert ["no transfer" in row for row in rows] == [False] * 6 + [True] * 4


def test_an_unfinished_training_is_told_in_words(html: str) -> None:
    assert "scratch no transfer not converged" in words(html)


# In a browser


@pytest.mark.parametrize("name", ["ten classes", "two classes", "twenty classes", "a hundred classes"])
def test_a_phone_shows_the_page_without_scrolling_sideways(name: str, tmp_path: Path) -> None:
    text = comparison_page(DOCUMENTS[name](), pictures(size=32)).replace("<details", "<details open")
    assert scroll_width(written(tmp_path, text), 390) == 390


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_no_name_makes_the_page_wider_than_the_screen(width: int, hostile_page: Path) -> None:
    assert scroll_width(hostile_page, width) == width


def test_two_runs_side_by_side_fit_a_phone(tmp_path: Path) -> None:
    other = {"results": hostile(), "same_test": True, "pair": comparison()["pairs"][0]}
    assert scroll_width(written(tmp_path, comparison_page(comparison(), {}, "zh", beside=other)), 390) == 390


def test_names_run_nothing(hostile_page: Path) -> None:
    dom = dom_of(hostile_page)
    assert f"<title>{RAN}" not in dom
    assert {"script", "iframe", "object"} & {tag for tag, _ in tags(dom)} == set()
    assert [attributes for _, attributes in tags(dom) if any(key.startswith("on") for key in attributes)] == []


def test_names_are_text_that_nobody_turns_around(hostile_page: Path) -> None:
    text = hostile_page.read_text(encoding="utf-8")
    assert "photo\ufffdgpj.exe" in text
    assert "\u202e" not in text
    assert "{{ 7 * 7 }}{% raw %}{x}%s" in text


@pytest.mark.parametrize("name", ["ten classes", "hostile names"])
def test_the_browser_has_nothing_to_complain_of(name: str, tmp_path: Path) -> None:
    page = written(tmp_path, comparison_page(DOCUMENTS[name](), pictures(size=32)))
    assert "CONSOLE" not in told_by_the_browser(page)


def test_what_the_browser_complains_of_would_be_seen(tmp_path: Path) -> None:
    page = written(tmp_path, comparison_page(nothing_done(), {}).replace("<main", "<img src='x.png'><main"))
    assert "CONSOLE" in told_by_the_browser(page)


def test_the_document_is_left_as_it_was() -> None:
    document: dict[str, Any] = bare()
    comparison_page(document, {})
    assert document == bare()
