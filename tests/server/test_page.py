"""The page, used: in a real browser with its script and without, by keyboard and on a phone, with a hostile model."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from browser import tags, words
from chrome import Tab, tab
from eyes import red_eye, red_quarters, write_objects
from headstart.learn.heads import DenseHead
from headstart.server.similar import SHOWN
from headstart.ship.bundle import write_model
from models import train
from servers import Server, form, serving

HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "W" * 300
TOKEN = "open-sesame"  # noqa: S105 - of a test


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_objects(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
def server(objects: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a model that tells checks from rings, and carries its training pictures."""
    model = train(objects, tmp_path_factory.mktemp("served") / "model", with_neighbours=True).model
    with serving(model) as running:
        yield running


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for a token, of a model with 10,000 classes that are called anything."""
    place = tmp_path_factory.mktemp("hostile")
    kernel = np.zeros((1, 10_000), np.float32)
    kernel[0, 0] = 60
    head = DenseHead(((kernel, np.zeros(10_000, np.float32)),))
    classes = (HOSTILE, LONG, "bytes\udcff", "photo\u202egpj.exe", *(f"class {i}" for i in range(9996)))
    write_model(place / "model", replace(red_eye(), classes=classes, head=head))
    with serving(place / "model", "--token", TOKEN, "--unsure-below", "1") as running:
        yield running


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("red")
    red_quarters(root)
    return root / "red" / "top left.png"


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with tab() as opened:
        yield opened


@pytest.fixture
def page(browser: Tab, server: Server) -> Iterator[Tab]:
    """The page, as it is before anything is asked; nothing may be complained of, or asked for elsewhere."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.looks(1280, 900)
    browser.open(server.url)
    yield browser
    assert browser.complaints == []
    assert [own for own in browser.requests if not own.startswith((server.url, f"blob:{server.url}", "data:"))] == []


def until_answered(page: Tab, answers: int = 1) -> None:
    page.until(f"document.querySelectorAll('.answer .looked .look').length === {answers}")


def given(file: Path, event: str) -> str:
    """Return a script that gives a picture to the page as the ``event`` would."""
    content = b64encode(file.read_bytes()).decode()
    return f"""{{
        const bytes = Uint8Array.from(atob("{content}"), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "given.png", {{ type: "image/png" }}));
        document.querySelector(".drop").dispatchEvent({event});
    }}"""


DROP = "new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })"
PASTE = "new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })"


def test_a_picture_that_is_chosen_gets_its_class_with_a_bar(page: Tab, objects: Path) -> None:
    page.choose("#choose", [objects / "checks" / "0.png"])
    until_answered(page)

    assert page.value("document.querySelector('.answer h2 bdi').textContent") == "checks"
    assert page.value("document.querySelector('.answer .file').textContent") == "0.png"
    bars = page.value("[...document.querySelectorAll('.fill')].map((e) => e.getBoundingClientRect().width)")
    assert bars[0] > bars[1]
    assert page.value("document.querySelector('#told').textContent").startswith("0.png: checks")
    assert page.value("document.querySelector('.plain').src").startswith("blob:")


def test_where_the_model_looked_can_be_shown_over_the_picture(page: Tab, objects: Path) -> None:
    page.choose("#choose", [objects / "checks" / "0.png"])
    until_answered(page)
    opacity = "getComputedStyle(document.querySelector('.overlay')).opacity"

    assert page.value(opacity) == "0"
    page.value("document.querySelector('.look').click()")
    page.until(f"{opacity} === '1'")
    assert page.value("document.querySelector('.overlay').naturalWidth") == 336
    assert "exact for this network" in page.text()


def test_the_most_similar_training_pictures_are_shown_with_what_that_means(page: Tab, objects: Path) -> None:
    page.choose("#choose", [objects / "rings" / "1.png"])
    until_answered(page)

    names = page.value("[...document.querySelectorAll('.similar figcaption bdi')].map((e) => e.textContent)")
    assert names == ["rings"] * SHOWN
    assert "This model carries small copies of 12 training pictures: whoever has the model has them." in page.text()


