"""Features through the store: the same bits as without it, nothing computed twice, nothing lost by an interrupt."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, Skipped
from headstart.errors import MissingError, UserError
from headstart.features import extract, stored
from headstart.features.engine import Engine, Pixels, Vector, engine_name
from headstart.features.extractor import extractor_of
from headstart.features.store import FeatureStore, opened_store
from headstart.features.stored import as_kept, rows_of, stored_features
from headstart.networks.backbones import backbone
from headstart.networks.converted import network_from
from headstart.networks.weights import find_weights
from headstart.progress import Advanced, Event, silent
from models import engine_once, features_of, inspected_in, sentences
from pictures import encoded, picture, write_classes
from stores import EXTRACTOR, rows_in

SMALL = replace(EXTRACTOR, size=8)


@dataclass
class MockEngine:
    """Needs no network: the vector is the mean colour, and of five pictures the last is done first."""

    name: str = "mock"
    parallel: int = 2
    started: int = 0
    computed: list[Vector] = field(default_factory=list)

    def __call__(self) -> Engine:
        """Start it."""
        self.started += 1
        return self

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and mean colours, the last of five pictures first."""
        waiting: list[tuple[int, Vector]] = []
        for key, pixels in pictures:
            waiting.append((key, pixels.mean(axis=(0, 1)).astype(np.float32)))
            self.computed.append(waiting[-1][1])
            if len(waiting) == 5:
                yield from reversed(waiting)
                waiting = []
        yield from reversed(waiting)


