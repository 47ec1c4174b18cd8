"""The feature store: bit for bit what was put, found by content alone, shared by processes, refused when spoilt."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import HeadstartError, MissingError, UserError
from headstart.features import store as module
from headstart.features.store import FeatureStore, opened_store, store_file
from made_up import sha
from models import contents, names
from stores import EXTRACTOR, bits, execute, rows_in, vectors

OTHER = replace(EXTRACTOR, layer="other")
VECTORS = vectors(60)
TODAY = datetime.now(UTC).date()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A cache of its own, with `VECTORS` in it."""
    with opened_store(tmp_path / "cache") as store:
        store.put(EXTRACTOR, VECTORS)
    return tmp_path / "cache"


@pytest.fixture
def store(place: Path) -> Iterator[FeatureStore]:
    """The store in that cache."""
    with opened_store(place) as store:
        yield store


# --- what is put is found -------------------------------------------------------------------------------------


def test_vectors_come_back_bit_for_bit(store: FeatureStore) -> None:
    assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


def test_numbers_of_every_kind_come_back_bit_for_bit(store: FeatureStore) -> None:
    odd = np.array([-0.0, np.inf, -np.inf, 1e-45, 3.4028235e38, 1e-40, np.nan], np.float32)
    odd[-1:].view(np.uint32)[:] = 0x7FC12345  # a NaN that isn't the usual one
    store.put(OTHER, {sha("odd"): odd})
    assert bits(store.load(OTHER, [sha("odd")])) == {sha("odd"): odd.tobytes()}


def test_vectors_are_float32_and_may_have_been_part_of_a_larger_array(store: FeatureStore) -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    store.put(OTHER, {sha("column"): matrix[:, 1]})
    found = store.load(OTHER, [sha("column")])[sha("column")]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [1, 5, 9])


@pytest.mark.parametrize("dimension", [6, 7])
def test_rows_of_maps_are_kept_as_float16_and_come_back_bit_for_bit(place: Path, dimension: int) -> None:
    maps = replace(EXTRACTOR, layer="head_relu:none", dtype="float16")
    rows = {sha(str(i)): np.random.default_rng(i).normal(size=dimension).astype(np.float16) for i in range(9)}
    with opened_store(place) as store:
        store.put(maps, rows)
    with opened_store(place) as store:
        found = store.load(maps, list(rows))
        assert bits(found) == bits(rows)
        assert {vector.dtype for vector in found.values()} == {np.dtype(np.float16)}
        assert store.damaged() == 0
        assert {held.facts["dtype"]: held.bytes for held in store.held()} == {
            "float16": 9 * 2 * dimension,
            "float32": 60 * 32,
        }


def test_known_are_those_of_the_extractor_alone(store: FeatureStore) -> None:
    asked = [sha("3"), sha("unknown"), sha("5")]
    assert store.known(EXTRACTOR, asked) == {sha("3"), sha("5")}
    assert store.known(OTHER, asked) == set()
    assert store.known(EXTRACTOR, []) == set()


def test_only_what_is_asked_for_and_there_is_returned(store: FeatureStore) -> None:
    asked = [sha("3"), sha("unknown"), sha("5")]
    assert set(store.load(EXTRACTOR, asked)) == {sha("3"), sha("5")}


def test_nothing_asked_for_is_nothing_found(store: FeatureStore) -> None:
    assert store.load(EXTRACTOR, []) == {}


def test_a_new_store_holds_nothing(tmp_path: Path) -> None:
    with opened_store(tmp_path / "new") as store:
        assert store.load(EXTRACTOR, list(VECTORS)) == {}
        assert store.held() == []
        assert store.damaged() == 0


def test_what_another_extractor_made_is_never_taken(store: FeatureStore) -> None:
    assert store.load(OTHER, list(VECTORS)) == {}


def test_extractors_have_vectors_of_the_same_pictures_side_by_side(store: FeatureStore) -> None:
    others = vectors(60, seed=1, dimension=5)
    store.put(OTHER, others)
    assert bits(store.load(OTHER, list(others))) == bits(others)
    assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


