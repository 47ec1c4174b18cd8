"""The members of zip and tar files, with archives made to hurt and archives cut short."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.data.sources.members import is_archive, leads_out, members
from headstart.errors import UserError

CONTENT = random.Random(0).randbytes(3000)  # noqa: S311


def unwatched(position: int) -> None:
    """Let pass whatever is unpacked."""


def read(file: Path, passed: Callable[[int], None] = unwatched) -> list[tuple[str, str, bytes]]:
    """Return name, kind and content of all members."""
    return [(m.name, m.kind, b"".join(m.content)) for m in members(file, passed)]


def refusal(file: Path) -> str:
    with pytest.raises(UserError) as refused:
        read(file)
    return str(refused.value)


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def plain_tar(*names: str) -> bytes:
    """Return a tar file of members with the same content."""
    return b"".join(header(name, len(CONTENT)) + padded(CONTENT) for name in names) + bytes(1024)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def put_zip(path: Path, *infos: zipfile.ZipInfo | str, how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for info in infos:
            archive.writestr(info, CONTENT)
    return path


ALL = [("ant/1.png", "file", CONTENT), ("bee/2.png", "file", CONTENT)]
NAMES = [name for name, _, _ in ALL]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_tar_files_of_any_compression_are_read(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    file = put(tmp_path / "x", compress(plain_tar(*NAMES)))
    assert is_archive(file)
    assert read(file) == ALL


def test_the_older_lzma_format_is_read(tmp_path: Path) -> None:
    file = put(tmp_path / "x", lzma.compress(plain_tar(*NAMES), format=lzma.FORMAT_ALONE))
    assert read(file) == ALL


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_files_are_read(tmp_path: Path, how: int) -> None:
    file = put_zip(tmp_path / "x", *NAMES, how=how)
    assert is_archive(file)
    assert read(file) == ALL


def test_folders_links_and_devices_of_a_tar_file_are_told_apart(tmp_path: Path) -> None:
    kinds = {
        "folder": tarfile.DIRTYPE,
        "symbolic": tarfile.SYMTYPE,
        "hard": tarfile.LNKTYPE,
        "pipe": tarfile.FIFOTYPE,
        "device": tarfile.CHRTYPE,
        "block": tarfile.BLKTYPE,
    }
    content = b"".join(header(name, 0, kind, "/etc/passwd") for name, kind in kinds.items())
    assert [(name, kind) for name, kind, _ in read(put(tmp_path / "x", content + bytes(1024)))] == [
        ("folder", "folder"),
        ("symbolic", "link"),
        ("hard", "link"),
        ("pipe", "other"),
        ("device", "other"),
        ("block", "other"),
    ]


def test_folders_links_and_devices_of_a_zip_file_are_told_apart(tmp_path: Path) -> None:
    infos = []
    for name, kind in [("file", stat.S_IFREG), ("dos", 0), ("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO), ("dir/", 0)]:
        info = zipfile.ZipInfo(name)
        info.external_attr = kind << 16
        infos.append(info)
    assert [(name, kind) for name, kind, _ in read(put_zip(tmp_path / "x.zip", *infos))] == [
        ("file", "file"),
        ("dos", "file"),
        ("link", "link"),
        ("pipe", "other"),
        ("dir/", "folder"),
    ]


def test_a_name_that_is_no_utf_8_is_kept(tmp_path: Path) -> None:
    file = put(tmp_path / "x.tar", plain_tar("caf\udce9/1.png"))
    assert [name for name, _, _ in read(file)] == ["caf\udce9/1.png"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a/..", "..", "\\x", "a\\..\\x", "C:\\x", "c:x"])
def test_a_path_that_any_system_takes_out_of_its_folder_leads_out(path: str) -> None:
    assert leads_out(path)


@pytest.mark.parametrize("path", ["", "a", "a/b", "a..b", "...", "a/.../b", "./a", "a\\b", "ab:c"])
def test_any_other_path_stays_in(path: str) -> None:
    assert not leads_out(path)


# --- what is damaged ------------------------------------------------------------------------------------------

CUTS = [1, 9, 50, 700, 2000, 3000, 3050, -1, -9, -100]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("cut", CUTS)
def test_a_compressed_tar_file_cut_short_anywhere_is_refused(
    tmp_path: Path, compress: Callable[[bytes], bytes], cut: int
) -> None:
    whole = compress(plain_tar("a", "b", "c"))
    assert " is damaged, cut short, or no zip or tar archive (" in refusal(put(tmp_path / "x.tar.gz", whole[:cut]))


@pytest.mark.parametrize("cut", [0, 1, 511, 513, 600, 4095, 4096, 4097, 4096 + 512, 2 * 4096 - 1, 2 * 4096])
def test_a_tar_file_cut_short_anywhere_before_its_end_marker_is_refused(tmp_path: Path, cut: int) -> None:
    assert len(padded(CONTENT)) + 512 == 3584
    assert "cut short" in refusal(put(tmp_path / "x.tar", plain_tar("a", "b", "c")[:cut]))


@pytest.mark.parametrize("cut", CUTS)
def test_a_zip_file_cut_short_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    whole = put_zip(tmp_path / "whole.zip", "a", "b", "c").read_bytes()
    assert "cut short" in refusal(put(tmp_path / "x.zip", whole[:4] + whole[4:cut]))


def test_a_damaged_header_in_the_middle_does_not_pass_for_the_end(tmp_path: Path) -> None:
    content = bytearray(plain_tar("a", "b", "c"))
    content[3584 + 100] ^= 1
    assert "no end marker" in refusal(put(tmp_path / "x.tar", bytes(content)))


def test_two_tar_files_in_one_do_not_pass_for_the_first(tmp_path: Path) -> None:
    assert "something follows the end marker" in refusal(put(tmp_path / "x.tar", plain_tar("a") + plain_tar("b")))


def test_a_compression_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(plain_tar("a")))
    content[-8] ^= 1
    assert "CRC check failed" in refusal(put(tmp_path / "x.tgz", bytes(content)))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compression_damaged_in_the_middle_of_a_member_is_refused(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    content = bytearray(compress(header("a", 10**6) + random.Random(1).randbytes(10**6)))  # noqa: S311
    content[5 * 10**5 : 6 * 10**5] = bytes(10**5)
    assert "damaged" in refusal(put(tmp_path / "x.tgz", bytes(content)))


def test_a_zip_member_whose_name_is_not_what_it_claims_to_be_is_refused(tmp_path: Path) -> None:
    content = put_zip(tmp_path / "whole.zip", "é").read_bytes().replace("é".encode(), b"\xff\xff")
    assert "damaged" in refusal(put(tmp_path / "x.zip", content))


def test_a_zip_member_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(put_zip(tmp_path / "whole.zip", "a", how=zipfile.ZIP_STORED).read_bytes())
    content[100] ^= 1
    assert "Bad CRC-32" in refusal(put(tmp_path / "x.zip", bytes(content)))


def test_an_encrypted_zip_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(put_zip(tmp_path / "whole.zip", "a").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(put(tmp_path / "x.zip", bytes(content))) == (
        f"{tmp_path / 'x.zip'} is encrypted; unpack it yourself and name the folder."
    )


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_file_whose_unpacking_would_know_no_bounds_is_refused(tmp_path: Path, how: int) -> None:
    assert "is compressed in an unusual way" in refusal(put_zip(tmp_path / "x.zip", "a", how=how))


def test_a_compression_that_python_lacks_is_refused(tmp_path: Path) -> None:
    content = bytearray(put_zip(tmp_path / "whole.zip", "a").read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 99
    assert "is compressed in an unusual way" in refusal(put(tmp_path / "x.zip", bytes(content)))


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("form", ["tar", "tgz", "zip"])
def test_bytes_altered_at_random_end_in_a_refusal_or_pass(tmp_path: Path, form: str, seed: int) -> None:
    tar = plain_tar("a", "b" * 200, "c")
    whole = {
        "tar": tar,
        "tgz": gzip.compress(tar),
        "zip": put_zip(tmp_path / "whole.zip", "a", "b", "c").read_bytes(),
    }[form]
    draw = random.Random(seed)  # noqa: S311
    content = bytearray(whole)
    for _ in range(draw.randint(1, 20)):
        content[draw.randrange(len(content))] = draw.randrange(256)
    try:
        read(put(tmp_path / "x", bytes(content)))
    except UserError as refused:
        assert "\n" not in str(refused)


# --- what is made to hurt -------------------------------------------------------------------------------------


def pax(record: bytes) -> bytes:
    return header("pax", len(record), tarfile.XHDTYPE) + padded(record)


@pytest.mark.parametrize("size", [b"-512", b"-1024", b"-9999999"])
def test_a_size_that_leads_back_is_no_endless_loop(tmp_path: Path, size: bytes) -> None:
    record = b" size=" + size + b"\n"
    record = str(len(record) + 2).encode() + record
    content = plain_tar("a")[:-1024] + pax(record) + plain_tar("b", "c")
    assert "a header that leads back" in refusal(put(tmp_path / "x.tar", content))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_name_as_long_as_all_memory_is_not_read(tmp_path: Path, kind: bytes) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(header("long", 2**33, kind))
    with file.open("r+b") as stream:
        stream.truncate(2**33 + 512)
    tracemalloc.start()
    assert "a header of impossible size" in refusal(file)
    assert tracemalloc.get_traced_memory()[1] < 10**8
    tracemalloc.stop()


def test_headers_of_headers_of_headers_are_refused(tmp_path: Path) -> None:
    content = b"".join(header("long", 1, tarfile.GNUTYPE_LONGNAME) + padded(b"x") for _ in range(2000))
    assert "recursion" in refusal(put(tmp_path / "x.tar", content + plain_tar("a")))


def test_what_a_tar_file_unpacks_to_is_told_even_where_nobody_reads_it(tmp_path: Path) -> None:
    zeros = gzip.compress(bytes(2**20)) * 20
    file = put(tmp_path / "x.tgz", gzip.compress(header("a", 20 * 2**20)) + zeros + gzip.compress(bytes(1024)))
    told: list[int] = []
    assert [member.name for member in members(file, told.append)] == ["a"]
    assert told == sorted(told)
    assert told[-1] == 20 * 2**20 + 512 + 1024


def test_a_zip_member_is_unpacked_in_bounded_steps(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(2**26))
    tracemalloc.start()
    assert sum(len(chunk) for member in members(tmp_path / "x.zip", unwatched) for chunk in member.content) == 2**26
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_zip_file_that_declares_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    content = bytearray(put_zip(tmp_path / "whole.zip", "a").read_bytes())
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    assert "damaged" in refusal(put(tmp_path / "x.zip", bytes(content)))
