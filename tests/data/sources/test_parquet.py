"""Parquet files: which columns hold what, what the classes are called, and files that belong together."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources import opened, unpacked
from headstart.errors import MissingError, UserError
from headstart.progress import Entered, Event, Said, silent
from pictures import encoded, picture, write_classes

Read = Callable[[Path], Listing]

PNG = [encoded(picture((9, 99, 199), seed=seed, size=(6, 4))) for seed in range(3)]
STRUCTS = [{"bytes": content, "path": f"{name}.png"} for name, content in zip("abc", PNG, strict=True)]


def put(path: Path, columns: dict[str, Any], names: Sequence[str] = (), schema: pa.Schema | None = None) -> Path:
    """Write a table as Hugging Face does; ``names`` are those of the classes in its column label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pydict(columns, schema=schema)
    if names:
        features = {"image": {"_type": "Image"}, "label": {"names": list(names), "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path)
    return path


def contents(listing: Listing) -> list[bytes]:
    return [(listing.folder / (p.file or "")).read_bytes() for p in listing.pictures]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.parquet"


# --- columns --------------------------------------------------------------------------------------------------


def test_pictures_are_named_by_their_paths_and_classes_by_the_metadata(file: Path, read: Read) -> None:
    listing = read(put(file, {"image": STRUCTS, "label": [1, 0, 1]}, ["bee", "ant", "cow"]))
    assert listing.pictures == (
        Listed("a.png", "ant", file="000000"),
        Listed("b.png", "bee", file="000001"),
        Listed("c.png", "ant", file="000002"),
    )
    assert listing.labels == ("ant", "bee", "cow")
    assert contents(listing) == PNG


def test_pictures_in_a_plain_column_are_named_by_their_rows(file: Path, read: Read) -> None:
    listing = read(put(file, {"img": PNG, "label": ["ant", " bee ", "ant"]}))
    assert [(p.path, p.label) for p in listing.pictures] == [
        ("row-000000", "ant"),
        ("row-000001", "bee"),
        ("row-000002", "ant"),
    ]
    assert contents(listing) == PNG


def test_numbers_without_names_are_their_own(file: Path, read: Read) -> None:
    assert read(put(file, {"image": PNG, "label": [10, 9, 10]})).labels == ("9", "10")


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
@pytest.mark.parametrize("labels", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_every_type_of_bytes_and_text_is_read(file: Path, kind: pa.DataType, labels: pa.DataType, read: Read) -> None:
    schema = pa.schema({"image": pa.struct({"path": pa.string(), "bytes": kind}), "label": labels})
    listing = read(put(file, {"image": STRUCTS, "label": ["ant", "bee", "ant"]}, schema=schema))
    assert [(p.path, p.label) for p in listing.pictures] == [("a.png", "ant"), ("b.png", "bee"), ("c.png", "ant")]
    assert contents(listing) == PNG


def test_split_and_group_are_taken_over(file: Path, read: Read) -> None:
    columns = {"image": STRUCTS, "label": [0, 0, 1], "split": ["train", "Test", "valid"], "group": [7, None, 8]}
    assert [(p.part, p.group) for p in read(put(file, columns)).pictures] == [
        ("train", "7"),
        ("test", None),
        ("val", "8"),
    ]


def test_the_usual_names_come_before_others(file: Path, read: Read) -> None:
    columns = {"mask": PNG[::-1], "image": PNG, "id": [1, 2, 3], "label": ["ant"] * 3, "text": ["x"] * 3}
    listing = read(put(file, columns))
    assert contents(listing) == PNG
    assert listing.labels == ("ant",)


def test_the_only_column_that_can_hold_labels_does_and_that_is_said(file: Path, read: Read, heard: list[Event]) -> None:
    others = {"width": [1.0] * 3, "split": ["train"] * 3, "group": [1] * 3}
    assert read(put(file, {"photo": PNG, "species": ["ant"] * 3} | others)).labels == ("ant",)
    assert heard == [
        Entered("unpacking x.parquet"),
        Said(f"{file} has no column label; its labels are taken from the column species."),
    ]


def test_the_only_column_of_classes_comes_before_other_numbers(file: Path, read: Read) -> None:
    table = pa.Table.from_pydict({"image": PNG, "id": [1, 2, 3], "labels": [0, 1, 0]})
    features = {"labels": {"names": ["ant", "bee"], "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    parquet.write_table(table.replace_schema_metadata(metadata), file)
    assert read(file).labels == ("ant", "bee")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"a": PNG, "b": PNG, "label": [0, 0, 0]},
            "several columns that may hold pictures (a, b); call the right one image",
        ),
        ({"label": [0], "x": [1.5]}, "no column that holds pictures (label, x); call the right one image."),
        (
            {"image": PNG, "a": [0] * 3, "b": ["x"] * 3},
            "several columns that may hold labels (a, b); call the right one lab",
        ),
        ({"image": PNG}, "no column that holds labels (image); call the right one label."),
        ({"image": PNG, "label": [0.5] * 3, "id": [1] * 3}, "its column label is of a type that can't hold labels"),
        ({"image": ["a.png"], "mask": [b""], "label": [1]}, "its column image is of a type that can't hold pictures"),
    ],
)
def test_columns_that_are_not_plain_are_refused_with_those_in_question(
    file: Path, columns: dict[str, Any], sentence: str, read: Read
) -> None:
    with pytest.raises(UserError) as refused:
        read(put(file, columns))
    assert sentence in str(refused.value)


def test_two_columns_of_one_name_are_refused(file: Path, read: Read) -> None:
    table = pa.Table.from_arrays([pa.array(PNG), pa.array([1, 2, 3]), pa.array([1, 2, 3])], ["image", "label", "label"])
    parquet.write_table(table, file)
    with pytest.raises(UserError, match="has two columns of one name; rename one"):
        read(file)


# --- rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("none", [-1, None])
def test_a_row_without_a_label_is_skipped_and_not_unpacked(file: Path, none: int | None, read: Read) -> None:
    listing = read(put(file, {"image": STRUCTS, "label": [0, none, 0]}, ["ant"]))
    assert listing.skipped == (Skipped("b.png", "no-label"),)
    assert contents(listing) == [PNG[0], PNG[2]]
    assert len(list(listing.folder.iterdir())) == 2


def test_a_row_without_bytes_is_skipped(file: Path, read: Read) -> None:
    columns = {"image": [STRUCTS[0], {"bytes": None, "path": "b.png"}, None], "label": [0, 0, 0]}
    assert read(put(file, columns)).skipped == (Skipped("b.png", "missing-file"), Skipped("row-000002", "missing-file"))


def test_paths_without_bytes_are_refused(file: Path, read: Read) -> None:
    schema = pa.schema({"image": pa.struct({"bytes": pa.binary(), "path": pa.string()}), "label": pa.int64()})
    data = put(file, {"image": [{"path": "a.png"}, {"path": "b.png"}], "label": [0, 1]}, schema=schema)
    with pytest.raises(UserError, match=r"x\.parquet holds paths of pictures, but not their bytes; embed them, or use"):
        read(data)


@pytest.mark.parametrize("path", ["c.png", None, "", "/home/anna/a.png", "../a.png", "row-000002"])
def test_a_path_that_names_no_one_picture_or_another_machine_is_not_used(
    file: Path, path: str | None, read: Read
) -> None:
    images = [{"bytes": PNG[0], "path": path}, {"bytes": PNG[1], "path": "b.png"}, {"bytes": PNG[2], "path": "c.png"}]
    paths = [p.path for p in read(put(file, {"image": images, "label": [0, 0, 0]})).pictures]
    assert paths[:2] == ["row-000000", "b.png"]
    assert len(set(paths)) == 3


@pytest.mark.parametrize("label", [2, -2])
def test_a_label_beyond_the_named_classes_is_refused(file: Path, label: int, read: Read) -> None:
    data = put(file, {"image": STRUCTS, "label": [0, 1, label]}, ["ant", "bee"])
    with pytest.raises(UserError, match=rf"the label in row 2 is {label}, but the metadata name only 2 classes"):
        read(data)


@pytest.mark.parametrize("metadata", [b"", b"{", b"[]", b'{"info": {"features": {"label": 3}}}', b"[" * 10**5])
def test_metadata_that_name_no_classes_are_passed_over(file: Path, metadata: bytes, read: Read) -> None:
    table = pa.Table.from_pydict({"image": PNG, "label": [0, 1, 0]})
    parquet.write_table(table.replace_schema_metadata({"huggingface": metadata}), file)
    assert read(file).labels == ("0", "1")


def test_only_some_pictures_are_in_memory_at_a_time(file: Path, read: Read) -> None:
    contents_of_rows = [bytes([i]) + bytes(99_999) for i in range(200)]
    put(file, {"image": contents_of_rows * 2, "label": [0] * 400})
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    assert len(read(file).pictures) == 400
    assert tracemalloc.get_traced_memory()[1] < 2 * 64 * 10**5 * 1.5
    assert pa.total_allocated_bytes() - before < 10**6
    tracemalloc.stop()


# --- files that belong together -------------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "data/"])
def test_a_folder_of_parquet_files_is_read_as_one_with_parts_by_name(tmp_path: Path, below: str, read: Read) -> None:
    columns = {"image": STRUCTS[:1], "label": [0]}
    for name in ("train-00000-of-00002", "train-00001-of-00002", "validation-00000-of-00001", "test-00000-of-00001"):
        put(tmp_path / f"{below}{name}.parquet", columns, ["ant", "bee"])
    (tmp_path / "README.md").touch()
    (tmp_path / ".git").mkdir()
    listing = read(tmp_path)
    assert [(p.path, p.part) for p in listing.pictures] == [
        (f"{below}test-00000-of-00001/a.png", "test"),
        (f"{below}train-00000-of-00002/a.png", "train"),
        (f"{below}train-00001-of-00002/a.png", "train"),
        (f"{below}validation-00000-of-00001/a.png", "val"),
    ]
    assert listing.labels == ("ant", "bee")
    assert len(set(contents(listing))) == 1


def test_a_column_split_comes_before_the_name_of_the_file(tmp_path: Path, read: Read) -> None:
    put(tmp_path / "train-0.parquet", {"image": STRUCTS[:1], "label": [0], "split": ["test"]})
    assert [p.part for p in read(tmp_path).pictures] == ["test"]


def test_files_of_which_only_some_name_a_part_are_refused(tmp_path: Path, read: Read) -> None:
    for name in ("train-0", "extra"):
        put(tmp_path / f"{name}.parquet", {"image": STRUCTS[:1], "label": [0]})
    with pytest.raises(UserError, match=r"has no split in 1 rows \(extra\.parquet row 0\), but in others"):
        read(tmp_path)


def test_files_that_name_no_part_have_none(tmp_path: Path, read: Read) -> None:
    put(tmp_path / "pictures.parquet", {"image": STRUCTS, "label": [0, 0, 1]})
    assert [(p.path, p.part) for p in read(tmp_path).pictures] == [(f"pictures/{name}.png", None) for name in "abc"]


def test_class_folders_with_a_parquet_file_beside_them_stay_class_folders(tmp_path: Path, read: Read) -> None:
    put(write_classes(tmp_path, {"ant": 1, "data": 1}) / "x.parquet", {"image": STRUCTS, "label": [0, 0, 1]})
    listing = read(tmp_path)
    assert listing.labels == ("ant", "data")
    assert listing.skipped == (Skipped("x.parquet", "outside-class-folders"),)


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -50])
def test_a_damaged_file_is_refused(file: Path, cut: int, read: Read) -> None:
    whole = put(file, {"image": STRUCTS, "label": [0, 0, 1]}).read_bytes()
    file.write_bytes(whole[:cut])
    with pytest.raises(UserError, match=r"x\.parquet is no Parquet file, or a damaged one \(.*\); make or fetch it ag"):
        read(file)


@pytest.mark.usefixtures("nothing_left")
def test_a_file_damaged_in_the_middle_is_refused_and_nothing_of_it_left(file: Path) -> None:
    put(file, {"image": STRUCTS, "label": [0, 0, 1]})
    content = bytearray(file.read_bytes())
    content[4:300] = bytes(b ^ 255 for b in content[4:300])
    file.write_bytes(content)
    with pytest.raises(UserError, match="or a damaged one"), opened(file, silent):
        pass


@pytest.mark.usefixtures("nothing_left")
def test_a_bomb_of_one_picture_in_many_rows_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "RATIO_COUNTS_FROM_BYTES", 10**6)
    put(file, {"image": [bytes(10**5)] * 300, "label": [0] * 300})
    with pytest.raises(UserError, match=r"x\.parquet looks like a zip bomb"), opened(file, silent):
        pass


def test_without_pyarrow_the_extra_is_named(file: Path, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    put(file, {"image": STRUCTS, "label": [0, 0, 1]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingError, match=r"x\.parquet needs pyarrow: pip install 'headstart\[parquet\]'$"):
        read(file)
