"""Dark, bright, blurred, tiny and long pictures are found, and others aren't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from headstart.data.audit import Audited
from headstart.data.audit.looks import looks
from headstart.data.together import Together
from made_up import audited, named, read_anew
from pictures import encoded, picture


def found(**facts: Any) -> dict[str, tuple[int, str, str]]:
    """Return count, severity and what was found, by code, of three pictures with these facts."""
    findings = looks(audited(named("ant/1.png", "ant/2.png", "bee/1.png"), facts=facts))
    return {finding.code: (finding.count, finding.severity, finding.what) for finding in findings}


def test_ordinary_pictures_are_not_found() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("facts", "code", "severity", "what"),
    [
        ({"bright": [63, 64, 255]}, "too-dark", "warning", "1 picture is dark all over."),
        ({"bright": [63, 0, 64]}, "too-dark", "warning", "2 pictures are dark all over."),
        ({"dark": [193, 192, 0]}, "too-bright", "warning", "1 picture is bright all over."),
        ({"dark": [193, 255, 192]}, "too-bright", "warning", "2 pictures are bright all over."),
        (
            {"sharpness": [0.049, 0.051, 20]},
            "blurred",
            "note",
            "1 picture is blurred, or of one colour, even at the size that a network sees.",
        ),
        (
            {"sharpness": [0, 0.049, 0.051]},
            "blurred",
            "note",
            "2 pictures are blurred, or of one colour, even at the size that a network sees.",
        ),
        (
            {"width": [63, 64, 999], "height": [64, 64, 999]},
            "tiny",
            "note",
            "1 picture has a side of fewer than 64 pixels and will be scaled up.",
        ),
        (
            {"width": [63, 64, 999], "height": [64, 63, 999]},
            "tiny",
            "note",
            "2 pictures have a side of fewer than 64 pixels and will be scaled up.",
        ),
        (
            {"width": [301, 300, 100], "height": [100, 100, 100]},
            "odd-aspect",
            "note",
            "1 picture is more than 3 times as long as wide: with --fit squash it is squashed.",
        ),
        (
            {"width": [301, 100, 300], "height": [100, 301, 100]},
            "odd-aspect",
            "note",
            "2 pictures are more than 3 times as long as wide: with --fit squash they are squashed.",
        ),
    ],
)
def test_pictures_beyond_a_limit_are_found_and_those_at_it_are_not(
    facts: dict[str, Any], code: str, severity: str, what: str
) -> None:
    assert found(**facts) == {code: (int(what[0]), severity, what)}


@pytest.mark.parametrize("facts", [{"bright": 20, "sharpness": 0.01}, {"dark": 240, "sharpness": 0.01}])
def test_dark_and_bright_pictures_are_not_called_blurred_too(facts: dict[str, Any]) -> None:
    assert "blurred" not in found(**facts)


@pytest.mark.parametrize(
    ("fit", "one", "three"),
    [
        ("squash", "it is squashed", "they are squashed"),
        ("crop", "only its middle is seen", "only their middle is seen"),
        (
            "pad",
            "most of what a network sees is grey beside it",
            "most of what a network sees is grey beside them",
        ),
    ],
)
def test_what_becomes_of_long_pictures_depends_on_the_fit(fit: str, one: str, three: str) -> None:
    records = named("ant/1.png", "ant/2.png", "ant/3.png")
    (single,) = looks(audited(records[:1], facts={"width": 999}, fit=fit))
    (several,) = looks(audited(records, facts={"width": 999}, fit=fit))
    assert single.what == f"1 picture is more than 3 times as long as wide: with --fit {fit} {one}."
    assert several.what == f"3 pictures are more than 3 times as long as wide: with --fit {fit} {three}."


def test_real_pictures_are_found(tmp_path: Path) -> None:
    sharp = picture((120, 120, 120), seed=0, size=(300, 300))
    shapes = Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8)).resize((300, 300), 0)
    images = {
        "sharp": sharp,
        "shapes": shapes,
        "dark": sharp.point(lambda value: value // 8),
        "bright": sharp.point(lambda value: 215 + value // 8),
        "blurred": shapes.filter(ImageFilter.GaussianBlur(12)),
        "one colour": Image.new("RGB", (300, 300), (128, 128, 128)),
        "tiny": sharp.resize((63, 100)),
        "long": sharp.resize((700, 200)),
    }
    for name, image in images.items():
        (tmp_path / "ant").mkdir(exist_ok=True)
        (tmp_path / "ant" / f"{name}.png").write_bytes(encoded(image))
    pictures = read_anew(tmp_path)
    findings = looks(Audited(pictures, Together(np.arange(len(images)))))
    assert {finding.code: finding.items for finding in findings} == {
        "too-dark": ("ant/dark.png",),
        "too-bright": ("ant/bright.png",),
        "blurred": ("ant/blurred.png", "ant/one colour.png"),
        "tiny": ("ant/tiny.png",),
        "odd-aspect": ("ant/long.png",),
    }


def test_hardly_a_real_photo_of_a_cat_or_dog_is_called_hard_to_see(shared_data: Path) -> None:
    pictures = read_anew(shared_data / "cats_dogs.tar")
    findings = looks(Audited(pictures, Together(np.arange(1200))))
    assert sum(finding.count for finding in findings) <= 12
