"""Archives: read as the folder they were made from, whatever their members are called and claim to be."""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources import archive
from headstart.errors import UserError
from headstart.progress import Entered, Event, Said
from pictures import encoded, picture, write_classes

Read = Callable[[Path], Listing]

CONTENT = encoded(picture((9, 99, 199), seed=77, size=(6, 4)))
TWO = {"ant/1.png": CONTENT, "bee/1.png": CONTENT}
CSV = b"path,label\nimages/1.png,ant\nimages/2.png,bee\n"
IMAGES = {"images/1.png": CONTENT, "images/2.png": CONTENT}


def put_zip(path: Path, contents: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return path


def put_tar(path: Path, contents: Mapping[str, bytes], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz", encoding="utf-8") as file:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
        for info in others:
            file.addfile(info)
    return path


FORMS = [put_zip, put_tar]
Put = Callable[[Path, Mapping[str, bytes]], Path]


def said(heard: list[Event]) -> str:
    return " ".join(event.text for event in heard if isinstance(event, Said))


# --- what is read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", FORMS)
def test_pictures_are_named_by_their_members_and_lie_in_numbered_files(tmp_path: Path, put: Put, read: Read) -> None:
    listing = read(put(tmp_path / "x", {"bee/10.png": b"10", "bee/9.png": b"9", "ant/a/b.png": b"ab"}))
    assert listing.pictures == (
        Listed("ant/a/b.png", "ant", file="000002"),
        Listed("bee/9.png", "bee", file="000001"),
        Listed("bee/10.png", "bee", file="000000"),
    )
    assert {path.name: path.read_bytes() for path in listing.folder.iterdir()} == {
        "000000": b"10",
        "000001": b"9",
        "000002": b"ab",
    }


@pytest.mark.parametrize("put", FORMS)
def test_ready_made_parts_are_read_as_such(tmp_path: Path, put: Put, read: Read) -> None:
    listing = read(put(tmp_path / "x", {"train/ant/1.png": CONTENT, "Val/ant/2.png": CONTENT, "train/x": b""}))
    assert [(p.path, p.label, p.part) for p in listing.pictures] == [
        ("train/ant/1.png", "ant", "train"),
        ("Val/ant/2.png", "ant", "val"),
    ][::-1]
    assert listing.skipped == (Skipped("train/x", "outside-class-folders"),)


@pytest.mark.parametrize("form", ["zip", "gztar", "bztar", "xztar"])
def test_what_pythons_own_tools_pack_names_what_the_folder_names(tmp_path: Path, form: str, read: Read) -> None:
    folder = write_classes(tmp_path / "data", {"ant": 2, "bee": 1, "cow": 0})
    (folder / "ant" / ".hidden").touch()
    (folder / "beside.txt").touch()
    from_folder, from_archive = read(folder), read(Path(shutil.make_archive(str(folder), form, folder)))
    assert [(p.path, p.label) for p in from_archive.pictures] == [(p.path, p.label) for p in from_folder.pictures]
    assert set(from_archive.skipped) == set(from_folder.skipped)
    assert from_archive.labels == from_folder.labels == ("ant", "bee", "cow")


def test_names_that_begin_with_a_dot_and_a_slash_are_not_hidden(tmp_path: Path, read: Read) -> None:
    listing = read(put_tar(tmp_path / "x", {"./ant/1.png": CONTENT, ".//bee/./1.png": CONTENT}))
    assert [p.path for p in listing.pictures] == ["ant/1.png", "bee/1.png"]


def test_two_spellings_of_one_name_in_unicode_are_one_class(tmp_path: Path, read: Read) -> None:
    one, two = (unicodedata.normalize(form, "Käfer") for form in ("NFC", "NFD"))
    listing = read(put_zip(tmp_path / "x", {f"{one}/1.png": b"1", f"{two}/1.png": b"2"}))
    assert listing.labels == (one,)
    assert len({p.path for p in listing.pictures}) == 2


def test_a_name_that_is_no_utf_8_is_kept(tmp_path: Path, read: Read) -> None:
    with tarfile.open(tmp_path / "x", "w", format=tarfile.GNU_FORMAT, encoding="utf-8") as file:
        file.addfile(tarfile.TarInfo("caf\udce9/1.png"))
    assert read(tmp_path / "x").pictures == (Listed("caf\udce9/1.png", "caf\udce9", file="000000"),)


def test_an_archive_in_an_archive_is_a_file(tmp_path: Path, read: Read) -> None:
    inner = put_zip(tmp_path / "inner.zip", TWO).read_bytes()
    assert [p.path for p in read(put_zip(tmp_path / "x", TWO | {"ant/inner.zip": inner})).pictures] == [
        "ant/1.png",
        "ant/inner.zip",
        "bee/1.png",
    ]


def test_the_report_of_a_cleaned_copy_is_passed_over_silently(tmp_path: Path, read: Read) -> None:
    assert read(put_zip(tmp_path / "x", TWO | {"headstart-fix.json": b"{}"})).skipped == ()


def test_the_job_tells_what_it_unpacks(tmp_path: Path, read: Read, heard: list[Event]) -> None:
    read(put_zip(tmp_path / "photos.zip", TWO))
    assert heard == [Entered("unpacking photos.zip")]


# --- one folder at the top ------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", FORMS)
@pytest.mark.parametrize("others", [{}, {"__MACOSX/x": b""}, {"readme.txt": b""}])
def test_a_single_folder_at_the_top_is_descended_into_and_that_is_said(
    tmp_path: Path, put: Put, others: dict[str, bytes], read: Read, heard: list[Event]
) -> None:
    listing = read(put(tmp_path / "x", {f"animals/{name}": content for name, content in TWO.items()} | others))
    assert [(p.path, p.label) for p in listing.pictures] == [
        ("animals/ant/1.png", "ant"),
        ("animals/bee/1.png", "bee"),
    ]
    assert listing.labels == ("ant", "bee")
    assert len(listing.skipped) == len(others)
    assert said(heard) == "x has a single folder at its top; it is read as if animals/ were the data."


def test_parts_in_a_single_folder_at_the_top_are_parts(tmp_path: Path, read: Read) -> None:
    names = [f"animals/{part}/{label}/1.png" for part in ("train", "test") for label in ("ant", "bee")]
    listing = read(put_zip(tmp_path / "x", dict.fromkeys(names, CONTENT)))
    assert {(p.label, p.part) for p in listing.pictures} == {
        (label, part) for part in ("train", "test") for label in ("ant", "bee")
    }


def test_a_single_folder_of_pictures_is_a_class(tmp_path: Path, read: Read, heard: list[Event]) -> None:
    assert read(put_zip(tmp_path / "x", {"ant/1.png": CONTENT, "ant/2.png": CONTENT})).labels == ("ant",)
    assert said(heard) == ""


# --- tables at the top ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", FORMS)
@pytest.mark.parametrize("top", ["", "animals/"])
def test_a_manifest_at_the_top_says_what_the_pictures_are(
    tmp_path: Path, put: Put, top: str, read: Read, heard: list[Event]
) -> None:
    contents = {f"{top}{name}": content for name, content in ({"labels.csv": CSV} | IMAGES).items()}
    listing = read(put(tmp_path / "x", contents))
    assert listing.pictures == (
        Listed(f"{top}images/1.png", "ant", file="000001"),
        Listed(f"{top}images/2.png", "bee", file="000002"),
    )
    assert said(heard).endswith(f"x holds the manifest {top}labels.csv, which says what its pictures are.")


def test_a_folder_beside_a_manifest_is_not_descended_into(tmp_path: Path, read: Read, heard: list[Event]) -> None:
    contents = {"labels.csv": b"path,label\nimages/a/1.png,ant\n", "images/a/1.png": b"", "images/b/1.png": b""}
    assert [p.path for p in read(put_zip(tmp_path / "x", contents)).pictures] == ["images/a/1.png"]
    assert "single folder" not in said(heard)


def test_a_manifest_of_json_lines_is_read_too(tmp_path: Path, read: Read) -> None:
    line = b'{"path": "images\\\\1.png", "label": 3, "split": "test", "group": "p"}'
    listing = read(put_zip(tmp_path / "x", {"labels.jsonl": line} | IMAGES))
    assert listing.pictures == (Listed("images/1.png", "3", "test", "p", "000001"),)


@pytest.mark.parametrize(
    ("top", "path"),
    [
        *(
            ("", path)
            for path in ("../1.png", "/etc/passwd", "images/../../1.png", "..\\1.png", "C:\\1.png", "\\1.png")
        ),
        *(
            ("animals/", path)
            for path in ("../../1.png", "/etc/passwd", "images/../../../1.png", "C:\\1.png", "\\1.png")
        ),
    ],
)
def test_a_manifest_in_an_archive_does_not_lead_out_of_it(tmp_path: Path, top: str, path: str, read: Read) -> None:
    contents = {"labels.csv": CSV + f"{path},cow\n".encode()} | IMAGES
    listing = read(put_zip(tmp_path / "x", {f"{top}{name}": content for name, content in contents.items()}))
    assert listing.skipped == (Skipped(path, "outside-archive"),)
    assert len(listing.pictures) == 2


def test_what_a_manifest_in_an_archive_names_in_vain_is_skipped_beside_what_the_archive_held(
    tmp_path: Path, read: Read
) -> None:
    contents = {"labels.csv": CSV + b"gone.png,ant\nimages,ant\n", ".DS_Store": b""} | IMAGES
    assert read(put_zip(tmp_path / "x", contents)).skipped == (
        Skipped(".DS_Store", "hidden"),
        Skipped("gone.png", "missing-file"),
        Skipped("images", "missing-file"),
    )


def test_a_manifest_in_an_archive_is_refused_by_both_names(tmp_path: Path, read: Read) -> None:
    data = put_zip(tmp_path / "x", {"labels.csv": CSV + b"1.png\n"} | IMAGES)
    with pytest.raises(UserError, match=r"x: labels\.csv: line 4 has 1 fields, but the header has 2"):
        read(data)


def test_a_table_without_the_columns_is_a_file_beside_the_class_folders(tmp_path: Path, read: Read) -> None:
    listing = read(put_zip(tmp_path / "x", TWO | {"sizes.csv": b"path,bytes\nant/1.png,9\n"}))
    assert listing.labels == ("ant", "bee")
    assert listing.skipped == (Skipped("sizes.csv", "outside-class-folders"),)


def test_of_several_manifests_none_counts_and_that_is_said(tmp_path: Path, read: Read, heard: list[Event]) -> None:
    listing = read(put_zip(tmp_path / "x", TWO | {"a.csv": CSV, "b.csv": CSV}))
    assert listing.labels == ("ant", "bee")
    assert said(heard) == "x holds several manifests (a.csv and b.csv); its folders are taken as classes instead."


def test_parquet_files_at_the_top_are_read(tmp_path: Path, read: Read) -> None:
    from pyarrow import BufferOutputStream, Table, parquet

    stream = BufferOutputStream()
    parquet.write_table(Table.from_pydict({"image": [CONTENT], "label": ["ant"]}), stream)
    parts = {f"set/data/{part}-0.parquet": stream.getvalue().to_pybytes() for part in ("train", "test")}
    listing = read(put_zip(tmp_path / "x", parts | {"set/.git": b"", "set/README.md": b""}))
    assert [(p.path, p.part) for p in listing.pictures] == [
        ("set/data/test-0/row-000000", "test"),
        ("set/data/train-0/row-000000", "train"),
    ]
    assert (listing.folder / (listing.pictures[0].file or "")).read_bytes() == CONTENT
    assert listing.skipped == (Skipped("set/.git", "hidden"),)


# --- what is skipped ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", FORMS)
@pytest.mark.parametrize("name", ["../ant/2.png", "/ant/2.png", "ant/../../2.png", "C:/ant/2.png", "..\\2.png", "\\2"])
def test_a_name_that_leads_out_is_skipped_and_written_nowhere(tmp_path: Path, put: Put, name: str, read: Read) -> None:
    listing = read(put(tmp_path / "x", TWO | {name: CONTENT}))
    assert listing.skipped == (Skipped(name, "outside-archive"),)
    assert sorted(path.name for path in listing.folder.iterdir()) == ["000000", "000001"]


@pytest.mark.parametrize("put", FORMS)
def test_hidden_files_and_folders_are_told_once_and_not_unpacked(tmp_path: Path, put: Put, read: Read) -> None:
    hidden = dict.fromkeys(["__MACOSX/ant/._1.png", "__MACOSX/bee/._1.png", "ant/.git/a", "ant/.git/b", ".x"], CONTENT)
    listing = read(put(tmp_path / "x", TWO | hidden))
    assert set(listing.skipped) == {Skipped(path, "hidden") for path in ("__MACOSX", "ant/.git", ".x")}
    assert len(list(listing.folder.iterdir())) == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "link-in-archive"),
        (tarfile.LNKTYPE, "link-in-archive"),
        (tarfile.FIFOTYPE, "not-a-file"),
        (tarfile.CHRTYPE, "not-a-file"),
    ],
)
def test_links_and_devices_are_skipped_and_never_made(tmp_path: Path, kind: bytes, reason: str, read: Read) -> None:
    info = tarfile.TarInfo("ant/2.png")
    info.type, info.linkname = kind, "ant/1.png"
    listing = read(put_tar(tmp_path / "x", TWO, info))
    assert listing.skipped == (Skipped("ant/2.png", reason),)
    assert all(path.is_file() and not path.is_symlink() for path in listing.folder.iterdir())


