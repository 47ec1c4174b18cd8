"""The model that the tests of commands share."""

from __future__ import annotations

import pytest

from models import Trained, engine_once, trained_once


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: object) -> Trained:
    return trained_once(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile each network once; the tests with processes of their own and those of bundles do without this."""
    monkeypatch.setattr("headstart.jobs.train.engine_for", engine_once)
    monkeypatch.setattr("headstart.jobs.classifier.engine_for", engine_once)
