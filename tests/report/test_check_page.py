"""The page of a check: it answers whether one can train, shows the first of everything, and runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2 import UndefinedError
from PIL import Image

from browser import dom_of, screenshot, scroll_width, tags, words
from headstart.report.check_page import check_page, verdict
from pictures import encoded, picture

RAN = "a script ran"
"""What the hostile names below would make the title of the page."""

HOSTILE = [
    f"<img src=x onerror=\"document.title='{RAN}'\">",
    f"\"><script>document.title='{RAN}'</script>",
    f"'><svg onload=\"document.title='{RAN}'\">",
    f"</title></style><script>document.title='{RAN}'</script>",
    f"javascript:document.title='{RAN}'",
    f"\" autofocus tabindex=0 onfocus=\"document.title='{RAN}'",
    "{{ 7 * 7 }}{% raw %}",
    "photo\u202egpj.exe",
    "שלום/עולם.jpg",
    "👩\u200d👩\u200d👧 😀.jpg",
    "bytes\udcff\udc80.jpg",
    "line\nbreak\x00nul.jpg",
    "W" * 255,
    f"{'deep/' * 800}x.jpg",
]


def thumbnail(seed: int = 0) -> bytes:
    return encoded(picture((200, 40, 40), seed), "JPEG")


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "code": "duplicate-across-classes",
        "severity": "error",
        "count": 1,
        "what": "1 picture stands in several classes.",
        "items": [["cat/1.jpg", "dog/7.jpg"]],
        "advice": "Decide which label is right.",
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "data": "pets",
        "pictures": 2527,
        "classes": {"cat": 501, "dog": 2026},
        "parts": None,
        "groups": None,
        "sizes": {"smallest": [32, 24], "median": [500, 375], "largest": [4032, 3024]},
        "modes": {"RGB": 2500, "L": 27},
        "formats": {"JPEG": 2527},
        "findings": [finding()],
        "skipped": [],
        "environment": {"headstart": "0.1.0", "python": "3.13.1", "packages": {"numpy": "2.4.6"}},
        **changes,
    }


def hostile_document() -> dict[str, Any]:
    return document(
        data=HOSTILE[3],
        classes=dict.fromkeys(HOSTILE, 7),
        parts={"train": dict.fromkeys(HOSTILE, 4), HOSTILE[0]: dict.fromkeys(HOSTILE, 3)},
        modes={HOSTILE[0]: 1},
        formats={HOSTILE[1]: 1},
        findings=[
            finding(items=[HOSTILE], what=HOSTILE[0], advice=HOSTILE[1]),
            finding(items=HOSTILE, code="odd-name", severity="warning"),
            finding(items=[[name, name] for name in HOSTILE], code="twin", severity="note"),
        ],
        skipped=[{"path": name, "reason": "hidden"} for name in HOSTILE],
        environment={HOSTILE[0]: HOSTILE[1]},
    )


def written(folder: Path, html: str) -> Path:
    path = folder / "check.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of names that would like to be a program, with pictures; every list on it is unfolded."""
    html = check_page(hostile_document(), {name: thumbnail() for name in HOSTILE})
    return written(tmp_path_factory.mktemp("hostile"), html.replace("<details>", "<details open>"))


# The first screen


def test_the_page_begins_with_the_verdict_and_how_much_there_is() -> None:
    html = check_page(document(), {})
    assert words(html).startswith(
        "Check of pets: 2,527 pictures Skip to the content headstart check pets "
        "1 error must be dealt with before figures can be trusted. pictures 2,527 classes 2 files skipped 0"
    )


@pytest.mark.parametrize(
    ("severities", "sentence"),
    [
        ([], "Nothing was found that would spoil a classifier."),
        (["note"], "Nothing was found that would spoil a classifier. Also 1 note."),
        (["warning"], "No error stands in the way of training; look at 1 warning first."),
        (
            ["note", "warning", "warning"],
            "No error stands in the way of training; look at 2 warnings first. Also 1 note.",
        ),
        (
            ["note", "error", "warning", "error", "note"],
            "2 errors must be dealt with before figures can be trusted. Also 1 warning and 2 notes.",
        ),
    ],
)
def test_the_verdict_counts_findings_by_severity(severities: list[str], sentence: str) -> None:
    assert verdict(document(findings=[finding(severity=severity) for severity in severities])) == sentence


