"""Features for every job: through the store that the settings ask for, or without one where it can't be used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.data.records import Dataset
from headstart.errors import MissingError, UserError
from headstart.features.engine import engine_name
from headstart.features.recipe import Recipe
from headstart.features.store import FeatureStore, opened_store, store_file, store_in_memory
from headstart.jobs import extraction
from headstart.jobs.extraction import extracted, store_of
from headstart.jobs.setup import Setup
from headstart.networks.backbones import HANDCRAFTED
from headstart.networks.converted import ConvertedNetwork, network_with
from headstart.progress import Advanced, Entered, Event, Started, silent
from models import inspected_in, lite0, names, sentences, write_alike
from stores import EXTRACTOR, bits, rows_in, vectors


def setup(network: ConvertedNetwork, fit: str = "squash") -> Setup:
    return Setup(Recipe("avg_pool", fit, (224,)), (network,), "openvino", "f32")


@pytest.fixture(scope="module")
def network(cache: Path) -> ConvertedNetwork:
    return lite0()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return inspected_in(write_alike(tmp_path_factory.mktemp("extraction") / "data", {"ant": 3, "bee": 3})).dataset


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeatureStore]:
    with opened_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default place, empty."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "default"))
    return tmp_path / "default"


# --- features -------------------------------------------------------------------------------------------------


def test_features_are_the_same_bits_without_a_store_through_a_new_one_and_from_it(
    dataset: Dataset, network: ConvertedNetwork, store: FeatureStore
) -> None:
    with store_in_memory() as memory:
        without = extracted(dataset, setup(network), memory, silent, training=dataset).matrix()
    through = extracted(dataset, setup(network), store, silent, training=dataset)
    loaded = extracted(dataset, setup(network), store, silent, training=dataset)
    assert without.shape == (6, 1280)
    assert through.matrix().tobytes() == loaded.matrix().tobytes() == without.tobytes()
    assert through.dataset == loaded.dataset == dataset
    assert through.engine == loaded.engine == engine_name()


def test_no_engine_is_started_where_all_is_stored(
    dataset: Dataset, network: ConvertedNetwork, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = extracted(dataset, setup(network), store, silent, training=dataset)
    monkeypatch.setattr(extraction, "engine_for", lambda *_: pytest.fail("an engine was started"))
    assert (
        extracted(dataset, setup(network), store, silent, training=dataset).matrix().tobytes()
        == expected.matrix().tobytes()
    )


def test_pictures_made_square_in_another_way_are_computed_anew(
    dataset: Dataset, network: ConvertedNetwork, store: FeatureStore
) -> None:
    squashed = extracted(dataset, setup(network), store, silent, training=dataset)
    padded = extracted(dataset, setup(network, "pad"), store, silent, training=dataset)
    assert not (squashed.matrix() == padded.matrix()).all(axis=1).any()


@pytest.mark.parametrize("times", [1, 2])
def test_progress_passes_over_every_picture(
    dataset: Dataset, network: ConvertedNetwork, store: FeatureStore, times: int
) -> None:
    for _ in range(times):
        events: list[Event] = []
        extracted(dataset, setup(network), store, events.append, training=dataset)
    assert events[:2] == [Started(6), Entered("computing features")]
    assert sum(event.pictures for event in events if isinstance(event, Advanced)) == 6


@pytest.mark.parametrize(("flip", "looks"), [(False, 1), (True, 2)])
def test_hand_crafted_features_are_computed_once_and_kept_as_a_networks_are(
    dataset: Dataset, store: FeatureStore, monkeypatch: pytest.MonkeyPatch, flip: bool, looks: int
) -> None:
    network = network_with(HANDCRAFTED, "avg_pool", {}, silent)
    recipe = Recipe("avg_pool", "squash", (HANDCRAFTED.image_size,), flip)
    handcrafted = Setup(recipe, (network,), HANDCRAFTED.name, "f32")
    first = extracted(dataset, handcrafted, store, silent, training=dataset)
    assert first.matrix().shape == (6, handcrafted.dimension) == (6, HANDCRAFTED.layer("avg_pool").dimension)
    assert first.engine.startswith("handcrafted 1 on scikit-image ")
    monkeypatch.setattr(extraction, "engine_for", lambda *_: pytest.fail("a picture was computed again"))
    events: list[Event] = []
    again = extracted(dataset, handcrafted, store, events.append, training=dataset)
    assert again.matrix().tobytes() == first.matrix().tobytes()
    assert sentences(events) == ("6 of 6 feature vectors were in the store.",) * looks


# --- which store ----------------------------------------------------------------------------------------------


def opened(cache: Path | None = None, *, no_cache: bool = False) -> tuple[str, ...]:
    """Put some vectors into the store that the settings ask for, take them out again, and return what was said."""
    events: list[Event] = []
    with store_of(cache, no_cache, Path("data"), events.append) as store:
        store.put(EXTRACTOR, vectors(3))
        assert bits(store.load(EXTRACTOR, vectors(3))) == bits(vectors(3))
    return sentences(events)


def test_the_store_is_in_the_default_place_if_none_is_named(default: Path) -> None:
    assert opened() == ()
    assert len(rows_in(default)) == 3


def test_the_store_is_in_the_place_that_is_named(default: Path, tmp_path: Path) -> None:
    assert opened(tmp_path / "deep" / "named") == ()
    assert len(rows_in(tmp_path / "deep" / "named")) == 3
    assert names(tmp_path) == ["deep"]


@pytest.mark.parametrize("named", [True, False])
def test_without_a_cache_the_store_is_in_memory_alone(default: Path, tmp_path: Path, named: bool) -> None:
    assert opened(tmp_path / "named" if named else None, no_cache=True) == ()
    assert names(tmp_path) == []


def test_the_store_is_closed_at_the_end(default: Path) -> None:
    with store_of(None, False, Path("data"), silent) as store:
        store.put(EXTRACTOR, vectors(3))
        assert "store.sqlite3-wal" in names(default / "features")
    assert names(default / "features") == ["store.sqlite3"]


def test_what_goes_wrong_meanwhile_is_not_taken_for_a_place_that_can_not_be_used(default: Path) -> None:
    said: list[Event] = []
    with pytest.raises(MissingError, match="something else"), store_of(None, False, Path("data"), said.append):
        raise MissingError("something else")
    assert said == []
    assert names(default / "features") == ["store.sqlite3"]


def test_a_default_place_that_can_only_be_read_is_told_and_done_without(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(read_only))
    [sentence] = opened()
    assert sentence.startswith(f"Warning: {read_only}/features can't be used for the feature store (")
    assert sentence.endswith("or do without with --no-cache. The features are computed and not kept.")


def test_a_named_place_that_can_only_be_read_is_an_error(read_only: Path) -> None:
    with pytest.raises(MissingError, match="can't be used for the feature store"):
        opened(read_only)


def test_a_full_disk_in_the_default_place_is_told_and_done_without(
    tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tiny_disk))
    [sentence] = opened()
    assert "The features are computed and not kept." in sentence


@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_is_no_store_is_an_error_wherever_it_is(default: Path, named: bool) -> None:
    store_file(default).parent.mkdir(parents=True)
    store_file(default).write_text("my notes")
    with pytest.raises(UserError, match="is no feature store; move it away"):
        opened(default if named else None)
    assert store_file(default).read_text() == "my notes"


@pytest.mark.parametrize("named", [True, False])
def test_a_folder_of_another_user_is_an_error_wherever_it_is(
    default: Path, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: default.parent.stat().st_uid + 1)
    with pytest.raises(UserError, match="belongs to another user"):
        opened(default if named else None)


def test_a_cache_is_never_inside_data_at_an_address_but_that_of_a_folder(tmp_path: Path) -> None:
    with store_of(tmp_path / "cache", False, Address("s3://bucket"), silent) as store:
        assert store.known(EXTRACTOR, []) == set()
    with (
        pytest.raises(UserError, match="lies inside the data"),
        store_of(tmp_path / "cache", False, Address(f"file://{tmp_path}"), silent),
    ):
        pass


def test_a_cache_inside_the_data_would_be_a_class_of_it_and_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"--cache .* lies inside the data"),
        store_of(tmp_path / "data" / "cache", False, tmp_path / "data", silent),
    ):
        pass
    assert names(tmp_path) == []
