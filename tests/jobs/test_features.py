"""``features``: a vector for each readable picture in a file of arrays alone, and nothing of the user's lost."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from headstart.data.decode import Geometry
from headstart.data.views import drawn
from headstart.errors import MissingError, UserError
from headstart.features.store import opened_store
from headstart.jobs import extraction
from headstart.jobs.features import ARRAYS, extract_features, run_features
from headstart.networks.backbones import backbone
from headstart.networks.converted import network_from
from headstart.networks.weights import WeightsOrigin, find_weights
from headstart.progress import Entered, Event, silent
from headstart.settings import FeaturesSettings
from models import contents, engine_once, features_of, inspected_in, names, sentences, write_alike
from pictures import encoded, picture
from stores import EXTRACTOR, rows_in, vectors


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of two classes, named so that letters and numbers would sort them differently."""
    root = write_alike(tmp_path_factory.mktemp("features") / "data", {"class 2": 3, "class 10": 2})
    (root / "class 2" / "00.png").rename(root / "class 2" / "100.png")
    (root / "class 2" / "01.png").rename(root / "class 2" / "20.png")
    return root


PATHS = ["class 2/02.png", "class 2/20.png", "class 2/100.png", "class 10/00.png", "class 10/01.png"]


@pytest.fixture(scope="module")
def expected(data: Path, cache: Path) -> NDArray[np.float32]:
    """The vectors of those pictures, computed without a store."""
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    engine = engine_once(network_from(record, "avg_pool", origin, silent))
    return features_of(inspected_in(data).dataset, engine, Geometry(224), silent)[1]


def written(data: Path, out: Path, **options: Any) -> dict[str, Any]:
    """Write features, and return what is said to be in the file."""
    return run_features(FeaturesSettings(data, out=out, **options), silent)


