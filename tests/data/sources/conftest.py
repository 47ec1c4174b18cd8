"""What the tests of all sources share: data opened until the end of the test, and what was said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headstart.data.records import Listing
from headstart.data.sources import opened
from headstart.progress import Event

Read = Callable[[Path], Listing]


@pytest.fixture
def heard() -> list[Event]:
    """What the sources told while they were opened."""
    return []


@pytest.fixture
def read(heard: list[Event]) -> Iterator[Read]:
    """Open data and return its listing; what was unpacked stays until the test ends."""
    with ExitStack() as stack:
        yield lambda data: stack.enter_context(opened(data, heard.append))


@pytest.fixture
def nothing_left(cache: Path) -> Iterator[None]:
    """Check that a test leaves no scratch folder behind."""
    yield
    assert [path for path in cache.glob("tmp/*") if path.is_dir()] == []
