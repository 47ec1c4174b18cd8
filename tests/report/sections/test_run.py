"""Sections about the run itself."""

from __future__ import annotations

from typing import Any

from headstart.report.album import Album
from headstart.report.comparison_document import whole
from headstart.report.sections import SECTIONS, Told
from headstart.report.words import said
from report.comparison_documents import comparison, pictures


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def told(document: dict[str, Any]) -> Told:
    return Told(whole(document), Album(pictures(), 10**7), say)


def section(name: str, document: dict[str, Any]) -> Any:
    return SECTIONS[name](told(document))


def test_approaches_of_the_same_weights_share_a_line() -> None:
    lines = list(section("reproduce", comparison())["weights"].values())
    assert lines[3].startswith("frozen+logistic@efficientnet_lite0, frozen+svm@efficientnet_lite0, ")


def test_settings_are_text_and_what_is_empty_is_left_out() -> None:
    settings = section("reproduce", comparison())["settings"]
    assert settings == {"backbones": '["efficientnet_lite0"]', "budget": "10m", "seed": "0", "pictures": "true"}


def test_findings_stand_by_severity() -> None:
    document = comparison()
    document["dataset"]["findings"] = [{"code": name, "severity": name} for name in ("note", "error", "warning")]
    assert [item["code"] for item in section("findings", document)["items"]] == ["error", "warning", "note"]