@pytest.mark.parametrize("event", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_picture_can_be_given_in_other_ways(page: Tab, objects: Path, event: str) -> None:
    page.value(given(objects / "rings" / "0.png", event))
    until_answered(page)
    assert page.value("document.querySelector('.answer h2 bdi').textContent") == "rings"


def test_what_is_dropped_without_a_file_is_told(page: Tab) -> None:
    page.value("document.dispatchEvent(new DragEvent('drop', { dataTransfer: new DataTransfer(), cancelable: true }))")
    page.until("document.querySelector('#told').textContent.includes('no picture in that')")


def test_several_pictures_are_answered_one_after_the_other_and_a_bad_one_in_words(
    page: Tab, objects: Path, tmp_path: Path
) -> None:
    nonsense = tmp_path / "<i>nonsense.jpg"
    nonsense.write_bytes(b"nonsense")
    page.choose("#choose", [objects / "checks" / "0.png", nonsense, objects / "rings" / "0.png"])
    until_answered(page, 2)

    titles = page.value("[...document.querySelectorAll('.answer h2')].map((e) => e.textContent.trim().split(' ')[0])")
    assert titles == ["rings", "No", "checks"]
    assert "This is no picture." in page.text()
    assert "<i>nonsense.jpg" in page.text()


def test_the_page_says_how_good_the_model_is_and_what_it_knows(page: Tab) -> None:
    text = page.text()
    assert re.search(r"\d+\.\d% accuracy on 4 pictures held out from training", text)
    assert re.search(r"95% interval \d+\.\d% to \d+\.\d%", text)
    assert "It knows 2 classes and no others: every picture gets one of them" in text


def test_everything_is_reached_by_keyboard_and_shows_that_it_is(page: Tab, objects: Path) -> None:
    page.choose("#choose", [objects / "checks" / "0.png"])
    until_answered(page)
    page.value("document.activeElement.blur(); scrollTo(0, 0)")
    focused = []
    for _ in range(4):
        page.press("Tab")
        focused.append(
            page.value(
                "[document.activeElement.id || document.activeElement.className || document.activeElement.localName, "
                "getComputedStyle(document.activeElement.closest('label') ?? document.activeElement).outlineStyle]"
            )
        )

    assert focused == [["skip", "solid"], ["choose", "solid"], ["look", "solid"], ["summary", "solid"]]


def test_the_zone_is_a_label_of_its_input_and_answers_are_announced(page: Tab) -> None:
    assert page.value("document.querySelector('.drop').control.id") == "choose"
    assert page.value("document.querySelector('#photograph').labels[0].innerText.length") > 0
    assert page.value("document.querySelector('#told').getAttribute('aria-live')") == "polite"


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_has_to_be_scrolled_sideways(page: Tab, objects: Path, width: int) -> None:
    page.looks(width, 740)
    page.choose("#choose", [objects / "checks" / "0.png"])
    until_answered(page)
    assert page.value("document.documentElement.scrollWidth") == width
    assert page.value("getComputedStyle(document.querySelector('.camera')).display") == (
        "flex" if width == 360 else "none"
    )


def test_without_a_script_a_form_gives_the_page_with_the_answer(server: Server, objects: Path) -> None:
    with tab() as plain:
        plain.without_scripts()
        plain.open(server.url)
        plain.choose("#choose", [objects / "checks" / "0.png"])
        plain.value("document.querySelector('#ask').submit()")
        plain.until("document.querySelectorAll('.answer').length === 1")

        assert plain.value("document.documentElement.className") == ""
        assert plain.value("document.querySelector('.answer h2 bdi').textContent") == "checks"
        assert plain.value("document.querySelector('.overlay').naturalWidth") == 336
        plain.value("document.querySelector('.look').click()")
        plain.until("getComputedStyle(document.querySelector('.overlay')).opacity === '1'")
        assert plain.value("document.querySelectorAll('.similar figure').length") == SHOWN
        assert plain.complaints == []


def test_a_form_with_nothing_in_it_gets_the_page_and_a_sentence(server: Server) -> None:
    body, content_type = form([])
    answer = server.ask("POST", "/", body, content_type=content_type)
    assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "The form holds no file" in words(answer.body.decode())


def test_of_many_pictures_in_a_form_the_first_are_explained(server: Server, objects: Path) -> None:
    pictures = [(objects / "checks" / f"{i}.png").read_bytes() for i in range(5)]
    body, content_type = form([*pictures, b"nonsense"])
    text = server.ask("POST", "/", body, content_type=content_type).body.decode()
    assert text.count('class="overlay"') == 4
    assert text.count("Where it looked is shown for the first 4 pictures of a form.") == 1
    assert "Picture 6 of 6" in text


def test_programs_get_the_explanation_and_the_similar_pictures_as_json(server: Server, objects: Path) -> None:
    picture = (objects / "rings" / "0.png").read_bytes()
    explained = server.ask("POST", "/v1/explain", picture, content_type="image/png").document
    similar = server.ask("POST", "/v1/similar", picture, content_type="image/png").document["similar"]

    assert (explained["class"], explained["method"]) == ("rings", "cam")
    assert explained["overlay"].startswith("data:image/jpeg;base64,")
    assert [own["class"] for own in similar] == ["rings"] * SHOWN
    assert [own["similarity"] for own in similar] == sorted((own["similarity"] for own in similar), reverse=True)
    assert all(own["picture"].startswith("data:image/jpeg;base64,") for own in similar)


@pytest.mark.parametrize("path", ["/v1/explain", "/v1/similar"])
def test_what_is_no_picture_or_several_is_refused(server: Server, objects: Path, path: str) -> None:
    picture = (objects / "rings" / "0.png").read_bytes()
    body, content_type = form([picture, picture])
    assert server.ask("POST", path, b"nonsense", content_type="image/png").code == "not-a-picture"
    assert server.ask("POST", path, body, content_type=content_type).code == "too-many-pictures"


def test_no_script_or_style_stands_in_the_page_itself(server: Server, objects: Path) -> None:
    body, content_type = form([(objects / "checks" / "0.png").read_bytes()])
    html = server.ask("POST", "/", body, content_type=content_type).body.decode()
    found = tags(html)

    assert [own for own in found if own[0] == "script" and not own[1].get("src")] == []
    assert [own for own in found if own[0] == "style" or {"style", "onclick", "onerror", "onload"} & set(own[1])] == []
    addresses = {own[1].get("src") or own[1].get("href") or "" for own in found}
    assert [own for own in addresses if own and not own.startswith(("data:image/jpeg", "static/", "#"))] == []


def test_the_policy_allows_our_own_files_alone(server: Server) -> None:
    policy = server.ask("GET", "/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("name", "kind"), [("page.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
)
def test_files_of_the_page_are_kept_by_browsers_as_long_as_they_are_the_same(
    server: Server, name: str, kind: str
) -> None:
    html = server.ask("GET", "/").body.decode()
    [address] = re.findall(rf'"(static/{re.escape(name)}\?v=\w+)"', html)
    kept, other = server.ask("GET", f"/{address}"), server.ask("GET", f"/static/{name}?v=older")

    assert kept.headers["content-type"].startswith(kind)
    assert "immutable" in kept.headers["cache-control"]
    assert other.headers["cache-control"] == "no-cache"
    assert kept.body == other.body == (files("headstart.server") / "static" / name).read_bytes()


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "%2e%2e/page.py", "page.css%00"])
def test_no_other_file_is_given_out(server: Server, name: str) -> None:
    assert server.ask("GET", f"/static/{name}").status == 404