def test_of_two_members_with_one_name_the_first_counts(tmp_path: Path, read: Read) -> None:
    with tarfile.open(tmp_path / "x", "w") as file:
        for name, content in [("ant/1.png", b"first"), ("./ant//1.png", b"second")]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    listing = read(tmp_path / "x")
    assert listing.skipped == (Skipped("ant/1.png", "listed-twice"),)
    assert (listing.folder / "000000").read_bytes() == b"first"
    assert len(listing.pictures) == 1


# --- what is refused ------------------------------------------------------------------------------------------

ZEROS = gzip.compress(bytes(10**6))


def put_nested_zip(path: Path, members: int, plain: bytes) -> Path:
    """Write a zip file in which each member's bytes hold the next's (Fifield, A better zip bomb, 2019)."""
    deflated = zlib.compress(plain, wbits=-15)
    entries = []
    for number in reversed(range(members)):
        name = f"ant/{number:04}".encode()
        facts = struct.pack("<5H3L2H", 20, 0, 8, 0, 0, zlib.crc32(plain), len(deflated), len(plain), len(name), 0)
        header = b"PK\3\4" + facts + name
        whole = header + deflated
        entries.append((facts, name, len(whole)))
        quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)  # a stored block that holds the header
        plain, deflated = header + plain, quote + whole
    directory = b"".join(
        struct.pack("<4sH26s3H2L", b"PK\1\2", 20, facts, 0, 0, 0, 0, len(whole) - length) + name
        for facts, name, length in entries
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, members, members, len(directory), len(whole), 0)
    path.write_bytes(whole + directory + end)
    return path


