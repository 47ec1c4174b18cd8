"""The confusion matrix, in numbers, in cells and in words."""

from __future__ import annotations

from browser import words
from headstart.report.figures.confusion import Confused, cells, confused, heat_map, shade
from headstart.report.words import said

MATRIX = [[8, 2, 0], [1, 9, 0], [0, 0, 0]]
CLASSES = ["cat", "dog", "<owl>"]


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def test_rows_and_columns_stand_in_the_order_that_is_given() -> None:
    assert [[cell.count for cell in row] for row in cells(MATRIX, [1, 0, 2])] == [[9, 1, 0], [2, 8, 0], [0, 0, 0]]
    assert [cell.right for cell in cells(MATRIX, [1, 0, 2])[0]] == [True, False, False]


def test_a_cell_is_darker_the_larger_its_share_of_the_class() -> None:
    assert [shade(count, 12) for count in (0, 1, 2, 3, 6, 11, 12)] == [0, 1, 1, 2, 3, 6, 6]
    assert shade(0, 0) == 0


def test_the_most_frequent_confusion_comes_first() -> None:
    assert confused(MATRIX, CLASSES) == [Confused("cat", "dog", 2, 10), Confused("dog", "cat", 1, 10)]


def test_of_as_many_confusions_those_of_a_smaller_class_come_first() -> None:
    assert [pair.true for pair in confused([[9, 1], [1, 2]], ["big", "small"])] == ["small", "big"]


def test_a_cell_of_the_heat_map_says_what_it_is() -> None:
    assert words(heat_map(MATRIX, [0, 1, 2], CLASSES, say, "")) == (
        "cat taken for dog: 2 of 10 dog taken for cat: 1 of 10 cat: 8 of 10 right dog: 9 of 10 right"
    )


def test_cells_without_pictures_are_not_drawn() -> None:
    assert heat_map(MATRIX, [2, 1, 0], CLASSES, say, "").count("over") == 4


def test_names_in_a_heat_map_are_text() -> None:
    assert "&lt;owl&gt; taken for cat" in heat_map([[0, 0, 0], [0, 0, 0], [3, 0, 0]], [0, 1, 2], CLASSES, say, "")