def test_a_locked_page_opens_with_the_token_and_with_no_other(browser: Tab, hostile: Server, red: Path) -> None:
    browser.open(hostile.url)
    assert "This page is locked" in browser.text()
    browser.value("document.querySelector('#token').focus()")
    for letter in "no":
        browser.press(letter, letter)
    browser.press("Enter", "\r")
    browser.until("document.querySelector('#told').textContent.includes('t the token')")

    browser.value(f"document.querySelector('#token').value = {json.dumps(TOKEN)}")
    browser.press("Enter", "\r")
    browser.until("document.querySelector('#choose') !== null")
    browser.choose("#choose", [red])
    until_answered(browser)
    browser.open(hostile.url)
    browser.until("document.querySelector('#choose') !== null")  # the tab knows the token


def test_without_the_token_nothing_is_told_of_the_model(hostile: Server, red: Path) -> None:
    locked = hostile.ask("GET", "/").body.decode()
    assert "class 7" not in locked
    assert "classes" not in locked
    for path in ("/", "/v1/explain", "/v1/similar"):
        assert hostile.ask("POST", path, red.read_bytes(), content_type="image/png").status == 401


def test_names_of_classes_are_text_and_nothing_else(browser: Tab, hostile: Server, red: Path) -> None:
    browser.open(hostile.url)
    browser.value(f"sessionStorage.setItem('headstart-token', {json.dumps(TOKEN)})")
    browser.complaints.clear()
    browser.looks(360, 740)
    browser.open(hostile.url)
    browser.until("document.querySelector('#choose') !== null")
    browser.choose("#choose", [red])
    until_answered(browser)

    assert browser.value("document.querySelector('.answer h2 bdi').textContent") == HOSTILE
    assert f"{HOSTILE}" in browser.value("document.querySelector('.names').textContent")
    assert browser.value("document.querySelectorAll('img[onerror], img[src=x]').length") == 0
    assert "Not sure: of pictures about which it is this sure" in browser.text()
    assert browser.value("document.querySelectorAll('.shares tr').length") == 5
    assert "and 9,995 classes more" in browser.text()
    assert browser.value("document.documentElement.scrollWidth") == 360
    assert browser.complaints == []


def test_a_model_without_training_pictures_shows_none(hostile: Server, red: Path) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = hostile.ask("POST", "/v1/similar", red.read_bytes(), content_type="image/png", **bearer)
    assert (answer.status, answer.code) == (404, "no-training-pictures")
    assert "carries" not in hostile.ask("GET", "/", **bearer).body.decode()


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_are_far_enough_apart_to_be_read(scheme: int) -> None:
    style = (files("headstart.server") / "static" / "page.css").read_text(encoding="utf-8")
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", style.split(":root {")[scheme + 1].split("}")[0]))

    for text in ("ink", "soft", "link", "error", "warning"):
        assert contrast(colour[text], colour["paper"]) >= 4.5
    for text in ("ink", "soft"):
        assert contrast(colour[text], colour["raised"]) >= 4.5
    for sign in ("bar", "rest", "edge"):
        assert contrast(colour[sign], colour["raised"]) >= 3