def arrays_in(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays in an .npz file, read without unpickling."""
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


# --- what is in the file --------------------------------------------------------------------------------------


def test_an_npz_file_holds_arrays_alone_in_the_order_of_the_data(
    data: Path, tmp_path: Path, expected: NDArray[np.float32]
) -> None:
    written(data, tmp_path / "f.npz")
    arrays = arrays_in(tmp_path / "f.npz")
    assert tuple(arrays) == ARRAYS
    assert (arrays["features"].dtype, arrays["features"].shape) == (np.dtype(np.float32), (5, 1280))
    assert arrays["features"].tobytes() == expected.tobytes()
    assert arrays["paths"].tolist() == PATHS
    assert arrays["classes"].tolist() == ["class 2", "class 10"]
    assert arrays["labels"].tolist() == [0, 0, 0, 1, 1]
    assert arrays["labels"].dtype == np.int64
    assert arrays["sha256"].tolist() == [record.sha256 for record in inspected_in(data).dataset.records]
    assert names(tmp_path) == ["f.npz"]


def test_a_parquet_file_holds_the_same(data: Path, tmp_path: Path, expected: NDArray[np.float32]) -> None:
    written(data, tmp_path / "f.parquet")
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table.column_names == ["features", "label", "path", "sha256"]
    vectors = np.stack(table["features"].to_numpy())
    assert vectors.dtype == np.float32
    assert vectors.tobytes() == expected.tobytes()
    assert table["path"].to_pylist() == PATHS
    assert table["label"].to_pylist() == ["class 2"] * 3 + ["class 10"] * 2
    assert table["sha256"].to_pylist() == [record.sha256 for record in inspected_in(data).dataset.records]


def test_the_document_says_what_is_in_the_file(data: Path, tmp_path: Path) -> None:
    document = written(data, tmp_path / "f.npz")
    assert document | {"engine": ""} == {
        "format": 1,
        "pictures": 5,
        "views": 1,
        "shape": [1280],
        "dtype": "float32",
        "classes": ["class 2", "class 10"],
        "backbone": "efficientnet_lite0",
        "features": {
            "layer": "avg_pool",
            "fit": "squash",
            "sizes": [224],
            "flip": False,
            "combine": "stack",
            "l2": False,
        },
        "precision": {"precision": "f32"},
        "engine": "",
        "skipped": [],
    }
    assert document["engine"].startswith("openvino ")


def test_extract_features_gives_the_same_rows(data: Path, expected: NDArray[np.float32]) -> None:
    features = extract_features(str(data))
    assert (features.dtype, features.shape) == (np.dtype(np.float32), (5, 1280))
    assert features.tobytes() == expected.tobytes()


def test_extract_features_takes_the_options_of_the_command(data: Path, expected: NDArray[np.float32]) -> None:
    some = extract_features(data, exclude=["class 10"], no_cache=True)
    assert some.tobytes() == expected[:3].tobytes()
    assert not np.array_equal(extract_features(data, fit="crop"), expected)


def test_one_class_is_enough(data: Path, tmp_path: Path) -> None:
    assert written(data, tmp_path / "f.npz", exclude=("class 2",))["classes"] == ["class 10"]


def test_random_weights_have_vectors_of_their_own_in_the_same_store(
    data: Path, tmp_path: Path, expected: NDArray[np.float32]
) -> None:
    written(data, tmp_path / "f.npz", cache=tmp_path / "cache")
    written(data, tmp_path / "random.npz", cache=tmp_path / "cache", weights="none", seed=1)
    assert len(rows_in(tmp_path / "cache")) == 10
    assert not np.array_equal(arrays_in(tmp_path / "random.npz")["features"], expected)


def test_random_weights_are_drawn_from_the_seed(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mock_network(record: object, layer: str, origin: WeightsOrigin, listen: object) -> None:
        raise UserError(origin.name)

    monkeypatch.setattr("headstart.jobs.setup.network_from", mock_network)
    with pytest.raises(UserError, match="random, seed 7"):
        written(data, tmp_path / "f.npz", weights="none", seed=7)


def test_the_same_run_writes_the_same_file_bit_for_bit(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "1.npz")
    written(data, tmp_path / "2.npz", no_cache=True)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_copies_are_computed_once_and_each_has_its_row(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    shutil.copy(data / "class 2" / "20.png", tmp_path / "data" / "class 10" / "copy.png")
    written(tmp_path / "data", tmp_path / "f.npz", cache=tmp_path / "cache")
    arrays = arrays_in(tmp_path / "f.npz")
    assert len(rows_in(tmp_path / "cache")) == 5
    assert arrays["paths"][[1, 5]].tolist() == ["class 2/20.png", "class 10/copy.png"]
    assert arrays["features"][1].tobytes() == arrays["features"][5].tobytes()


# --- the store ------------------------------------------------------------------------------------------------


def test_no_picture_is_decoded_for_pixels_and_no_engine_started_where_all_is_stored(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(data, tmp_path / "1.npz", cache=tmp_path / "cache")
    monkeypatch.setattr("headstart.features.extract.replies", lambda *_, **__: pytest.fail("a picture was decoded"))
    monkeypatch.setattr(extraction, "engine_for", lambda *_: pytest.fail("an engine was started"))
    written(data, tmp_path / "2.npz", cache=tmp_path / "cache")
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_an_interrupted_run_goes_on_where_it_was(
    data: Path, tmp_path: Path, expected: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Event] = []

    def interrupting(event: Event) -> None:
        done.append(event)
        if Entered("computing features") in done[:-2]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_features(FeaturesSettings(data, out=tmp_path / "f.npz", cache=tmp_path / "cache"), interrupting)
    assert names(tmp_path) == ["cache"]
    assert len(rows_in(tmp_path / "cache")) == 2
    said: list[Event] = []
    run_features(FeaturesSettings(data, out=tmp_path / "f.npz", cache=tmp_path / "cache"), said.append)
    assert sentences(said)[-1] == "2 of 5 feature vectors were in the store."
    assert arrays_in(tmp_path / "f.npz")["features"].tobytes() == expected.tobytes()


def test_without_a_cache_nothing_is_kept(
    data: Path, tmp_path: Path, expected: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "cache_folder", lambda: pytest.fail("the cache was asked for"))
    written(data, tmp_path / "f.npz", no_cache=True)
    assert arrays_in(tmp_path / "f.npz")["features"].tobytes() == expected.tobytes()


def test_a_default_place_that_can_only_be_read_costs_the_keeping_alone(
    data: Path, tmp_path: Path, expected: NDArray[np.float32], read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "cache_folder", lambda: read_only)
    said: list[Event] = []
    run_features(FeaturesSettings(data, out=tmp_path / "f.npz"), said.append)
    assert arrays_in(tmp_path / "f.npz")["features"].tobytes() == expected.tobytes()
    assert [text for text in sentences(said) if "The features are computed and not kept." in text]


# --- odd pictures and names -----------------------------------------------------------------------------------


def test_pictures_that_can_not_be_read_are_skipped_and_listed(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "class 2" / "page.jpg").write_text("<html>404</html>")
    (tmp_path / "data" / "class 10" / "00.png").write_bytes(b"")
    said: list[Event] = []
    document = run_features(FeaturesSettings(tmp_path / "data", out=tmp_path / "f.npz"), said.append)
    assert document["pictures"] == 4
    assert document["skipped"] == [
        {"path": "class 2/page.jpg", "reason": "not-a-picture"},
        {"path": "class 10/00.png", "reason": "empty-file"},
    ]
    assert sentences(said)[-1] == (
        "Warning: Skipped 2 files (1 not-a-picture, 1 empty-file): class 2/page.jpg, class 10/00.png."
    )
    assert arrays_in(tmp_path / "f.npz")["paths"].tolist() == [path for path in PATHS if path != "class 10/00.png"]


def test_a_picture_that_changes_after_the_check_is_skipped_and_nothing_is_stored_for_it(
    data: Path, tmp_path: Path
) -> None:
    shutil.copytree(data, tmp_path / "data")
    changing = tmp_path / "data" / "class 2" / "20.png"

    def change(event: Event) -> None:
        if event == Entered("computing features"):
            changing.write_bytes(encoded(picture((9, 9, 9), seed=9)))

    settings = FeaturesSettings(tmp_path / "data", out=tmp_path / "f.npz", cache=tmp_path / "cache")
    document = run_features(settings, change)
    arrays = arrays_in(tmp_path / "f.npz")
    assert document["skipped"] == [{"path": "class 2/20.png", "reason": "changed"}]
    assert {content for _, content, _ in rows_in(tmp_path / "cache")} == set(arrays["sha256"].tolist())
    assert len(arrays["features"]) == len(arrays["labels"]) == len(arrays["paths"]) == 4


def test_data_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data" / "ant").mkdir(parents=True)
    (tmp_path / "data" / "ant" / "1.png").write_text("no picture")
    with pytest.raises(UserError, match=r"no picture can be read. Skipped 1 file \(1 not-a-picture\): ant/1.png\."):
        written(tmp_path / "data", tmp_path / "f.npz")
    assert names(tmp_path) == ["data"]


ODD = os.fsdecode(b"caf\xe9")


@pytest.fixture
def odd(data: Path, tmp_path: Path) -> Path:
    """A class and a picture whose names are no Unicode."""
    shutil.copytree(data / "class 2", tmp_path / "data" / ODD)
    (tmp_path / "data" / ODD / "02.png").rename(tmp_path / "data" / ODD / f"{ODD}.png")
    return tmp_path / "data"


def test_names_that_are_no_unicode_come_back_from_an_npz_file(odd: Path, tmp_path: Path) -> None:
    written(odd, tmp_path / "f.npz")
    arrays = arrays_in(tmp_path / "f.npz")
    assert arrays["classes"].tolist() == [ODD]
    assert arrays["paths"].tolist() == [f"{ODD}/20.png", f"{ODD}/100.png", f"{ODD}/{ODD}.png"]
    assert all((odd / path).is_file() for path in arrays["paths"].tolist())


def test_names_that_are_no_unicode_are_escaped_in_a_parquet_file(odd: Path, tmp_path: Path) -> None:
    written(odd, tmp_path / "f.parquet")
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table["label"].to_pylist() == [r"caf\udce9"] * 3
    assert table["path"].to_pylist()[2] == r"caf\udce9/caf\udce9.png"


# --- where it is written --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["f.npz", "f.parquet"])
def test_a_file_that_headstart_wrote_is_replaced(data: Path, tmp_path: Path, name: str) -> None:
    written(data, tmp_path / name, exclude=("class 2",))
    before = (tmp_path / name).read_bytes()
    written(data, tmp_path / name)
    assert (tmp_path / name).read_bytes() != before
    assert names(tmp_path) == [name]


def put_text(file: Path) -> None:
    file.write_text("my thesis")


def put_other_arrays(file: Path) -> None:
    with file.open("wb") as stream:
        np.savez(stream, features=np.zeros(3))


def put_table(file: Path) -> None:
    parquet.write_table(pyarrow.table({"features": [1.0]}), file)


def put_pipe(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize("name", ["f.npz", "f.parquet"])
@pytest.mark.parametrize("put", [put_text, put_other_arrays, put_table])
def test_a_file_that_headstart_did_not_write_is_refused_and_stays(
    data: Path, tmp_path: Path, name: str, put: Callable[[Path], None]
) -> None:
    put(tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(UserError, match=r"is a file that headstart didn't write; name a new one\."):
        written(data, tmp_path / name)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["f.npz", "f.parquet"])
def test_a_pipe_is_refused_and_not_waited_for(data: Path, tmp_path: Path, name: str) -> None:
    put_pipe(tmp_path / name)
    with pytest.raises(UserError, match="is a file that headstart didn't write"):
        written(data, tmp_path / name)
    assert (tmp_path / name).is_fifo()


def test_a_folder_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "f.npz").mkdir()
    with pytest.raises(UserError, match=r"f\.npz is a folder; name a file\."):
        written(data, tmp_path / "f.npz")


@pytest.mark.parametrize("name", ["f", "f.csv", "f.npy", "f.NPZ", "f.npz.gz", ".npz", "f.parquet/"])
def test_a_file_without_a_known_suffix_is_refused(data: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"--out .*: name a file that ends in \.npz or \.parquet\."):
        written(data, tmp_path / name.replace("f.parquet/", "f.parquet/f"))
    assert names(tmp_path) == []


def test_a_place_inside_the_data_is_refused(data: Path) -> None:
    before = contents(data)
    with pytest.raises(UserError, match="lies inside the data folder"):
        written(data, data / "class 2" / "f.npz")
    assert contents(data) == before


def test_the_data_itself_is_never_replaced(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "f.parquet")
    with pytest.raises(UserError, match="--out"):
        written(tmp_path / "f.parquet", tmp_path / "f.parquet")


def test_a_link_stays_and_what_it_leads_to_is_replaced(data: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "f.npz").symlink_to("disk/g.npz")
    written(data, tmp_path / "f.npz", exclude=("class 2",))
    written(data, tmp_path / "f.npz")
    assert (tmp_path / "f.npz").is_symlink()
    assert len(arrays_in(tmp_path / "disk" / "g.npz")["features"]) == 5
    assert [names(tmp_path), names(tmp_path / "disk")] == [["disk", "f.npz"], ["g.npz"]]


def test_folders_on_the_way_are_made(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "new" / "deep" / "f.npz")
    assert names(tmp_path / "new" / "deep") == ["f.npz"]


def test_a_parquet_file_needs_pyarrow_and_that_is_told_before_the_data_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingError, match=r"pip install 'headstart\[parquet\]'"):
        written(tmp_path / "nowhere", tmp_path / "f.parquet")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backbone": "mobilnet"}, "Did you mean mobilenet"),
        ({"layer": "fc1"}, "offers no layer 'fc1'"),
        ({"fit": "squish"}, "--fit squish: choose from"),
        ({"weights": "no.h5"}, "there is no such file"),
        ({"exclude": ("class 3",)}, "no class is called so"),
        ({"exclude": ("class 2", "class 10")}, "class"),
    ],
)
def test_settings_that_can_not_be_are_refused(data: Path, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        written(data, tmp_path / "f.npz", **options)
    assert names(tmp_path) == []


# --- several views --------------------------------------------------------------------------------------------


def view_of(data: Path, view: str) -> NDArray[np.float32]:
    """Return the vectors of one view of the pictures, computed without a store."""
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    engine = engine_once(network_from(record, "avg_pool", origin, silent), "openvino")
    return features_of(inspected_in(data).dataset, engine, Geometry(224, view=view), silent)[1]


def test_each_picture_has_a_row_of_each_view_the_picture_itself_first(
    data: Path, tmp_path: Path, expected: NDArray[np.float32]
) -> None:
    document = written(data, tmp_path / "f.npz", views=3)
    arrays = arrays_in(tmp_path / "f.npz")
    assert (document["pictures"], document["views"], document["shape"]) == (5, 3, [1280])
    assert arrays["features"].shape == (15, 1280)
    assert arrays["features"][0::3].tobytes() == expected.tobytes()
    assert arrays["features"][1::3].tobytes() == view_of(data, drawn(1)).tobytes()
    assert arrays["features"][2::3].tobytes() == view_of(data, drawn(2)).tobytes()
    assert arrays["views"].tolist() == [0, 1, 2] * 5
    assert arrays["paths"].tolist() == [path for path in PATHS for _ in range(3)]
    assert arrays["labels"].tolist() == [0] * 9 + [1] * 6
    assert arrays["sha256"].tolist() == [r.sha256 for r in inspected_in(data).dataset.records for _ in range(3)]
    assert len(np.unique(arrays["features"], axis=0)) == 15


def test_a_parquet_file_says_which_view_a_row_is(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "f.npz", views=2)
    written(data, tmp_path / "f.parquet", views=2)
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table.column_names == ["features", "label", "path", "sha256", "view"]
    assert table["view"].to_pylist() == [0, 1] * 5
    assert table["path"].to_pylist() == [path for path in PATHS for _ in range(2)]
    assert np.stack(table["features"].to_numpy()).tobytes() == arrays_in(tmp_path / "f.npz")["features"].tobytes()


def test_extract_features_gives_the_same_rows_of_views(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "f.npz", views=2)
    assert extract_features(data, views=2).tobytes() == arrays_in(tmp_path / "f.npz")["features"].tobytes()


def test_more_views_leave_the_first_ones_as_they_were_and_compute_only_the_others(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "2.npz", views=2, cache=tmp_path / "cache")
    assert len(rows_in(tmp_path / "cache")) == 10
    written(data, tmp_path / "3.npz", views=3, cache=tmp_path / "cache")
    assert len(rows_in(tmp_path / "cache")) == 15
    two, three = (arrays_in(tmp_path / name)["features"] for name in ("2.npz", "3.npz"))
    assert three.reshape(5, 3, -1)[:, :2].tobytes() == two.tobytes()


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_a_picture_that_vanishes_between_two_passes_leaves_no_row_and_no_other_row_moves(
    data: Path, tmp_path: Path, passes: int
) -> None:
    shutil.copytree(data, tmp_path / "data")
    begun: list[Event] = []

    def removing(event: Event) -> None:
        begun.extend([event] * (event == Entered("computing features")))
        if len(begun) == passes:
            (tmp_path / "data" / "class 2" / "20.png").unlink(missing_ok=True)

    settings = FeaturesSettings(tmp_path / "data", out=tmp_path / "f.npz", cache=tmp_path / "cache", views=3)
    document = run_features(settings, removing)
    arrays = arrays_in(tmp_path / "f.npz")
    written(data, tmp_path / "whole.npz", views=3)
    whole = arrays_in(tmp_path / "whole.npz")
    kept = whole["paths"] != "class 2/20.png"
    assert document["skipped"] == [{"path": "class 2/20.png", "reason": "unreadable"}]
    assert {name: arrays[name].tolist() for name in ("paths", "labels", "sha256", "views")} == {
        name: whole[name][kept].tolist() for name in ("paths", "labels", "sha256", "views")
    }
    assert arrays["features"].tobytes() == whole["features"][kept].tobytes()


def test_an_interrupted_run_of_views_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    begun: list[Event] = []

    def interrupting(event: Event) -> None:
        begun.extend([event] * (event == Entered("computing features")))
        if len(begun) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_features(FeaturesSettings(data, out=tmp_path / "f.npz", cache=tmp_path / "cache", views=3), interrupting)
    assert (names(tmp_path), len(rows_in(tmp_path / "cache"))) == (["cache"], 10)
    said: list[Event] = []
    run_features(FeaturesSettings(data, out=tmp_path / "f.npz", cache=tmp_path / "cache", views=3), said.append)
    assert sentences(said).count("5 of 5 feature vectors were in the store.") == 2
    written(data, tmp_path / "whole.npz", views=3)
    assert (tmp_path / "f.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"views": 0}, "--views 0: choose from 1 to 100."),
        ({"views": 101}, "--views 101: choose from 1 to 100."),
        ({"views": 2, "flip": True}, "--views draws mirrored views among others; leave out --flip."),
        ({"map_budget": "much"}, "--map-budget much: write a size as in 500MB or 2GB."),
    ],
)
def test_views_and_budgets_that_can_not_be_are_refused(
    data: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as refused:
        written(data, tmp_path / "f.npz", **options)
    assert str(refused.value) == said
    assert names(tmp_path) == []


# --- recipes --------------------------------------------------------------------------------------------------


def test_a_recipe_is_in_the_document_and_the_rows(data: Path, tmp_path: Path, expected: NDArray[np.float32]) -> None:
    document = written(data, tmp_path / "f.npz", flip=True, l2=True, precision="f32")
    mean = (expected + view_of(data, "mirrored")) / np.float32(2)
    rows = arrays_in(tmp_path / "f.npz")["features"]
    np.testing.assert_allclose(rows, mean / np.linalg.norm(mean, axis=1, keepdims=True), rtol=1e-5, atol=1e-7)
    assert document["features"] == {
        "layer": "avg_pool",
        "fit": "squash",
        "sizes": [224],
        "flip": True,
        "combine": "stack",
        "l2": True,
    }


# --- maps -----------------------------------------------------------------------------------------------------

MAP_BYTES = 14 * 14 * 112 * 2


def map_options(**options: Any) -> dict[str, Any]:
    return {"layer": "blocks_10", "pool": "none", "precision": "f32", **options}


@pytest.fixture(scope="module")
def maps(data: Path, cache: Path) -> NDArray[np.float32]:
    """The maps of the pictures, in f32 and computed without a store."""
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="blocks_10:none", seed=0, offline=True, listen=silent)
    engine = engine_once(network_from(record, "blocks_10:none", origin, silent), "openvino")
    rows = features_of(inspected_in(data).dataset, engine, Geometry(224), silent)[1]
    return rows.reshape(5, 14, 14, 112)


def test_maps_are_those_in_f32_rounded_to_float16_computed_and_loaded(
    data: Path, tmp_path: Path, maps: NDArray[np.float32]
) -> None:
    document = written(data, tmp_path / "1.npz", **map_options(cache=tmp_path / "cache"))
    written(data, tmp_path / "2.npz", **map_options(cache=tmp_path / "cache"))
    features = arrays_in(tmp_path / "1.npz")["features"]
    assert (features.dtype, features.shape) == (np.dtype(np.float16), (5, 14, 14, 112))
    assert features.tobytes() == maps.astype(np.float16).tobytes()
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    assert {len(row) for _, _, row in rows_in(tmp_path / "cache")} == {MAP_BYTES}
    assert (document["shape"], document["dtype"]) == ([14, 14, 112], "float16")
    assert document["features"]["layer"] == "blocks_10:none"
    assert np.abs(features).max() > 0.1


def test_maps_of_views_stand_one_after_the_other(data: Path, tmp_path: Path, maps: NDArray[np.float32]) -> None:
    features = extract_features(data, **map_options(views=2))
    assert (features.dtype, features.shape) == (np.dtype(np.float16), (10, 14, 14, 112))
    assert features[0::2].tobytes() == maps.astype(np.float16).tobytes()


def test_maps_lie_flat_in_a_parquet_file_that_says_their_shape(
    data: Path, tmp_path: Path, maps: NDArray[np.float32]
) -> None:
    written(data, tmp_path / "f.parquet", **map_options())
    table = parquet.read_table(tmp_path / "f.parquet")
    shape = json.loads(table.schema.metadata[b"shape"])
    assert np.stack(table["features"].to_numpy()).reshape(-1, *shape).tobytes() == maps.astype(np.float16).tobytes()


def room_told(data: Path, out: Path, **options: Any) -> str:
    said: list[Event] = []
    run_features(FeaturesSettings(data, out=out, **map_options(**options)), said.append)
    return next(text for text in sentences(said) if text.startswith("Maps of"))


def test_how_much_room_maps_take_is_told_before_and_what_is_there_counts(data: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = room_told(data, tmp_path / "f.npz", cache=cache, map_budget="1MB")
    assert first == (
        "Maps of 14 × 14 × 112 numbers take 43 kB a picture: 219 kB for 5 that aren't kept yet, beside 0 kB of maps in "
        "the cache; the budget is 1.0 MB."
    )
    assert "0 kB for 0 that aren't kept yet, beside 219 kB of maps" in room_told(data, tmp_path / "f.npz", cache=cache)
    assert "439 kB for 10 that aren't kept yet, beside 219 kB" in room_told(
        data, tmp_path / "f.npz", cache=cache, views=3
    )


def test_what_is_kept_already_is_not_counted_twice(data: Path, tmp_path: Path) -> None:
    cache, budget = tmp_path / "cache", f"{10 * MAP_BYTES}"
    written(data, tmp_path / "1.npz", **map_options(cache=cache, views=2, map_budget=budget))
    written(data, tmp_path / "2.npz", **map_options(cache=cache, views=2, map_budget=budget))
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


@pytest.mark.parametrize(("views", "budget"), [(1, 5 * MAP_BYTES - 1), (2, 10 * MAP_BYTES - 1)])
def test_maps_beyond_the_budget_are_refused_before_anything_is_computed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, views: int, budget: int
) -> None:
    monkeypatch.setattr(extraction, "engine_for", lambda *_: pytest.fail("an engine was started"))
    with pytest.raises(UserError, match=r"The maps would take \d+ kB, more than the budget of .* --map-budget"):
        written(data, tmp_path / "f.npz", **map_options(cache=tmp_path / "cache", views=views, map_budget=str(budget)))
    assert names(tmp_path) == ["cache"]
    assert rows_in(tmp_path / "cache") == []


def test_maps_of_another_layer_in_the_cache_count_and_vectors_do_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    with opened_store(cache) as store:
        store.put(EXTRACTOR, vectors(9, dimension=10_000))
        store.put(replace(EXTRACTOR, dtype="float16"), vectors(1, dimension=100))
    written(data, tmp_path / "f.npz", **map_options(cache=cache, map_budget=str(5 * MAP_BYTES + 200)))
    monkeypatch.setattr(extraction, "engine_for", lambda *_: pytest.fail("an engine was started"))
    with pytest.raises(UserError, match="The maps would take"):
        written(data, tmp_path / "f.npz", **map_options(cache=cache, map_budget=str(5 * MAP_BYTES + 199)))