def test_there_is_one_row_for_a_picture_and_an_extractor_and_the_first_stays(place: Path, store: FeatureStore) -> None:
    store.put(EXTRACTOR, vectors(61, seed=1))
    assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
    assert len(rows_in(place)) == 61


def test_putting_nothing_leaves_no_trace_that_would_spoil_what_comes_later(store: FeatureStore) -> None:
    store.put(OTHER, {})
    store.put(OTHER, VECTORS)
    assert bits(store.load(OTHER, list(VECTORS))) == bits(VECTORS)
    assert [held.bytes for held in store.held()] == [60 * 8 * 4] * 2


def test_a_vector_that_can_not_be_kept_keeps_the_others_of_its_transaction_out(store: FeatureStore) -> None:
    with pytest.raises(ValueError, match="non-hexadecimal"):
        store.put(OTHER, {sha("good"): np.zeros(8, np.float32), "no digest": np.zeros(8, np.float32)})
    assert store.load(OTHER, [sha("good")]) == {}
    assert [held.vectors for held in store.held()] == [60]


# --- where and how it is kept ---------------------------------------------------------------------------------


def journal_of(store: FeatureStore) -> str:
    return str(store._database.execute("PRAGMA journal_mode").fetchone()[0])


def test_the_folder_and_the_file_are_the_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    with opened_store(tmp_path / "cache") as store:
        store.put(EXTRACTOR, VECTORS)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "cache" / "features").iterdir()}
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "cache" / "features").stat().st_mode) == 0o700
    assert modes == dict.fromkeys(["store.sqlite3", "store.sqlite3-shm", "store.sqlite3-wal"], 0o600)


def test_the_journal_is_written_ahead_and_gone_at_the_end(place: Path) -> None:
    with opened_store(place) as store:
        assert journal_of(store) == "wal"
    assert names(place / "features") == ["store.sqlite3"]


def test_on_a_network_drive_the_journal_is_not_written_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_is_on_network", lambda file: True)
    with opened_store(tmp_path) as store:
        store.put(EXTRACTOR, VECTORS)
        assert journal_of(store) == "truncate"
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


