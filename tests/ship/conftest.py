"""The model that the tests of bundles spoil copies of."""

from __future__ import annotations

import pytest

from models import Trained, trained_once


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: object) -> Trained:
    return trained_once(tmp_path_factory.getbasetemp())
