"""Whatever the user names as data: which source reads it, and what is refused in one sentence."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources import SOURCES, opened, require_classes
from headstart.errors import UserError
from headstart.progress import silent
from pictures import write_classes

Read = Callable[[Path], Listing]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "data", {"ant": 2, "bee": 1})


def as_zip(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def as_tar(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "gztar", folder))


def as_manifest(folder: Path) -> Path:
    rows = [f"{path.relative_to(folder).as_posix()},{path.parent.name}" for path in sorted(folder.rglob("*.png"))]
    (folder / "labels.csv").write_text("\n".join(["path,label", *rows]))
    return folder / "labels.csv"


def as_parquet(folder: Path) -> Path:
    from pyarrow import Table, parquet

    files = sorted(folder.rglob("*.png"))
    images = [{"bytes": path.read_bytes(), "path": path.relative_to(folder).as_posix()} for path in files]
    table = Table.from_pydict({"image": images, "label": [path.parent.name for path in files]})
    parquet.write_table(table, folder.with_suffix(".parquet"))
    return folder.with_suffix(".parquet")


def itself(folder: Path) -> Path:
    return folder


FORMS = [itself, as_zip, as_tar, as_manifest, as_parquet]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_pictures_are_named_alike_in_any_form(folder: Path, form: Callable[[Path], Path], read: Read) -> None:
    original = {p.path: (folder / p.path).read_bytes() for p in read(folder).pictures}
    listing = read(form(folder))
    assert [(p.path, p.label, p.part, p.group) for p in listing.pictures] == [
        ("ant/00.png", "ant", None, None),
        ("ant/01.png", "ant", None, None),
        ("bee/00.png", "bee", None, None),
    ]
    assert {p.path: (listing.folder / (p.file or p.path)).read_bytes() for p in listing.pictures} == original
    assert listing.labels == ("ant", "bee")
    assert listing.skipped == ()


@pytest.mark.parametrize("form", [as_zip, as_tar, as_parquet])
@pytest.mark.parametrize("suffix", ["", ".jpg", ".csv"])
def test_a_wrong_suffix_does_not_matter_where_the_content_tells(
    folder: Path, form: Callable[[Path], Path], suffix: str, read: Read
) -> None:
    renamed = form(folder).rename(folder.with_name(f"download{suffix}"))
    assert len(read(renamed).pictures) == 3


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_data_is_taken_by_one_entry_of_the_table(folder: Path, form: Callable[[Path], Path]) -> None:
    data = form(folder)
    assert len([source for source in SOURCES if source.accepts(data)]) == 1


@pytest.mark.parametrize("form", [as_zip, as_tar, as_parquet])
@pytest.mark.usefixtures("nothing_left")
def test_what_was_unpacked_goes_away_at_the_end(folder: Path, form: Callable[[Path], Path]) -> None:
    with opened(form(folder), silent) as listing:
        assert listing.folder.is_dir()
    assert not listing.folder.exists()


def test_a_tar_file_that_ends_with_a_zip_file_is_a_tar_file(folder: Path, read: Read) -> None:
    with tarfile.open(folder.with_suffix(".tar"), "w") as archive:
        archive.add(folder, ".")
        archive.add(as_zip(folder), "bee/nested.zip")
    listing = read(folder.with_suffix(".tar"))
    assert [p.path for p in listing.pictures][-1] == "bee/nested.zip"
    assert zipfile.is_zipfile(folder.with_suffix(".tar"))


def test_what_does_not_exist_is_refused_with_what_could_be_named(tmp_path: Path, read: Read) -> None:
    with pytest.raises(
        UserError, match=r"none doesn't exist; name .*a folder with one sub-folder of pictures per clas"
    ):
        read(tmp_path / "none")


@pytest.mark.parametrize("content", [b"", b"some text", bytes(2000), b"\x1f\x8bnot gzip", b"PAR"])
def test_a_file_of_no_known_kind_is_refused_with_every_kind_there_is(
    tmp_path: Path, content: bytes, read: Read
) -> None:
    (tmp_path / "file.bin").write_bytes(content)
    with pytest.raises(UserError, match=r"file\.bin is nothing that headstart reads; name ") as refused:
        read(tmp_path / "file.bin")
    assert all(source.what in str(refused.value) for source in SOURCES)


def test_a_pipe_in_place_of_data_is_refused_and_not_waited_for(tmp_path: Path, read: Read) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match=r"pipe\.csv is nothing that headstart reads"):
        read(tmp_path / "pipe.csv")


# --- classes --------------------------------------------------------------------------------------------------


@pytest.fixture
def classes_required(read: Read) -> Callable[[Path], None]:
    return lambda data: require_classes(read(data), 2)


def test_an_empty_folder_is_refused(tmp_path: Path, classes_required: Callable[[Path], None]) -> None:
    with pytest.raises(UserError, match=r"holds no pictures; it needs one sub-folder of pictures per class\.$"):
        classes_required(tmp_path)


def test_pictures_without_class_folders_are_refused_with_what_was_skipped(
    tmp_path: Path, classes_required: Callable[[Path], None]
) -> None:
    (tmp_path / "x.png").touch()
    with pytest.raises(UserError, match=r"holds no pictures; .* Skipped 1 file \(1 outside-class-folders\): x\.png\.$"):
        classes_required(tmp_path)


def test_a_folder_of_empty_class_folders_is_refused(tmp_path: Path, classes_required: Callable[[Path], None]) -> None:
    with pytest.raises(UserError, match="holds no pictures"):
        classes_required(write_classes(tmp_path / "data", {"ant": 0, "bee": 0}))


def test_a_single_class_is_refused_by_its_name_and_without_a_hint(
    tmp_path: Path, classes_required: Callable[[Path], None]
) -> None:
    root = write_classes(tmp_path / "data", {"ant": 3, "bee": 0})
    with pytest.raises(UserError) as refused:
        classes_required(root)
    assert str(refused.value) == (
        f"{root} holds one class only (ant); a classifier needs at least two sub-folders with pictures."
    )


def test_a_single_class_of_a_single_folder_is_refused_without_a_hint(
    tmp_path: Path, classes_required: Callable[[Path], None]
) -> None:
    with pytest.raises(UserError, match=r"holds one class only \(ant\); .* sub-folders with pictures\.$"):
        classes_required(write_classes(tmp_path / "data", {"ant/2024": 3}))


def test_the_folder_above_the_class_folders_is_refused_with_a_hint_at_the_right_one(
    tmp_path: Path, classes_required: Callable[[Path], None]
) -> None:
    write_classes(tmp_path / "download" / "animals", {"ant": 2, "bee": 2})
    with pytest.raises(UserError, match=r"holds one class only \(animals\).* Did you mean .*/download/animals\?$"):
        classes_required(tmp_path / "download")


def test_a_lone_train_folder_is_refused_with_a_hint_at_its_classes(
    tmp_path: Path, classes_required: Callable[[Path], None]
) -> None:
    root = write_classes(tmp_path, {"train/ant": 2, "train/bee": 2})
    with pytest.raises(UserError, match=r"holds one class only \(train\).* Did you mean .*/train\?$"):
        classes_required(root)


def test_an_archive_is_refused_by_its_own_name_and_without_a_hint_at_the_scratch_folder(tmp_path: Path) -> None:
    data = as_zip(write_classes(tmp_path / "data", {"ant/one": 1, "ant/two": 1, "bee": 0}))
    with opened(data, silent) as listing, pytest.raises(UserError) as refused:
        require_classes(listing, 2)
    assert str(refused.value) == (
        f"{data} holds one class only (ant); a classifier needs at least two sub-folders with pictures."
    )


def test_a_single_class_is_enough_where_nothing_is_trained() -> None:
    require_classes(Listing(Path("data"), (Listed("ant/1.png", "ant"),)), 1)


def test_a_class_without_a_picture_left_does_not_count() -> None:
    listing = Listing(Path("data"), (Listed("1.png", "ant"),), (Skipped("2.png", "missing-file"),), ("ant", "bee"))
    with pytest.raises(UserError, match=r"holds one class only \(ant\)"):
        require_classes(listing, 2)