def test_the_contents_lead_to_every_finding_and_section() -> None:
    html = tags(check_page(document(), {}))
    targets = {f"#{attributes['id']}" for _, attributes in html if "id" in attributes}
    links = [attributes["href"] for tag, attributes in html if tag == "a"]
    assert links[1] == "#duplicate-across-classes"
    assert set(links) <= targets


def test_groups_are_told_where_pictures_have_them() -> None:
    assert "groups that stay together 12" in words(check_page(document(groups=12), {}))


# Findings


def test_findings_stand_by_severity_errors_first() -> None:
    found = [finding(code=f"a-{severity}", severity=severity) for severity in ("note", "error", "warning")]
    html = tags(check_page(document(findings=found), {}))
    assert [attributes["id"] for tag, attributes in html if tag == "article"] == ["a-error", "a-warning", "a-note"]


def test_a_finding_says_what_was_found_how_often_and_what_to_do() -> None:
    assert (
        "Error duplicate-across-classes 1 found 1 picture stands in several classes. "
        "What to do: Decide which label is right."
    ) in words(check_page(document(), {}))


def test_a_finding_without_items_has_no_number() -> None:
    assert "no-split What to do:" in words(
        check_page(document(findings=[finding(code="no-split", count=0, items=[], what="")]), {})
    )


@pytest.mark.parametrize("severity", ["error", "warning", "note"])
def test_a_severity_is_a_word_and_a_shape_besides_a_colour(severity: str) -> None:
    html = check_page(document(findings=[finding(severity=severity)]), {})
    article = html[html.index("<article") :]
    assert words(article).startswith(severity.capitalize())
    assert ("svg", {"class": f"sign {severity}", "viewbox": "0 0 20 20", "aria-hidden": "true"}) in tags(article)


def test_the_shapes_of_severities_differ() -> None:
    found = [finding(code=severity, severity=severity) for severity in ("error", "warning", "note")]
    html = check_page(document(findings=found), {})
    shapes = html[html.index("<ol>") : html.index("</ol>")]
    assert [tag for tag, _ in tags(shapes) if tag in ("path", "circle")] == [
        *("path", "path"),
        *("path", "path"),
        *("circle", "path"),
    ]


def test_a_path_with_a_thumbnail_shows_it_with_the_path_as_its_text() -> None:
    html = tags(check_page(document(findings=[finding(items=["cat/1.jpg"])]), {"cat/1.jpg": b"\xff\xd8\xff"}))
    assert ("img", {"src": "data:image/jpeg;base64,/9j/", "alt": "cat/1.jpg"}) in html


def test_a_path_without_a_thumbnail_is_text_alone() -> None:
    html = check_page(document(findings=[finding(items=["cat/1.jpg", "cat/2.jpg"])]), {"cat/1.jpg": thumbnail()})
    assert [attributes["alt"] for tag, attributes in tags(html) if tag == "img"] == ["cat/1.jpg"]
    assert "cat/2.jpg" in words(html)


def test_a_page_without_pictures_says_so() -> None:
    assert "This page names pictures without showing them." in words(check_page(document(), {}))
    assert "without showing them" not in words(check_page(document(), {"cat/1.jpg": thumbnail()}))


def test_copies_stand_side_by_side_in_one_group() -> None:
    html = check_page(document(), {"cat/1.jpg": thumbnail(1), "dog/7.jpg": thumbnail(2)})
    group = html[html.index('<li class="group">') : html.index("</article>")]
    assert [attributes["alt"] for tag, attributes in tags(group) if tag == "img"] == ["cat/1.jpg", "dog/7.jpg"]


def test_of_many_copies_the_first_four_are_shown() -> None:
    html = words(check_page(document(findings=[finding(items=[[f"cat/{i}.jpg" for i in range(1000)]])]), {}))
    assert "cat/3.jpg and 996 more copies" in html


def test_the_first_items_are_shown_and_how_many_more_there_are() -> None:
    html = check_page(document(findings=[finding(items=[f"cat/{i}.jpg" for i in range(100_000)])]), {})
    assert ("details", {}) in tags(html)
    assert "cat/5.jpg Show 18 more cat/6.jpg" in words(html)
    assert "cat/23.jpg Another 99,976 stand in check.json beside this page." in words(html)


def test_all_items_are_shown_where_they_are_few() -> None:
    html = check_page(document(findings=[finding(items=[f"cat/{i}.jpg" for i in range(6)])]), {})
    assert "beside this page" not in words(html)
    assert "details" not in {tag for tag, _ in tags(html)}


