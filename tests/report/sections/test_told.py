"""What every section is made from."""

from __future__ import annotations

from functools import partial
from typing import Any

from headstart.report.album import Album
from headstart.report.comparison_document import whole
from headstart.report.sections import SECTIONS, Told
from headstart.report.sections.told import plain
from headstart.report.words import said
from report.comparison_documents import comparison, nothing_done


def told(document: dict[str, Any], lang: str = "en") -> Told:
    return Told(whole(document), Album({}, 0), partial(lambda key, **values: said(lang, key, values)))


def test_the_winner_is_an_entry_or_nobody() -> None:
    assert (told(comparison()).winner or {})["id"] == "frozen+mlp@efficientnet_lite0"
    assert told(nothing_done()).winner is None
    assert told(comparison()).entry("unheard of") is None


def test_settings_become_text() -> None:
    assert plain({"a": "x", "b": [1], "c": None, "d": "", "e": False}) == {"a": "x", "b": "[1]", "e": "false"}
    assert plain(None) == {}


def test_a_section_speaks_the_language_it_is_told_in() -> None:
    view = SECTIONS["confusion"](told(comparison(), "zh"))
    assert view is not None
    assert view["label"] == "10 个类别的混淆矩阵：150 张测试图片中答对 147 张，有 3 对类别被混淆。"