def test_a_store_that_is_moved_to_a_network_drive_stays_a_store(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_is_on_network", lambda file: True)
    with opened_store(place) as store:
        assert journal_of(store) == "truncate"
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


@pytest.mark.parametrize(
    ("mounts", "is_on_network"),
    [
        ("/dev/sda1 / ext4 rw 0 0\n", False),
        ("server:/ / nfs4 rw 0 0\n", True),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n", True),
        ("server:/home /home nfs4 rw 0 0\n/dev/sda1 / ext4 rw 0 0\n", True),
        ("server:/ / nfs4 rw 0 0\n/dev/sda1 /home ext4 rw 0 0\n", False),
        ("server:/home /hom nfs4 rw 0 0\n/dev/sda1 / ext4 rw 0 0\n", False),
        ("auto /home autofs rw 0 0\nserver:/home /home nfs rw 0 0\n", True),
        ("me@server:/ /home/ann/my\\040cache fuse.sshfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\n", True),
        ("//server/share /home cifs rw 0 0\n", True),
        (" /home nfs rw 0 0\n", True),
        ("/dev/sda1 /home fuseblk rw 0 0\n", False),
        ("", False),
    ],
)
def test_a_network_drive_is_known_by_what_is_mounted(tmp_path: Path, mounts: str, is_on_network: bool) -> None:
    (tmp_path / "mounts").write_text(mounts)
    file = Path("/home/ann/my cache/features/store.sqlite3")
    assert module._is_on_network(file, tmp_path / "mounts") is is_on_network


def test_where_nothing_says_what_is_mounted_a_drive_is_taken_for_local(tmp_path: Path) -> None:
    assert module._is_on_network(tmp_path, tmp_path / "nothing") is False


def test_a_cache_may_be_called_anything(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9 ?mode=ro#%20")
    with opened_store(odd) as store:
        store.put(EXTRACTOR, VECTORS)
    assert names(odd / "features") == ["store.sqlite3"]
    with opened_store(odd) as store:
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


# --- whose it is ----------------------------------------------------------------------------------------------


def assert_refused(place: Path, kind: type[HeadstartError], said: str) -> None:
    """Assert that the store in ``cache`` isn't opened, in one sentence, and that nothing there changes."""
    before = contents(place)
    with pytest.raises(kind, match=said) as refused, opened_store(place):
        pass
    assert "\n" not in str(refused.value)
    assert "--cache" in str(refused.value) or "delete the folder" in str(refused.value)
    assert contents(place) == before


def test_a_folder_that_is_a_link_is_refused(place: Path) -> None:
    (place / "features").rename(place / "elsewhere")
    (place / "features").symlink_to("elsewhere")
    assert_refused(place, UserError, "is a link")


def test_a_file_that_is_a_link_is_refused(place: Path) -> None:
    store_file(place).rename(place / "elsewhere")
    store_file(place).symlink_to(place / "elsewhere")
    assert_refused(place, UserError, "is a link")


def test_a_file_that_is_a_link_to_nothing_is_refused(place: Path) -> None:
    store_file(place).unlink()
    store_file(place).symlink_to(place / "elsewhere")
    assert_refused(place, UserError, "is a link")


def test_a_cache_that_is_a_link_is_used(place: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place)
    with opened_store(tmp_path / "link") as store:
        assert len(store.load(EXTRACTOR, list(VECTORS))) == 60


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_in_which_others_may_write_is_refused(place: Path, mode: int) -> None:
    (place / "features").chmod(mode)
    assert_refused(place, UserError, "others may write there: vectors from there can't be trusted")


@pytest.mark.parametrize("mode", [0o666, 0o660, 0o602])
def test_a_file_in_which_others_may_write_is_refused(place: Path, mode: int) -> None:
    store_file(place).chmod(mode)
    assert_refused(place, UserError, "others may write there: vectors from there can't be trusted")


def test_what_belongs_to_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = (place / "features").stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert_refused(place, UserError, "belongs to another user")


def test_a_folder_that_others_may_only_read_is_used(place: Path) -> None:
    (place / "features").chmod(0o755)
    with opened_store(place) as store:
        assert len(store.load(EXTRACTOR, list(VECTORS))) == 60


def test_a_place_where_nothing_can_be_written_is_missing(read_only: Path) -> None:
    with pytest.raises(MissingError, match="can't be used for the feature store"), opened_store(read_only):
        pass


def test_a_file_in_place_of_the_cache_is_missing(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert_refused(tmp_path / "cache", MissingError, "can't be used for the feature store")


# --- what isn't ours, or spoilt -------------------------------------------------------------------------------


Put = Callable[[Path], None]


def put_text(file: Path) -> None:
    file.write_text("my notes\n" * 1000)


def put_notes(file: Path) -> None:
    """Write a SQLite file of another application, without a name."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE notes (text)")


def put_written_ahead(file: Path) -> None:
    """Write another application's SQLite file whose journal is written ahead."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript("PRAGMA journal_mode = WAL; PRAGMA application_id = 252006; CREATE TABLE t (x)")


def put_directory(file: Path) -> None:
    file.mkdir()


def put_pipe(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize("put", [put_text, put_notes, put_written_ahead, put_directory, put_pipe])
def test_what_is_no_feature_store_is_refused_and_stays_as_it_was(place: Path, put: Put) -> None:
    store_file(place).unlink()
    put(store_file(place))
    assert_refused(place, UserError, "is no feature store; move it away")
    assert names(place / "features") == ["store.sqlite3"]


@pytest.mark.parametrize("version", [1, 3])
def test_a_store_of_another_version_is_refused_and_stays_as_it_was(place: Path, version: int) -> None:
    execute(place, f"PRAGMA user_version = {version}")
    execute(place, "PRAGMA journal_mode = DELETE")
    assert_refused(
        place,
        UserError,
        f"{store_file(place)} was written by another version of headstart; name another place with --cache, or delete "
        f"the folder {place / 'features'}: everything in it can be computed again.",
    )
    assert names(place / "features") == ["store.sqlite3"]


@pytest.mark.parametrize("kept", [50, 99, 4096, 40_000, 131_072, 229_375])
def test_a_truncated_store_is_refused_and_stays_as_it_was(place: Path, kept: int) -> None:
    os.truncate(store_file(place), kept)
    before = contents(place)
    with pytest.raises(UserError, match=r"no feature store|damaged"), opened_store(place) as store:
        store.load(EXTRACTOR, list(VECTORS))
    assert contents(place) == before


def test_an_empty_file_becomes_a_store(place: Path) -> None:
    os.truncate(store_file(place), 0)
    with opened_store(place) as store:
        store.put(EXTRACTOR, VECTORS)
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


@pytest.mark.parametrize("seed", range(60))
def test_a_store_with_spoilt_bytes_is_refused_or_gives_what_was_put_and_never_anything_else(
    place: Path, seed: int
) -> None:
    spoil(store_file(place), seed)
    assert bits(all_of(place)).items() <= bits(VECTORS).items()


def spoil(file: Path, seed: int) -> None:
    """Overwrite up to 300 bytes somewhere in the file; every second time near the beginning of a page."""
    random = np.random.default_rng(seed)
    data = bytearray(file.read_bytes())
    start = random.integers(0, len(data))
    if seed % 2:
        start = start // 32768 * 32768 + random.integers(0, 500)
    junk = random.bytes(int(random.integers(1, 300)))
    data[start : start + len(junk)] = junk
    file.write_bytes(data[: file.stat().st_size])


def all_of(place: Path) -> dict[str, module.Vector]:
    """Return what is loaded, nothing where that is refused; every other look at the store may be refused too."""
    found: dict[str, module.Vector] = {}
    with contextlib.suppress(HeadstartError), opened_store(place) as store:
        found = store.load(EXTRACTOR, list(VECTORS))
    for look in (FeatureStore.held, FeatureStore.damaged):
        with contextlib.suppress(HeadstartError), opened_store(place) as store:
            look(store)
    return found


def test_a_spoilt_byte_of_a_vector_is_found(place: Path) -> None:
    data = store_file(place).read_bytes()
    at = data.index(VECTORS[sha("7")].tobytes())
    store_file(place).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    before = contents(place)
    with opened_store(place) as store:
        with pytest.raises(UserError, match=rf"is damaged \(the vector of picture {sha('7')[:12]}… is altered\)"):
            store.load(EXTRACTOR, list(VECTORS))
        assert store.damaged() == 1
    assert contents(place) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vectors SET vector = zeroblob(32) WHERE id = 1",
        "UPDATE vectors SET vector = x'' WHERE id = 1",
        "UPDATE vectors SET vector = x'00' WHERE id = 1",
        "UPDATE vectors SET vector = 'text' WHERE id = 1",
        "UPDATE vectors SET checksum = 'text' WHERE id = 1",
        "UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE id = 2) WHERE id = 1",
        "UPDATE vectors SET (checksum, vector) = (SELECT checksum, vector FROM vectors WHERE id = 2) WHERE id = 1",
    ],
)
def test_a_vector_that_was_altered_inside_the_database_is_found(place: Path, statement: str) -> None:
    execute(place, statement)
    with opened_store(place) as store:
        with pytest.raises(UserError, match=r"is altered\); delete the folder"):
            store.load(EXTRACTOR, list(VECTORS))
        assert store.damaged() == 1


def test_vectors_given_to_another_extractor_are_found(place: Path) -> None:
    execute(place, "UPDATE extractors SET fingerprint = ?, facts = ?", OTHER.fingerprint, OTHER.facts)
    with opened_store(place) as store:
        with pytest.raises(UserError, match="is altered"):
            store.load(OTHER, list(VECTORS))
        assert store.damaged() == 60


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vectors WHERE id = 1",
        "DELETE FROM entries WHERE id = 1",
        "UPDATE entries SET extractor = 7 WHERE id = 1",
    ],
)
def test_a_vector_that_lost_what_belongs_to_it_is_damaged_and_not_loaded(place: Path, statement: str) -> None:
    execute(place, statement)
    with opened_store(place) as store:
        assert len(store.load(EXTRACTOR, list(VECTORS))) == 59
        assert store.damaged() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE extractors SET facts = replace(facts, 'squash', 'crop')",
        "UPDATE extractors SET facts = x'ff'",
        "UPDATE extractors SET fingerprint = 7",
        "UPDATE entries SET used = 'yesterday'",
        "UPDATE entries SET used = 1 << 62",
    ],
)
def test_what_is_said_of_the_vectors_is_refused_when_it_was_altered(place: Path, statement: str) -> None:
    execute(place, statement)
    with opened_store(place) as store, pytest.raises(UserError, match=r"altered|is damaged"):
        store.held()