def refused() -> Engine:
    """Stand for an engine that must not be started."""
    raise AssertionError("an engine was started")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eleven pictures, two of which are copies of others."""
    root = write_classes(tmp_path / "data", {"ant": 4, "bee": 5})
    shutil.copy(root / "ant" / "01.png", root / "ant" / "copy.png")
    shutil.copy(root / "bee" / "03.png", root / "ant" / "bee.png")
    return root


@pytest.fixture
def dataset(data: Path) -> Dataset:
    return inspected_in(data).dataset


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeatureStore]:
    with opened_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def engine() -> MockEngine:
    return MockEngine()


def fresh(dataset: Dataset) -> tuple[Dataset, Any]:
    """Return what is computed without a store."""
    return features_of(dataset, MockEngine(), Geometry(8), silent)


# --- the same as without a store ------------------------------------------------------------------------------


def test_computed_features_are_those_without_a_store_bit_for_bit(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    readable, features = stored_features(dataset, SMALL, engine, store, silent)
    assert readable == dataset
    assert features.dtype == np.float32
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_stored_features_are_those_without_a_store_bit_for_bit(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    readable, features = stored_features(dataset, SMALL, refused, store, silent)
    assert readable == dataset
    assert features.dtype == np.float32
    assert features.flags.writeable
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_a_genuine_networks_features_come_back_bit_for_bit(data: Path, tmp_path: Path) -> None:
    dataset = inspected_in(data).dataset
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    network = network_from(record, "avg_pool", origin, silent)
    geometry = Geometry(224, "crop")
    extractor = extractor_of(network, geometry, engine_name())
    _, expected = features_of(dataset, engine_once(network), geometry, silent)
    with opened_store(tmp_path / "store") as store:
        _, computed = stored_features(dataset, extractor, lambda: engine_once(network), store, silent)
    with opened_store(tmp_path / "store") as store:
        _, loaded = stored_features(dataset, extractor, refused, store, silent)
    assert computed.tobytes() == loaded.tobytes() == expected.tobytes()
    assert expected.shape == (11, 1280)


def test_rows_stand_in_the_order_of_the_records(dataset: Dataset, store: FeatureStore, engine: MockEngine) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    backwards = replace(dataset, records=dataset.records[::-1])
    readable, features = stored_features(backwards, SMALL, refused, store, silent)
    assert readable == backwards
    assert features.tobytes() == fresh(dataset)[1][::-1].tobytes()


def test_a_data_set_without_pictures_has_no_rows(dataset: Dataset, store: FeatureStore) -> None:
    readable, features = stored_features(replace(dataset, records=()), SMALL, refused, store, silent)
    assert readable.records == ()
    assert features.shape == (0, 0)
    assert features.dtype == np.float32


# --- nothing twice --------------------------------------------------------------------------------------------


def test_what_is_stored_is_neither_decoded_nor_computed(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    shutil.rmtree(dataset.folder)
    monkeypatch.setattr(extract, "replies", lambda *_, **__: pytest.fail("a picture was decoded"))
    _, features = stored_features(dataset, SMALL, refused, store, silent)
    assert len(features) == 11


def test_only_what_is_missing_is_computed(data: Path, store: FeatureStore, engine: MockEngine) -> None:
    stored_features(inspected_in(data).dataset, SMALL, engine, store, silent)
    (data / "bee" / "new.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    dataset, second = inspected_in(data).dataset, MockEngine()
    _, features = stored_features(dataset, SMALL, second, store, silent)
    assert (second.started, len(second.computed)) == (1, 1)
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_pictures_are_known_by_content_and_never_by_name_or_place(
    data: Path, store: FeatureStore, engine: MockEngine
) -> None:
    stored_features(inspected_in(data).dataset, SMALL, engine, store, silent)
    (data / "ant" / "00.png").rename(data / "bee" / "renamed.jpg")
    data.rename(data.with_name("moved"))
    dataset = inspected_in(data.with_name("moved")).dataset
    _, features = stored_features(dataset, SMALL, refused, store, silent)
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_another_picture_under_an_old_name_and_time_is_computed(
    data: Path, store: FeatureStore, engine: MockEngine
) -> None:
    stored_features(inspected_in(data).dataset, SMALL, engine, store, silent)
    content, other = (data / "bee" / "00.png").read_bytes(), data / "ant" / "00.png"
    shutil.copystat(other, data / "bee" / "00.png")
    other.write_bytes(content[:-12] + b"\0\0\0\1tEXtx" + bytes(4) + content[-12:])
    shutil.copystat(data / "bee" / "00.png", other)
    second = MockEngine()
    stored_features(inspected_in(data).dataset, SMALL, second, store, silent)
    assert len(second.computed) == 1


def test_copies_are_computed_once(dataset: Dataset, store: FeatureStore, engine: MockEngine) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    assert len(engine.computed) == 9


@pytest.mark.parametrize("change", [{"size": 9}, {"fit": "crop"}, {"engine": "abacus 2"}, {"weights": "other"}])
def test_what_something_else_made_is_not_taken(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, change: dict[str, Any]
) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    second = MockEngine()
    stored_features(dataset, replace(SMALL, **change), second, store, silent)
    assert len(second.computed) == 9


# --- pictures that can't be had -------------------------------------------------------------------------------


def change_one(dataset: Dataset, name: str) -> None:
    (dataset.folder / name).write_bytes(encoded(picture((9, 9, 9), seed=7)))


def test_a_picture_that_changes_meanwhile_is_skipped_and_nothing_is_stored_for_it(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, tmp_path: Path
) -> None:
    change_one(dataset, "ant/00.png")
    change_one(dataset, "ant/02.png")
    change_one(dataset, "bee/00.png")
    (dataset.folder / "bee/04.png").unlink()
    readable, features = stored_features(dataset, SMALL, engine, store, silent)
    assert readable.skipped == (
        Skipped("ant/00.png", "changed"),
        Skipped("ant/02.png", "changed"),
        Skipped("bee/00.png", "changed"),
        Skipped("bee/04.png", "unreadable"),
    )
    assert features.tobytes() == fresh(dataset)[1].tobytes()
    assert {content for _, content, _ in rows_in(tmp_path / "store")} == {r.sha256 for r in readable.records}


def test_a_copy_of_a_picture_that_changed_is_still_used(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    change_one(dataset, "ant/01.png")
    readable, features = stored_features(dataset, SMALL, engine, store, silent)
    assert readable.skipped == (Skipped("ant/01.png", "changed"),)
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_what_was_skipped_before_stays_skipped(dataset: Dataset, store: FeatureStore, engine: MockEngine) -> None:
    change_one(dataset, "ant/02.png")
    before = replace(dataset, skipped=(Skipped("notes.txt", "outside-class-folders"),))
    readable, _ = stored_features(before, SMALL, engine, store, silent)
    assert readable.skipped == (Skipped("notes.txt", "outside-class-folders"), Skipped("ant/02.png", "changed"))


def test_a_data_set_of_which_nothing_can_be_had_has_no_rows_and_leaves_nothing(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    gone = replace(dataset, root=dataset.root / "gone")
    readable, features = stored_features(gone, SMALL, engine, store, silent)
    assert readable.records == ()
    assert features.shape == (0, 0)
    assert features.dtype == np.float32
    assert store.held() == []
    assert len(stored_features(dataset, SMALL, engine, store, silent)[1]) == 11


# --- what is said ---------------------------------------------------------------------------------------------


def told(dataset: Dataset, store: FeatureStore) -> list[Event]:
    events: list[Event] = []
    stored_features(dataset, SMALL, MockEngine(), store, events.append)
    return events


def advanced(events: list[Event]) -> int:
    """Return how many pictures were told to be done."""
    return sum(event.pictures for event in events if isinstance(event, Advanced))


def test_progress_counts_every_picture_once(data: Path, store: FeatureStore) -> None:
    assert advanced(told(inspected_in(data).dataset, store)) == 11
    (data / "bee" / "new.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    shutil.copy(data / "bee" / "new.png", data / "bee" / "newer.png")
    assert advanced(told(inspected_in(data).dataset, store)) == 13
    assert advanced(told(inspected_in(data).dataset, store)) == 13


def test_progress_counts_pictures_that_changed_too(dataset: Dataset, store: FeatureStore) -> None:
    change_one(dataset, "ant/01.png")
    change_one(dataset, "bee/00.png")
    assert advanced(told(dataset, store)) == 11


def test_how_many_were_in_the_store_is_said(dataset: Dataset, store: FeatureStore) -> None:
    assert sentences(told(dataset, store)) == ()
    assert sentences(told(dataset, store)) == ("9 of 9 feature vectors were in the store.",)


# --- interrupts and refusals ----------------------------------------------------------------------------------


def interrupting(after: int) -> Callable[[Event], None]:
    """Return a listener that is interrupted, as by Ctrl-C, when so many pictures are done."""
    done: list[Event] = []

    def listen(event: Event) -> None:
        done.append(event)
        if len(done) == after:
            raise KeyboardInterrupt

    return listen


def test_what_was_computed_before_an_interrupt_is_kept(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_KEEP_EVERY_SECONDS", 3600)
    with pytest.raises(KeyboardInterrupt):
        stored_features(dataset, SMALL, engine, store, interrupting(after=4))
    assert len(rows_in(tmp_path / "store")) == 4
    second = MockEngine()
    _, features = stored_features(dataset, SMALL, second, store, silent)
    assert len(second.computed) == 5
    assert features.tobytes() == fresh(dataset)[1].tobytes()


def test_an_interrupt_before_the_first_vector_spoils_nothing(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    def interrupted() -> Engine:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored_features(dataset, SMALL, interrupted, store, silent)
    assert store.held() == []
    assert len(stored_features(dataset, SMALL, engine, store, silent)[1]) == 11
    assert len(stored_features(dataset, SMALL, refused, store, silent)[1]) == 11


def test_an_engine_that_fails_loses_nothing_that_was_computed(
    dataset: Dataset, store: FeatureStore, tmp_path: Path
) -> None:
    class Failing(MockEngine):
        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            ours = super().vectors(pictures)
            yield from (next(ours) for _ in range(3))
            raise MissingError("the machine burns")

    with pytest.raises(MissingError, match="the machine burns"):
        stored_features(dataset, SMALL, Failing(), store, silent)
    assert len(rows_in(tmp_path / "store")) == 3


def test_vectors_are_kept_while_the_others_are_computed(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_KEEP_EVERY_SECONDS", 0)
    kept: list[int] = []
    stored_features(dataset, SMALL, engine, store, lambda event: kept.append(len(rows_in(tmp_path / "store"))))
    assert kept == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


@pytest.fixture
def puts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many vectors were put at a time."""
    numbers: list[int] = []
    genuine = FeatureStore.put

    def put(self: FeatureStore, extractor: Any, rows: Any) -> None:
        numbers.append(len(rows))
        genuine(self, extractor, rows)

    monkeypatch.setattr(FeatureStore, "put", put)
    return numbers