@pytest.mark.usefixtures("nothing_left")
def test_a_zip_bomb_is_refused_and_nothing_of_it_left(tmp_path: Path, read: Read) -> None:
    data = put_zip(tmp_path / "x.zip", {"ant/1.png": bytes(300 * 10**6)})
    assert data.stat().st_size < 10**6
    with pytest.raises(UserError, match=r"x\.zip looks like a zip bomb: it unpacks to more than 200 times its size;"):
        read(data)


@pytest.mark.usefixtures("nothing_left")
def test_a_zip_bomb_of_members_that_share_their_bytes_is_refused(tmp_path: Path, read: Read) -> None:
    data = put_nested_zip(tmp_path / "x.zip", 200, bytes(10**6))
    assert data.stat().st_size < 10**5
    with pytest.raises(UserError, match=r"x\.zip looks like a zip bomb|Overlapped entries"):  # later Pythons see it
        read(data)


@pytest.mark.parametrize("name", ["ant/1.png", ".hidden/1.png"])
@pytest.mark.usefixtures("nothing_left")
def test_a_tar_bomb_is_refused_even_if_its_member_is_hidden(tmp_path: Path, name: str, read: Read) -> None:
    info = tarfile.TarInfo(name)
    info.size = 300 * 10**6
    (tmp_path / "x.tgz").write_bytes(gzip.compress(info.tobuf()) + 300 * ZEROS)
    with pytest.raises(UserError, match=r"x\.tgz looks like a zip bomb"):
        read(tmp_path / "x.tgz")


def test_more_members_than_anyone_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    data = put_zip(tmp_path / "x", {f"ant/{i}": b"" for i in range(4)})
    with pytest.raises(UserError, match=r"x holds more than 3 members; unpack it yourself and name the folder\.$"):
        read(data)


@pytest.mark.parametrize("cut", [1, 20, 100, 200, -1, -12])
@pytest.mark.usefixtures("nothing_left")
def test_an_archive_cut_short_is_refused_and_nothing_of_it_left(tmp_path: Path, cut: int, read: Read) -> None:
    whole = put_tar(tmp_path / "whole", TWO).read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[:cut])
    with pytest.raises(UserError, match=r"x\.tar\.gz is damaged, cut short, or no zip or tar archive \(.*\); make or"):
        read(tmp_path / "x.tar.gz")


@pytest.mark.parametrize("suffix", archive.SUFFIXES)
def test_what_is_merely_called_an_archive_is_refused_as_a_damaged_one(tmp_path: Path, suffix: str, read: Read) -> None:
    (tmp_path / f"x{suffix}").write_bytes(b"<html>Not found</html>")
    with pytest.raises(UserError, match=r"is damaged, cut short, or no zip or tar archive"):
        read(tmp_path / f"x{suffix}")
