"""``cache``: what the store holds, verified and pruned; nothing is made where there is none."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import MissingError, UserError
from headstart.features.store import opened_store, store_file
from headstart.jobs.cache import run_cache
from headstart.progress import Event, silent
from headstart.settings import CacheSettings
from models import contents, names, sentences
from stores import EXTRACTOR, execute, rows_in, vectors

OTHER = replace(EXTRACTOR, backbone="vgg16")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A cache with 5 vectors of one extractor and 3 of another, 32 bytes each."""
    with opened_store(tmp_path / "cache") as store:
        store.put(EXTRACTOR, vectors(5))
        store.put(OTHER, vectors(3))
    return tmp_path / "cache"


def shown(place: Path, **options: Any) -> dict[str, Any]:
    return run_cache(CacheSettings(cache=place, **options), silent)


def left(place: Path) -> int:
    return len(rows_in(place))


def test_it_says_what_the_store_holds(place: Path) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert shown(place) == {
        "format": 1,
        "folder": str(place),
        "vectors": 8,
        "bytes": 256,
        "pruned": None,
        "verified": False,
        "extractors": [
            {**vars(EXTRACTOR), "vectors": 5, "bytes": 160, "used": today},
            {**vars(OTHER), "vectors": 3, "bytes": 96, "used": today},
        ],
    }


def test_the_default_place_is_the_users_cache(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(place))
    assert run_cache(CacheSettings(), silent) == shown(place)


def test_a_default_place_without_a_store_holds_nothing_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    document = run_cache(CacheSettings(verify=True, prune_days=0), silent)
    assert (document["vectors"], document["bytes"], document["extractors"]) == (0, 0, [])
    assert names(tmp_path) == []


def test_a_named_place_without_a_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--cache .*typo: no feature vectors are kept there\."):
        shown(tmp_path / "typo")
    assert names(tmp_path) == []


def test_showing_changes_nothing(place: Path) -> None:
    before = contents(place)
    shown(place, verify=True)
    assert contents(place) == before


def test_a_whole_store_is_verified(place: Path) -> None:
    assert shown(place, verify=True)["verified"] is True


def test_an_altered_vector_is_found_by_verifying_and_the_way_out_is_told(place: Path) -> None:
    execute(place, "UPDATE vectors SET vector = zeroblob(32) WHERE id IN (1, 7)")
    before = contents(place)
    with pytest.raises(UserError) as refused:
        shown(place, verify=True, prune_size="0")
    assert str(refused.value) == (
        f"2 of the vectors in {store_file(place)} aren't what was stored; delete the folder {place / 'features'}: "
        "everything in it can be computed again."
    )
    assert contents(place) == before


def test_a_spoilt_file_is_refused_and_stays_as_it_was(place: Path) -> None:
    store_file(place).write_bytes(store_file(place).read_bytes()[:-20_000])
    before = contents(place)
    with pytest.raises(UserError, match="is damaged"):
        shown(place, verify=True)
    assert contents(place) == before


def test_a_place_that_can_only_be_read_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mkdir(self: Path, **_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(MissingError, match="Read-only file system"):
        shown(place)


def test_pruning_by_age_removes_what_was_not_used_for_so_long(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 30 * 86400)
    with opened_store(place) as store:
        store.load(OTHER, list(vectors(3)))
    assert shown(place, prune_days=30)["pruned"] == 0
    said: list[Event] = []
    document = run_cache(CacheSettings(cache=place, prune_days=29), said.append)
    assert (document["pruned"], document["vectors"], left(place)) == (5, 3, 3)
    assert [made["backbone"] for made in document["extractors"]] == ["vgg16"]
    assert sentences(said) == ("Removed 5 vectors.",)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ("0", 0),
        ("64", 2),
        ("64B", 2),
        ("95", 2),
        ("0.1k", 3),
        ("0.1 KB", 3),
        ("1MB", 8),
        ("1 gb", 8),
        ("2.5TB", 8),
        ("9" * 400 + "TB", 8),
    ],
)
def test_pruning_by_size_leaves_so_much(place: Path, size: str, kept: int) -> None:
    document = shown(place, prune_size=size)
    assert (document["pruned"], document["vectors"], left(place)) == (8 - kept, kept, kept)


@pytest.mark.parametrize("size", ["", "-1", "much", "1 XB", "1KiB", "1e3", "1.MB", "MB", "inf", "nan"])
def test_a_size_that_is_none_is_refused_and_nothing_removed(place: Path, size: str) -> None:
    with pytest.raises(UserError, match=r"--prune-size .*: write a size as in 500MB or 2GB\."):
        shown(place, prune_size=size)
    assert left(place) == 8


def test_days_before_today_are_refused_and_nothing_removed(place: Path) -> None:
    with pytest.raises(UserError, match="--prune-days -1: name a number of days"):
        shown(place, prune_days=-1)
    assert left(place) == 8


def test_more_days_than_there_ever_were_remove_nothing(place: Path) -> None:
    assert shown(place, prune_days=10**20)["pruned"] == 0
