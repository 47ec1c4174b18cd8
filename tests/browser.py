"""Pages in a real browser: Chromium without a window, a profile of its own and no way to the network."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--proxy-server=127.0.0.1:9",
    "--hide-scrollbars",
    "--virtual-time-budget=2000",
    "--allow-file-access-from-files",
)
"""The last one lets a page measure the page in its frame."""

Tag = tuple[str, dict[str, str | None]]
"""The name of an element, and its attributes."""


def chromium() -> str:
    """Return where Chromium is; without it, skip the test that asks."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium (chromium, chromium-browser or google-chrome)")


def dom_of(page: Path) -> str:
    """Return the document that the browser made of ``page``, after whatever scripts it runs, as HTML."""
    return _opened(page, "--dump-dom")


def screenshot(page: Path, png: Path, width: int, height: int, dark: bool = False) -> None:
    """Write what a screen of ``width`` × ``height`` pixels shows of ``page``; no narrower than 500."""
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    _opened(page, f"--window-size={width},{height}", scheme, f"--screenshot={png}")


def scroll_width(page: Path, width: int) -> int:
    """Return how wide ``page`` gets where ``width`` pixels are given: in a frame, as windows have a least width."""
    frame = page.with_name(f"{page.stem}-in-{width}.html")
    frame.write_text(
        f'<!doctype html><iframe src="{page.name}" style="width: {width}px; height: 600px; border: 0" '
        'onload="document.title = this.contentDocument.documentElement.scrollWidth"></iframe>',
        encoding="utf-8",
    )
    measured = re.search(r"<title>(\d+)</title>", dom_of(frame))
    assert measured, "the frame could not be measured"
    return int(measured[1])


def tags(html: str) -> list[Tag]:
    """Return the elements of ``html`` in order."""
    return _parsed(html).tags


def words(html: str) -> str:
    """Return the text that a reader of ``html`` sees, with one space for any white space."""
    return " ".join("".join(_parsed(html).text).split())


def _opened(page: Path, *options: str) -> str:
    with TemporaryDirectory(dir=page.parent, prefix="profile-", ignore_cleanup_errors=True) as profile:
        command = [chromium(), *OPTIONS, f"--user-data-dir={profile}", *options, page.as_uri()]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=120).stdout


def _parsed(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects elements and text; style sheets are no text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.text: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if tag not in ("wbr", "bdi", "code"):
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.text.append(data)
