"""Object storage itself: what a listing says, which bytes are read, and one sentence for whatever goes wrong."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.data import remote
from headstart.data.decode import DecodeError
from headstart.data.remote import StoredObject, chunks, connect, content, stored_objects
from headstart.data.worker_process import SECONDS
from headstart.errors import HeadstartError, MissingError, UserError
from object_storage import KEY, SECRET, ObjectStorage, breaking_off, nobody, refusing, silence

ODD = ["a b.png", "ä💐.png", "a#1.png", "a%20b.png", "a?b=c.png", "a+b.png", "a::b.png", "a&b;c'd\"e.png", "a\\b.png"]
MOST = 1000


@pytest.fixture(scope="module")
def bucket(storage: ObjectStorage) -> Address:
    """Objects with odd names, an empty one, one of a thousand bytes and one more, and markers of folders."""
    contents = {f"x/{name}": name.encode() for name in ODD} | {
        "x/empty": b"",
        "x/full": bytes(1000),
        "x/more": bytes(1001),
    }
    storage.put("bucket", contents | {"x/": b"", "x/folder/": b"", "xx/other": b"", "one.zip": b"zip"})
    return Address("s3://bucket/x")


def seconds_of(call: Callable[[], object]) -> tuple[HeadstartError, float]:
    """Return the refusal that a call ends in, and how long that took."""
    since = time.monotonic()
    with pytest.raises(HeadstartError) as refused:
        call()
    return refused.value, time.monotonic() - since


# --- what is there --------------------------------------------------------------------------------------------


def test_a_listing_has_everything_below_with_size_and_version(bucket: Address) -> None:
    found = {each.path: each for each in stored_objects(bucket)}
    assert sorted(found) == sorted([*ODD, "empty", "full", "more", "folder/"])
    assert (found["full"].size, found["more"].size, found["empty"].size) == (1000, 1001, 0)
    assert len({each.version for each in found.values() if each.size}) == len(ODD) + 2
    assert all(each.version and '"' not in each.version for each in found.values())


def test_a_version_changes_with_the_content_and_with_nothing_else(storage: ObjectStorage) -> None:
    seen = []
    for body in (b"1", b"1", b"2"):
        storage.put("versions", {"a": body})
        seen += [each.version for each in stored_objects(Address("s3://versions"))]
    assert seen[0] == seen[1] != seen[2]


def test_a_listing_is_never_an_old_one(storage: ObjectStorage) -> None:
    storage.put("changing", {"a": b"", "b": b""})
    before = stored_objects(Address("s3://changing"))
    storage.remove("changing", "a")
    assert [each.path for each in before] == ["a", "b"]
    assert [each.path for each in stored_objects(Address("s3://changing/"))] == ["b"]


def test_one_request_lists_all_folders(storage: ObjectStorage, bucket: Address) -> None:
    storage.put("deep", {f"{i}/{j}/x": b"" for i in range(5) for j in range(5)})
    before = storage.answered("GET /deep?")
    assert len(stored_objects(Address("s3://deep"))) == 25
    assert storage.answered("GET /deep?") == before + 1


def test_the_address_of_an_object_is_that_object_alone(bucket: Address) -> None:
    [found] = stored_objects(Address("s3://bucket/one.zip"))
    assert (found.path, found.size) == ("", 3)


def test_where_nothing_is_nothing_is_listed(bucket: Address) -> None:
    assert stored_objects(Address("s3://bucket/none")) == []


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_any_storage_of_fsspec_is_listed(scheme: str, tmp_path: Path) -> None:
    import fsspec

    root = f"{scheme}://{tmp_path}"
    system = fsspec.filesystem(scheme)
    system.makedirs(f"{root}/ant", exist_ok=True)
    system.pipe({f"{root}/ant/{name}": b"12" for name in ("a#b", "c d")})
    assert [(e.path, e.size) for e in stored_objects(Address(root))] == [("ant/a#b", 2), ("ant/c d", 2)]
    assert stored_objects(Address(f"{root}/ant/c d")) == [StoredObject("", 2, None)]
    assert content(Address(f"{root}/ant/a#b"), MOST) == b"12"


# --- bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD)
def test_an_object_is_read_whatever_its_name(bucket: Address, name: str) -> None:
    assert content(bucket / name, MOST) == name.encode()


def test_one_request_reads_an_object(storage: ObjectStorage, bucket: Address) -> None:
    connect(bucket)
    before = storage.answered("")
    content(bucket / "full", MOST)
    assert storage.answered("") == before + 1


def test_an_empty_object_is_empty(bucket: Address) -> None:
    assert content(bucket / "empty", MOST) == b""


def test_an_object_has_as_many_bytes_as_allowed_and_not_one_more(bucket: Address) -> None:
    assert content(bucket / "full", MOST) == bytes(1000)
    with pytest.raises(DecodeError, match=r"^too-large"):
        content(bucket / "more", MOST)


@pytest.mark.parametrize("name", ["gone", "folder"])
def test_an_object_that_is_not_there_has_vanished(bucket: Address, name: str) -> None:
    with pytest.raises(DecodeError, match=r"^vanished"):
        content(bucket / name, MOST)


def test_a_large_object_comes_in_pieces(storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHUNK_BYTES", 2**20)
    body = bytes(range(256)) * 10000
    storage.put("large", {"one": body})
    pieces = list(chunks(Address("s3://large/one")))
    assert b"".join(pieces) == body
    assert [len(piece) for piece in pieces] == [2**20, 2**20, len(body) - 2**21]
    with pytest.raises(UserError, match=r"^s3://large/two doesn't exist"):
        list(chunks(Address("s3://large/two")))


# --- what goes wrong ------------------------------------------------------------------------------------------


def test_a_bucket_that_does_not_exist_is_the_users_mistake(storage: ObjectStorage) -> None:
    with pytest.raises(UserError, match=r"^s3://no-such/x doesn't exist: The specified bucket does not exist; is it"):
        stored_objects(Address("s3://no-such/x"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s3://Bad Name/x", "Invalid bucket name"),
        ("s3://", "can't be read"),
        ("nope://x", "fsspec knows no nope://; use s3://, gs:// or az://."),
        ("s3://key:secret@bucket/x", "s3://key:…@bucket/x has a password in it"),
    ],
)
def test_what_can_be_no_address_is_the_users_mistake(storage: ObjectStorage, text: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        stored_objects(Address(text))
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("fsspec", "s3://bucket/x", "s3://bucket/x needs fsspec: pip install 'headstart[cloud]'"),
        ("s3fs", "s3://bucket/x", "s3://bucket/x needs s3fs: pip install 'headstart[cloud]'"),
        ("gcsfs", "gs://bucket/x", "gs://bucket/x needs gcsfs: pip install 'headstart[cloud]' gcsfs"),
        ("adlfs", "az://bucket/x", "az://bucket/x needs adlfs: pip install 'headstart[cloud]' adlfs"),
    ],
)
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, module: str, text: str, said: str) -> None:
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingError) as refused:
        stored_objects(Address(text))
    assert str(refused.value) == said


def test_a_server_that_denies_everything_is_told_in_one_sentence_and_costs_one_picture_alone() -> None:
    with refusing(403, "AccessDenied", f"not for {KEY}"):
        with pytest.raises(
            MissingError, match=r"^s3://bucket/x may not be read .* \(access denied\)\. To name"
        ) as told:
            stored_objects(Address("s3://bucket/x"))
        with pytest.raises(DecodeError, match=r"^unreadable"):
            content(Address("s3://bucket/x/a.png"), MOST)
    assert KEY not in str(told.value)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_a_server_that_refuses_the_credentials_ends_the_reading_of_everything(code: str) -> None:
    with refusing(403, code, f"wrong {KEY}"):
        for call in (lambda: stored_objects(Address("s3://b/x")), lambda: content(Address("s3://b/x/a.png"), MOST)):
            with pytest.raises(MissingError, match=rf"credentials were refused \({code}\)\. To name") as told:
                call()
            assert KEY not in str(told.value)


def test_without_credentials_nothing_is_read_and_it_is_said_how_to_name_some(
    storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for call in (lambda: stored_objects(Address("s3://b/x")), lambda: content(Address("s3://b/x/a.png"), MOST)):
        with pytest.raises(MissingError, match=r"^s3://b/x.* credentials found none .* set AWS_PROFILE, or AWS_ACCE"):
            call()


@pytest.mark.parametrize("code", ["SlowDown", "ServiceUnavailable"])
def test_a_server_that_is_too_busy_ends_the_reading_instead_of_losing_pictures(code: str) -> None:
    with refusing(503, code, "come back later"):
        for call in (lambda: stored_objects(Address("s3://b/x")), lambda: content(Address("s3://b/x"), MOST)):
            with pytest.raises(
                MissingError, match=r"^s3://b/x can't be reached \(come back later\); check the network"
            ):
                call()


def test_a_changed_environment_is_another_connection(storage: ObjectStorage, bucket: Address) -> None:
    assert content(bucket / "full", MOST) == bytes(1000)
    with nobody(), pytest.raises(MissingError, match=r"can't be reached"):
        content(bucket / "full", MOST)
    assert content(bucket / "full", MOST) == bytes(1000)


def test_a_server_in_trouble_costs_the_picture_that_it_can_not_give() -> None:
    with refusing(500, "InternalError", "out of order"):
        with pytest.raises(MissingError, match=r"^s3://b/x can't be read \(OSError: out of order\)\.$"):
            stored_objects(Address("s3://b/x"))
        with pytest.raises(DecodeError, match=r"^unreadable"):
            content(Address("s3://b/x/a.png"), MOST)


def test_an_object_that_breaks_off_is_asked_for_once_more_and_then_left() -> None:
    with breaking_off(b"1234", times=1):
        assert content(Address("s3://b/x/a.png"), MOST) == b"1234"
    with breaking_off(b"1234", times=9), pytest.raises(DecodeError, match=r"^unreadable"):
        content(Address("s3://b/x/a.png"), MOST)


@pytest.mark.parametrize("trouble", [nobody, silence])
def test_a_server_that_is_not_there_is_given_up_in_bounded_time(
    trouble: Callable[[], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = remote._S3["config_kwargs"] | {"read_timeout": 0.5}
    monkeypatch.setitem(remote._OPTIONS, "s3", {"config_kwargs": impatient})
    with trouble():
        told, seconds = seconds_of(lambda: stored_objects(Address("s3://bucket/x")))
        assert str(told).startswith("s3://bucket/x can't be reached (")
        assert (type(told), str(told).count("\n"), seconds < 20) == (MissingError, 0, True)
        told, seconds = seconds_of(lambda: content(Address("s3://bucket/x/a.png"), MOST))
        assert str(told).startswith("s3://bucket/x/a.png can't be reached (")
        assert (type(told), seconds < 20) == (MissingError, True)


def test_all_attempts_together_take_less_than_a_worker_is_given() -> None:
    options = remote._S3["config_kwargs"]
    system, _ = remote._system(Address("s3://bucket/x"))
    attempts = remote._ATTEMPTS * options["retries"]["total_max_attempts"] * system.retries**2
    assert attempts * max(options["connect_timeout"], options["read_timeout"]) < 0.8 * SECONDS


def test_an_endpoint_is_told_without_what_may_be_secret_in_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ConnectionError(f'no way to "http://user:{SECRET}@host:1/x?signature={SECRET}" or https://y?{SECRET}')
    said = str(remote._refusal(Address("s3://bucket/x"), error))
    long = str(remote._refusal(Address("s3://b"), ConnectionError(f"{'x' * 180} http://user:{SECRET}@host")))
    assert SECRET[:5] not in long
    assert 'no way to "http://user:…@host:1/x?…" or https://y?…' in said
    assert SECRET not in said
    with nobody():
        url = os.environ["AWS_ENDPOINT_URL"].replace("://", f"://user:{SECRET}@")
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        told, _ = seconds_of(lambda: stored_objects(Address("s3://bucket/x")))
    assert SECRET not in str(told)


def test_what_the_users_configuration_of_fsspec_says_counts(
    storage: ObjectStorage, bucket: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec.config

    own = {"config_kwargs": {"read_timeout": 7, "s3": {"addressing_style": "path"}}}
    monkeypatch.setitem(fsspec.config.conf, "s3", own)
    system, _ = remote._system(bucket, anew=True)
    assert system.config_kwargs == remote._S3["config_kwargs"] | own["config_kwargs"]
    assert own == {"config_kwargs": {"read_timeout": 7, "s3": {"addressing_style": "path"}}}
