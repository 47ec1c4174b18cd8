"""The words of learning curves: those that are claimed, in both languages, with the same figures."""

from __future__ import annotations

import inspect
import re
from string import Formatter

import pytest

from headstart.judge import curves
from headstart.report.words import LANGUAGES, curve, said

SENTENCES = curve.SENTENCES


def fields(template: str) -> set[tuple[str, str]]:
    return {(name, form or "") for _, name, form, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_have_the_same_figures_in_the_same_form(key: str) -> None:
    assert fields(SENTENCES[key].en) == fields(SENTENCES[key].zh)


def test_every_claim_has_its_words_and_no_words_are_without_one() -> None:
    assert set(re.findall(r'"(curve_\w+)"', inspect.getsource(curves))) == set(SENTENCES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_accuracies_are_said_in_per_cent_and_gains_in_points(lang: str) -> None:
    gain = said(lang, "curve_climbs", {"id": "frozen+svm", "times": 4, "low": 0.52, "high": 3.06})
    assert "0.5" in gain
    assert "3.1" in gain
    values = {"id": "frozen+svm", "half": 60, "all": 120, "value": 0.9041, "low": 0.88, "high": 0.93, "measured": 0.91}
    check = said(lang, "curve_checked", values)
    assert [each for each in ("90.4%", "88.0%", "93.0%", "91.0%") if each not in check] == []