def test_nothing_found_is_said() -> None:
    assert "Findings None: every check came back without a finding." in words(check_page(document(findings=[]), {}))


# Classes


def test_classes_stand_from_the_largest_to_the_smallest_with_bars_in_proportion() -> None:
    html = check_page(document(classes={"cat": 50, "dog": 200}), {})
    assert "Class Pictures dog 200 cat 50" in words(html)
    assert [attributes["width"] for tag, attributes in tags(html) if tag == "rect"] == ["100.00", "25.00"]


def test_a_class_in_parts_has_a_number_and_a_piece_of_its_bar_for_each() -> None:
    parts = {"train": {"cat": 30, "dog": 80}, "test": {"dog": 20}}
    html = check_page(document(classes={"cat": 30, "dog": 100}, parts=parts), {})
    assert "train: 110 pictures test: 20 pictures Class Pictures train test dog 100 80 20 cat 30 30 0" in words(html)
    assert ("rect", {"class": "part-2", "x": "80.00", "width": "20.00", "height": "1"}) in tags(html)


def test_of_thousands_of_classes_both_ends_are_shown() -> None:
    html = words(check_page(document(classes={f"class {i:04}": 5000 - i for i in range(3000)}), {}))
    assert "class 0019 4,981 Show classes between the largest and the smallest Class Pictures class 0020" in html
    assert "class 0099 4,901 Another 2,800 classes between these stand in check.json beside this page." in html
    assert "class 2900 2,100" in html
    assert html.count("class 0") + html.count("class 2") == 200


@pytest.mark.parametrize("classes", [39, 40, 41, 150, 200])
def test_up_to_two_hundred_classes_are_all_shown(classes: int) -> None:
    html = words(check_page(document(classes={f"class {i:03}": 500 - i for i in range(classes)}), {}))
    assert html.count("class ") == classes
    assert "beside this page" not in html


def test_classes_without_pictures_have_no_bar() -> None:
    html = check_page(document(classes={"cat": 0}, pictures=0), {})
    assert [attributes["width"] for tag, attributes in tags(html) if tag == "rect"] == ["0.00"]


# Pictures and skipped files


def test_sizes_colours_and_formats_are_told() -> None:
    assert (
        "Size in pixels smallest 32 × 24 median 500 × 375 largest 4,032 × 3,024 "
        "Colours RGB colour 2,500 L grey 27 File formats JPEG 2,527"
    ) in words(check_page(document(), {}))


def test_sizes_that_nobody_knows_are_left_out() -> None:
    assert "Size in pixels" not in words(check_page(document(sizes=None), {}))


def test_skipped_files_stand_by_reason_and_rare_reasons_show_all_of_theirs() -> None:
    hidden = [{"path": f"cat/.{i}.jpg", "reason": "hidden"} for i in range(49_997)]
    empty = [{"path": f"cat/empty{i}.jpg", "reason": "empty-file"} for i in range(3)]
    html = words(check_page(document(skipped=[*hidden, *empty]), {}))
    assert "cat/.196.jpg Another 49,800 stand in check.json beside this page. 49,997" in html
    assert "empty-file cat/empty0.jpg cat/empty1.jpg cat/empty2.jpg 3" in html


def test_nothing_skipped_is_said() -> None:
    assert "Skipped files None: every file was read." in words(check_page(document(), {}))


def test_versions_stand_at_the_foot() -> None:
    assert words(check_page(document(), {})).endswith("headstart 0.1.0 python 3.13.1")


# The whole page


def test_a_page_of_very_much_stays_small_and_every_finding_keeps_pictures() -> None:
    groups = [[f"cat/{i}.jpg", f"dog/{i}.jpg"] for i in range(100_000)]
    html = check_page(
        document(
            classes={f"class {i}": i for i in range(10_000)},
            findings=[finding(code=f"finding-{i}", count=100_000, items=groups) for i in range(20)],
            skipped=[{"path": f"cat/{i}.txt", "reason": "not-a-picture"} for i in range(50_000)],
        ),
        {name: thumbnail() + bytes(10_000) for group in groups[:24] for name in group},
    )
    assert len(html.encode("utf-8")) < 5_000_000
    assert [article.count("<img") for article in html.split("<article")[1:]] == [13] * 20


