"""What every page keeps: text is text, nothing is loaded, and one can read it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from browser import tags
from headstart.report.page import LONGEST_NAME, amount, jpeg_address, page, shortened, shown

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
ANY_TEXT = st.text(st.characters(categories=("Cc", "Cf", "Cs", "L", "P", "Z", "S")))


def palettes() -> list[dict[str, str]]:
    """Return the colours of the style sheet by their names: in light, in dark, and as the changes for paper."""
    blocks = re.findall(r":root \{(.*?)\}", page("base.html"), re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("cat\n1.jpg", "cat\ufffd1.jpg"),
        ("cat\x00.jpg", "cat\ufffd.jpg"),
        ("caf\udce9.jpg", "caf\ufffd.jpg"),
        ("photo\u202egpj.exe", "photo\ufffdgpj.exe"),
        ("\x85\x7f\u2028", "\ufffd\ufffd\ufffd"),
        ("é 😀 שלום", "é 😀 שלום"),
    ],
)
def test_what_cannot_be_shown_is_replaced_by_a_sign(name: str, sign: str) -> None:
    assert shown(name) == sign


@given(ANY_TEXT)
def test_what_is_shown_can_always_be_encoded(name: str) -> None:
    assert len(str(shown(name)).encode("utf-8")) >= len(name)


def test_numbers_and_markup_are_shown_as_they_are() -> None:
    assert shown(2527) == 2527
    assert shown(Markup("<b>\n</b>")) == Markup("<b>\n</b>")


def test_a_very_long_name_keeps_both_its_ends() -> None:
    name = shortened(f"first{'x' * 5000}last.jpg")
    assert name.startswith("firstxxx")
    assert name.endswith("xxxlast.jpg")
    assert len(name) == LONGEST_NAME + len(" … ")


def test_a_name_of_usual_length_is_whole() -> None:
    assert shortened("x" * LONGEST_NAME) == "x" * LONGEST_NAME


def test_amounts_have_separators_and_the_right_word() -> None:
    assert amount(100_000) == "100,000"
    assert amount(1, "note") == "1 note"
    assert amount(0, "note") == "0 notes"
    assert amount(2, "class", "classes") == "2 classes"


def test_a_picture_is_an_address_of_its_own() -> None:
    assert jpeg_address(b"\xff\xd8\xff") == "data:image/jpeg;base64,/9j/"


def test_every_page_may_load_nothing_and_run_nothing() -> None:
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}) in tags(page("base.html"))


def test_every_page_says_its_language_and_skips_to_its_content() -> None:
    html = tags(page("base.html"))
    assert ("html", {"lang": "en"}) in html
    assert ("a", {"class": "skip", "href": "#page-main"}) in html


def test_the_style_has_colours_for_light_dark_and_paper() -> None:
    light, dark, paper = palettes()
    assert light.keys() == dark.keys() == paper.keys()


@pytest.mark.parametrize("palette", palettes(), ids=("light", "dark", "paper"))
@pytest.mark.parametrize("colour", ["ink", "soft", "link", "error", "warning", "note", "fine"])
@pytest.mark.parametrize("ground", ["paper", "raised"])
def test_text_has_the_contrast_of_wcag_aa(palette: dict[str, str], colour: str, ground: str) -> None:
    assert contrast(palette[colour], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", palettes(), ids=("light", "dark", "paper"))
@pytest.mark.parametrize("colour", ["part-1", "part-2", "part-3"])
def test_bars_have_the_contrast_of_wcag_aa(palette: dict[str, str], colour: str) -> None:
    assert contrast(palette[colour], palette["raised"]) >= 3


@pytest.mark.parametrize("palette", palettes(), ids=("light", "dark", "paper"))
@pytest.mark.parametrize("number", range(1, 9))
def test_signs_in_charts_have_the_contrast_of_wcag_aa(palette: dict[str, str], number: int) -> None:
    assert contrast(palette[f"series-{number}"], palette["paper"]) >= 3
    assert contrast(palette[f"series-{number}"], palette["raised"]) >= 3


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
