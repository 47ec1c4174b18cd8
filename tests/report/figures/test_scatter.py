"""The map of the features: classes by shape and colour, mistakes marked."""

from __future__ import annotations

from browser import words
from headstart.report.figures.scatter import DRAWN, feature_map
from headstart.report.words import said

POINTS = [[0.1, 0.2, 0, 0, 0], [0.9, 0.8, 1, 0, 2], [0.5, 0.5, 1, -1, 1]]
PATHS = ["cat/1.jpg", "dog/<b>.jpg", "dog/2.jpg"]


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def test_a_mistake_has_a_ring_and_says_what_it_is() -> None:
    chart = feature_map(POINTS, PATHS, ["cat", "dog"], say, "A map.")
    assert words(chart) == "dog/<b>.jpg: dog, taken for cat"
    assert chart.count('class="ring"') == 1
    assert 'aria-label="A map."' in chart


def test_up_to_ten_classes_have_signs_of_their_own() -> None:
    chart = feature_map(POINTS, PATHS, ["cat", "dog"], say, "")
    assert 'class="mark series-1"' in chart
    assert 'class="mark series-2"' in chart


def test_of_more_classes_signs_tell_right_from_wrong() -> None:
    chart = feature_map(POINTS, PATHS, ["cat", "dog", *map(str, range(9))], say, "")
    assert 'class="mark right"' in chart
    assert 'class="mark wrong"' in chart
    assert "ring" not in chart


def test_of_very_many_pictures_some_are_drawn() -> None:
    chart = feature_map([[0.5, 0.5, 0, 0, 0]] * (DRAWN + 1), [], ["cat"], say, "")
    assert chart.count("z") == DRAWN // 2 + 1


def test_a_mistake_without_a_path_is_drawn() -> None:
    assert words(feature_map(POINTS, [], ["cat", "dog"], say, "")) == ": dog, taken for cat"
