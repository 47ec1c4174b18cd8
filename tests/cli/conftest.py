"""The tests of commands in this process compile each network once; those with processes of their own can't."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _one_engine(one_engine: None) -> None:
    """Apply to every test here."""
