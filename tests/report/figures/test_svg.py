"""Elements of SVG: whatever is put in stays text."""

from __future__ import annotations

from headstart.report.figures.svg import colour, drawing, element, marker, number, percent, points, shape, stretched


def test_text_and_attributes_are_escaped() -> None:
    assert element("text", "<b>", class_='"&', dx="1") == '<text class="&#34;&amp;" dx="1">&lt;b&gt;</text>'


def test_an_element_without_content_closes_itself() -> None:
    assert element("line", x1=1.0, aria__hidden="true", y=None) == '<line x1="1" aria-hidden="true"/>'


def test_what_turns_reading_around_is_replaced() -> None:
    assert element("title", "photo\u202egpj.exe") == "<title>photo\ufffdgpj.exe</title>"


def test_a_drawing_is_named_or_hidden() -> None:
    assert drawing("3 of 4", class_="row") == '<svg class="row" role="img" aria-label="3 of 4"/>'
    assert drawing(None, class_="row") == '<svg class="row" aria-hidden="true"/>'


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0, 1.0, 12.3456, 100.10)] == ["0", "1", "12.35", "100.1"]
    assert percent(12.3456) == "12.35%"
    assert points([(0, 1.5), (2, 3)]) == "0,1.5 2,3"


def test_a_stretched_layer_has_units_of_a_hundredth() -> None:
    assert 'viewBox="0 0 100 100"' in stretched()


def test_ten_signs_differ_by_shape_and_eight_by_colour() -> None:
    assert len({shape(series) for series in range(10)}) == 10
    assert len({colour(series) for series in range(8)}) == 8
    assert colour(8) == colour(0)


def test_a_sign_begins_at_its_place() -> None:
    assert shape(1, 10, 20) == "M6.3 16.3l7.4 0l0 7.4l-7.4 0z"
    assert 'x="10%" y="20%"' in marker(1, 10, 20)