def test_a_table_that_is_gone_is_damage(place: Path) -> None:
    execute(place, "DROP TABLE vectors")
    with opened_store(place) as store, pytest.raises(UserError, match=r"is damaged \(no such table: vectors\)"):
        store.load(EXTRACTOR, list(VECTORS))


@pytest.mark.parametrize("copy", [0, 1])
def test_an_index_that_contradicts_its_table_is_found(place: Path, copy: int) -> None:
    parts = store_file(place).read_bytes().split(bytes.fromhex(sha("7")))
    seams = [bytes.fromhex(sha("7"))] * 2
    seams[copy] = bytes.fromhex(sha("unknown"))
    store_file(place).write_bytes(parts[0] + seams[0] + parts[1] + seams[1] + parts[2])
    with opened_store(place) as store, pytest.raises(UserError, match=r"is damaged \(.* missing from index"):
        store.damaged()


# --- what was used when, and pruning --------------------------------------------------------------------------


def days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> date:
    """Let it be some days later for the store, and return the day."""
    now = time.time() + days * 86400
    monkeypatch.setattr(time, "time", lambda: now)
    return datetime.fromtimestamp(now, UTC).date()


def test_it_says_what_it_holds_of_which_extractor_the_last_used_first(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = days_later(monkeypatch, 3)
    store.put(OTHER, vectors(2, dimension=5))
    assert [(held.facts["layer"], held.vectors, held.bytes, held.used) for held in store.held()] == [
        ("other", 2, 2 * 5 * 4, later),
        ("avg_pool", 60, 60 * 8 * 4, later - timedelta(days=3)),
    ]


def test_the_day_of_use_is_noted(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    later = days_later(monkeypatch, 2)
    store.load(EXTRACTOR, [sha("1")])
    assert [held.used for held in store.held()] == [later]
    assert store.prune(unused_days=1) == 59


def test_a_use_on_the_same_day_asks_for_no_turn_to_write(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeatureStore, "_note_use", lambda *_: pytest.fail("a use was noted"))
    before = contents(place), store_file(place).stat().st_mtime_ns
    with opened_store(place) as store:
        store.load(EXTRACTOR, list(VECTORS))
    assert (contents(place), store_file(place).stat().st_mtime_ns) == before


def test_a_use_is_not_noted_for_another_extractor(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(OTHER, VECTORS)
    later = days_later(monkeypatch, 2)
    store.load(OTHER, list(VECTORS))
    assert [held.used for held in store.held()] == [later, later - timedelta(days=2)]


def test_a_use_that_can_not_be_noted_keeps_nobody_from_the_vectors(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0.05)
    days_later(monkeypatch, 2)
    with opened_store(place) as writer, opened_store(place) as reader:
        writer._database.execute("BEGIN IMMEDIATE")
        assert bits(reader.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
        writer._database.execute("ROLLBACK")


def test_pruning_by_age_removes_what_was_not_used_for_so_many_days(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_later(monkeypatch, 10)
    store.put(OTHER, VECTORS)
    assert store.prune(unused_days=10) == 0
    assert store.prune(unused_days=9) == 60
    assert store.load(EXTRACTOR, list(VECTORS)) == {}
    assert [held.facts["layer"] for held in store.held()] == ["other"]
    assert store.prune(unused_days=0) == 0


def test_pruning_by_size_removes_what_is_unused_longest(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    days_later(monkeypatch, 1)
    store.put(OTHER, vectors(5))
    store.load(EXTRACTOR, [sha("1"), sha("2")])
    assert store.prune(most_bytes=7 * 32 + 31) == 58
    assert set(store.load(EXTRACTOR, list(VECTORS))) == {sha("1"), sha("2")}
    assert set(store.load(OTHER, list(VECTORS))) == set(vectors(5))


@pytest.mark.parametrize(("most_bytes", "left"), [(60 * 32, 60), (60 * 32 - 1, 59), (32, 1), (31, 0), (0, 0)])
def test_pruning_by_size_leaves_as_many_vectors_as_fit(store: FeatureStore, most_bytes: int, left: int) -> None:
    assert store.prune(most_bytes=most_bytes) == 60 - left
    assert len(store.load(EXTRACTOR, list(VECTORS))) == left
    assert store.damaged() == 0


def test_pruning_by_numbers_beyond_all_measure_removes_nothing(store: FeatureStore) -> None:
    assert store.prune(unused_days=10**30, most_bytes=10**30) == 0


def test_pruning_without_a_measure_removes_nothing(store: FeatureStore) -> None:
    assert store.prune() == 0


def test_pruning_makes_the_file_smaller(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMOVED_AT_ONCE", 7)
    with opened_store(place) as store:
        store.put(OTHER, vectors(60, dimension=8000))
    large = store_file(place).stat().st_size
    with opened_store(place) as store:
        assert store.prune(most_bytes=0) == 120
        assert store_file(place).stat().st_size < large / 6
        assert execute(place, "SELECT count(*) FROM extractors") == [(0,)]
        store.put(EXTRACTOR, VECTORS)
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
        assert store.damaged() == 0


# --- full disks -----------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_loses_nothing_that_was_put(full_disk: Path) -> None:
    with opened_store(full_disk) as store:
        store.put(EXTRACTOR, VECTORS)
        with pytest.raises(MissingError, match=r"can't be used \(.*\); free some space .* Nothing was lost\."):
            store.put(OTHER, vectors(100, dimension=8000))
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
    with opened_store(full_disk) as store:
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
        assert store.load(OTHER, list(VECTORS)) == {}
        assert store.damaged() == 0


def test_a_store_that_does_not_fit_on_the_disk_is_told_and_fits_later(full_disk: Path) -> None:
    ballast = full_disk / "ballast"
    with contextlib.suppress(OSError):
        ballast.write_bytes(bytes(2 * 2**20 - 65536))
    with pytest.raises(MissingError, match="can't be used"), opened_store(full_disk) as store:
        store.put(EXTRACTOR, vectors(200, dimension=8000))
    ballast.unlink()
    with opened_store(full_disk) as store:
        store.put(EXTRACTOR, VECTORS)
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


# --- several processes ----------------------------------------------------------------------------------------

WORK = """
import sys
from pathlib import Path
from headstart.features.store import opened_store
from stores import EXTRACTOR, bits, vectors

print("ready", file=sys.stderr, flush=True)
sys.stdin.readline()  # all begin at once
everything = vectors(200)
for turn in range(10):
    with opened_store(Path(sys.argv[1])) as store:
        some = list(everything)[20 * turn : 20 * turn + 20]
        store.put(EXTRACTOR, {content: everything[content] for content in some})
        found = store.load(EXTRACTOR, list(everything))
        assert bits(found).items() <= bits(everything).items()
        assert set(some) <= set(found)
"""

DIE = """
import os, signal, sys
from pathlib import Path
from headstart.features.store import opened_store
from stores import EXTRACTOR, vectors

class Deadly(dict):
    def items(self):
        for number, item in enumerate(super().items()):
            if number == 40:
                os.kill(os.getpid(), signal.SIGKILL)
            yield item

with opened_store(Path(sys.argv[1])) as store:
    store.put(EXTRACTOR, vectors(20))
    store.put(EXTRACTOR, Deadly(vectors(60)))
"""


def started(code: str, place: Path) -> subprocess.Popen[str]:
    """Start a Python process that works on the store in ``cache``."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, str(place)]
    return subprocess.Popen(command, env=environment, stdin=pipe, stderr=pipe, text=True)


def begin(process: subprocess.Popen[str]) -> None:
    """Let the process begin, which waits for that."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stderr.readline()
    process.stdin.write("begin\n")
    process.stdin.flush()


def test_processes_that_put_the_same_at_once_all_succeed_and_every_row_is_there_once(tmp_path: Path) -> None:
    processes = [started(WORK, tmp_path / "cache") for _ in range(4)]
    for process in processes:
        begin(process)
    errors = [process.communicate()[1] for process in processes]

    assert ([process.returncode for process in processes], errors) == ([0] * 4, [""] * 4)
    assert len(rows_in(tmp_path / "cache")) == 200
    with opened_store(tmp_path / "cache") as store:
        assert bits(store.load(EXTRACTOR, list(vectors(200)))) == bits(vectors(200))
        assert store.damaged() == 0


def test_a_process_killed_while_it_puts_leaves_all_of_a_transaction_or_nothing(tmp_path: Path) -> None:
    with started(DIE, tmp_path / "cache") as process:
        process.communicate()

    assert process.returncode == -signal.SIGKILL
    assert names(tmp_path / "cache" / "features") == ["store.sqlite3", "store.sqlite3-shm", "store.sqlite3-wal"]
    with opened_store(tmp_path / "cache") as store:
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(vectors(20))
        assert store.damaged() == 0


@pytest.mark.parametrize("statements", range(1, 6))
def test_a_process_killed_while_it_makes_the_store_leaves_none_or_a_whole_one(tmp_path: Path, statements: int) -> None:
    code = f"""
import os, signal, sqlite3, sys
from pathlib import Path
from headstart.features import store

connect = sqlite3.connect

class Deadly(sqlite3.Connection):
    def execute(self, statement, *parameters):
        self.left = getattr(self, "left", {statements}) - statement.startswith(("CREATE", "PRAGMA journal", "COMMIT"))
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(statement, *parameters)

store.sqlite3.connect = lambda *places, **options: connect(*places, **options, factory=Deadly)
with store.opened_store(Path(sys.argv[1])):
    pass
"""
    with started(code, tmp_path) as process:
        process.communicate()

    with opened_store(tmp_path) as store:
        store.put(EXTRACTOR, VECTORS)
        assert bits(store.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)


def test_a_reader_does_not_wait_for_a_writer(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0)
    with opened_store(place) as writer, opened_store(place) as reader:
        writer._database.execute("BEGIN IMMEDIATE")
        writer._database.execute("DELETE FROM entries")
        assert bits(reader.load(EXTRACTOR, list(VECTORS))) == bits(VECTORS)
        writer._database.execute("ROLLBACK")


def test_a_writer_that_waits_too_long_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0.05)
    with opened_store(place) as writer, opened_store(place) as other:
        writer._database.execute("BEGIN IMMEDIATE")
        with pytest.raises(MissingError, match=r"can't be used \(database is locked\); .* wait for other processes"):
            other.put(OTHER, VECTORS)
        writer._database.execute("ROLLBACK")
        other.put(OTHER, VECTORS)
        assert len(other.load(OTHER, list(VECTORS))) == 60
