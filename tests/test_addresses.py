"""What is an address and what a path, and that nobody is shown what may be secret in an address."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from headstart.addresses import Address, is_address, place_named, place_on_disk


@pytest.mark.parametrize("text", ["s3://bucket", "gs://bucket/folder", "az://c/x", "memory://", "abfs+x://c@a.b/c d"])
def test_a_scheme_and_two_slashes_make_an_address(text: str) -> None:
    assert is_address(text)
    assert place_named(text) == Address(text)
    assert Address(text).full == text


@pytest.mark.parametrize(
    "text", ["pictures", "/s3://x", "C:\\x", "C://x", "./s3://bucket", "s3:/bucket", "s 3://x", ""]
)
def test_everything_else_is_a_path(text: str) -> None:
    assert not is_address(text)
    assert place_named(text) == Path(text)
    with pytest.raises(ValueError, match="no address"):
        Address(text)


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("s3://bucket/a folder/ä", "s3://bucket/a folder/ä"),
        ("abfs://container@account.dfs.core.windows.net/x", "abfs://container@account.dfs.core.windows.net/x"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("s3://arn:aws:s3:eu:1:accesspoint/name/a@b", "s3://arn:aws:s3:eu:1:accesspoint/name/a@b"),
        ("s3://key:secret@bucket/x", "s3://key:…@bucket/x"),
        ("s3://key:sec/ret?@bucket/x", "s3://key:…@bucket/x"),
        ("https://host/x?signature=secret", "https://host/x?…"),
        ("https://user:secret@host/x?secret", "https://user:…@host/x?…"),
    ],
)
def test_an_address_is_shown_without_its_password_and_what_is_asked(full: str, shown: str) -> None:
    address = Address(full)
    assert (str(address), f"{address}", repr(address)) == (shown, shown, f"Address({shown!r})")
    assert "secret" not in address.name
    assert address.has_password == ("key:" in full or "user:" in full)


def test_what_lies_below_is_named_as_below_a_path() -> None:
    assert (Address("s3://bucket/x/") / "a/b c.png").full == "s3://bucket/x/a/b c.png"
    assert (Address("s3://bucket") / "a#?.png").full == "s3://bucket/a#?.png"
    assert (Address("memory://") / "a").full == "memory://a"
    assert Address("s3://bucket/x/y.zip").parent == Address("s3://bucket/x")
    assert [Address(f"s3://bucket{rest}").name for rest in ("/x/y.zip", "/x/", "")] == ["y.zip", "x", "bucket"]


def test_an_address_is_equal_to_its_copies_and_to_no_text() -> None:
    address = Address("s3://key:secret@bucket/x")
    copies = {address, copy.deepcopy(address), pickle.loads(pickle.dumps(address))}  # noqa: S301 - our own
    assert copies == {Address("s3://key:secret@bucket/x")}
    assert address != address.full
    assert address != Address("s3://bucket/x")


def test_the_address_of_a_file_is_a_place_on_the_disk(tmp_path: Path) -> None:
    assert place_on_disk(tmp_path) == place_on_disk(Address(f"file://{tmp_path}")) == tmp_path
    assert place_on_disk(Address("s3://bucket/x")) is None