def test_a_page_has_headings_in_order_and_landmarks() -> None:
    html = [tag for tag, _ in tags(check_page(document(), {}))]
    assert [tag for tag in html if tag in ("h1", "h2", "h3", "h4")] == ["h1", "h2", "h3", "h2", "h2", "h2"]
    assert {"header", "nav", "main", "footer"} <= set(html)


def test_a_field_that_the_document_lacks_is_an_error_and_no_gap() -> None:
    without_advice = [{key: value for key, value in finding().items() if key != "advice"}]
    with pytest.raises(KeyError, match="advice"):
        check_page(document(findings=without_advice), {})
    without_sizes = {key: value for key, value in document().items() if key != "sizes"}
    with pytest.raises(UndefinedError, match="sizes"):
        check_page(without_sizes, {})


def test_ids_are_unique_even_where_findings_share_a_code() -> None:
    html = tags(check_page(document(findings=[finding(), finding(), finding()]), {}))
    ids = [attributes["id"] for _, attributes in html if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"duplicate-across-classes", "duplicate-across-classes-2", "duplicate-across-classes-3"} <= set(ids)


def test_a_page_loads_nothing_and_has_nothing_that_runs() -> None:
    html = tags(check_page(document(), {"cat/1.jpg": thumbnail(), "dog/7.jpg": thumbnail()}))
    assert {tag for tag, _ in html}.isdisjoint({"script", "link", "iframe", "object", "embed", "form", "base", "audio"})
    assert {str(attributes["src"]).partition(",")[0] for _, attributes in html if "src" in attributes} == {
        "data:image/jpeg;base64"
    }
    assert {str(attributes["href"])[0] for _, attributes in html if "href" in attributes} == {"#"}


def test_hostile_names_are_text_that_can_be_encoded() -> None:
    html = check_page(hostile_document(), {})
    html.encode("utf-8")
    assert {tag for tag, _ in tags(html)}.isdisjoint({"script", "img"})
    assert HOSTILE[0] in words(html)
    assert HOSTILE[6] in words(html)


def test_the_direction_of_a_name_ends_with_it() -> None:
    html = check_page(document(classes={"שלום": 7}), {})
    assert "<bdi>שלום</bdi>" in html


# In a browser


def test_a_browser_runs_nothing_of_hostile_names(hostile_page: Path) -> None:
    dom = dom_of(hostile_page)
    html = tags(dom)
    assert f"<title>{RAN}</title>" not in dom
    assert "<title>Check of &lt;/title&gt;&lt;/style&gt;&lt;script&gt;" in dom
    assert "script" not in {tag for tag, _ in html}
    assert [name for _, attributes in html for name in attributes if name.startswith("on")] == []


@pytest.mark.parametrize("name", HOSTILE[:4])
def test_the_same_names_run_where_nobody_escapes_them(name: str, tmp_path: Path) -> None:
    dom = dom_of(written(tmp_path, f'<!doctype html><title>quiet</title><p title="{name}">{name}</p>'))
    assert f"<title>{RAN}</title>" in dom


def test_the_policy_alone_would_stop_them(tmp_path: Path) -> None:
    policy = next(line for line in check_page(document(), {}).splitlines() if "Content-Security-Policy" in line)
    html = f"<!doctype html>{policy}<title>quiet</title>{HOSTILE[0]}{HOSTILE[1]}"
    assert "<title>quiet</title>" in dom_of(written(tmp_path, html))


@pytest.mark.parametrize("width", [320, 768, 1600])
def test_a_page_never_scrolls_sideways(hostile_page: Path, width: int) -> None:
    assert scroll_width(hostile_page, width) == width


def test_the_measure_sees_a_page_that_is_too_wide(tmp_path: Path) -> None:
    assert scroll_width(written(tmp_path, '<!doctype html><p style="width: 900px; margin: 0">wide'), 320) > 320


@pytest.mark.parametrize(("dark", "least", "most"), [(False, 240, 255), (True, 0, 40)])
def test_a_page_is_light_or_dark_as_the_system_is(tmp_path: Path, dark: bool, least: int, most: int) -> None:
    screenshot(written(tmp_path, check_page(document(), {})), tmp_path / "page.png", 600, 400, dark=dark)
    with Image.open(tmp_path / "page.png") as image:
        margin = np.asarray(image.convert("L"))[100:300, 2]
    assert least <= margin.min()
    assert margin.max() <= most