def test_a_vector_is_put_once(dataset: Dataset, store: FeatureStore, engine: MockEngine, puts: list[int]) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    assert sum(puts) == 9


def test_a_store_that_refuses_is_asked_once(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def put(self: FeatureStore, extractor: Any, rows: Any) -> None:
        asked.extend([len(rows)] * bool(rows))
        raise MissingError("the disk is full")

    monkeypatch.setattr(stored, "_KEEP_EVERY_SECONDS", 0)
    monkeypatch.setattr(FeatureStore, "put", put)
    with pytest.raises(MissingError, match="the disk is full"):
        stored_features(dataset, SMALL, engine, store, silent)
    assert asked == [1]


def test_an_interrupt_while_vectors_are_put_loses_none(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_KEEP_EVERY_SECONDS", 0)
    genuine, calls = FeatureStore.put, iter([KeyboardInterrupt])

    def put(self: FeatureStore, extractor: Any, rows: Any) -> None:
        for interrupt in calls:
            raise interrupt
        genuine(self, extractor, rows)

    monkeypatch.setattr(FeatureStore, "put", put)
    with pytest.raises(KeyboardInterrupt):
        stored_features(dataset, SMALL, engine, store, silent)
    assert len(rows_in(tmp_path / "store")) == 1


# --- maps -----------------------------------------------------------------------------------------------------

MAPS = replace(SMALL, layer="head_relu:none", dtype="float16")


def test_maps_are_the_same_numbers_rounded_to_float16_computed_and_loaded(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    _, computed = stored_features(dataset, MAPS, engine, store, silent)
    _, loaded = stored_features(dataset, MAPS, refused, store, silent)
    assert computed.dtype == loaded.dtype == np.float16
    assert computed.tobytes() == loaded.tobytes() == fresh(dataset)[1].astype(np.float16).tobytes()


@pytest.mark.parametrize("number", [65504, 65519, 1e9, np.inf, -np.inf, np.nan, -65505])
def test_numbers_too_large_for_maps_are_refused_with_what_to_do(number: float) -> None:
    vector = np.array([0, number, 1], np.float32)
    with pytest.raises(UserError) as told:
        as_kept(vector, MAPS)
    assert str(told.value) == (
        "The maps of efficientnet_lite0 at head_relu:none hold numbers that are too large for float16, in which maps "
        "are kept; choose another layer, or --pool avg."
    )
    assert as_kept(vector, SMALL) is vector


def test_large_numbers_that_float16_has_are_kept() -> None:
    kept = as_kept(np.array([-65472, 65472], np.float32), MAPS)
    assert kept.dtype == np.float16
    np.testing.assert_array_equal(kept, [-65472, 65472])


def test_a_map_that_is_refused_leaves_nothing_of_it_in_the_store(
    dataset: Dataset, store: FeatureStore, engine: MockEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_LARGEST_HALF", 100)
    with pytest.raises(UserError, match="too large for float16"):
        stored_features(dataset, MAPS, engine, store, silent)
    assert store.known(MAPS, {record.sha256 for record in dataset.records}) == set()


def test_vectors_that_vanish_from_the_store_are_told_and_never_replaced_by_others(
    dataset: Dataset, store: FeatureStore, engine: MockEngine
) -> None:
    stored_features(dataset, SMALL, engine, store, silent)
    store.prune(most_bytes=5 * 12)
    with pytest.raises(MissingError, match=r"vanished from the cache .*run this again"):
        list(rows_of(dataset.records, SMALL, store))
