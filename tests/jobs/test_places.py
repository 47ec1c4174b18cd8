"""Where data was read last is known to this user on this machine, and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.jobs.places import place_of, remember_place
from models import names

DATA = "a" * 64


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing was noted yet."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_place_is_remembered_wherever_it_is_asked_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    remember_place(DATA, Path("pictures"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert place_of(DATA) == tmp_path / "pictures"


def test_the_last_place_counts(tmp_path: Path) -> None:
    remember_place(DATA, tmp_path / "first")
    remember_place(DATA, tmp_path / "second")
    assert place_of(DATA) == tmp_path / "second"


def test_an_address_is_remembered() -> None:
    remember_place(DATA, Address("s3://bucket/pictures"))
    assert place_of(DATA) == Address("s3://bucket/pictures")


@pytest.mark.parametrize("secret", ["s3://user:key@bucket/pictures", "s3://bucket/pictures?token=key"])
def test_an_address_with_a_secret_in_it_is_not_noted(own_cache: Path, secret: str) -> None:
    remember_place(DATA, Address(secret))
    assert place_of(DATA) is None
    assert not (own_cache / "places").exists()


def test_a_note_is_the_users_alone(own_cache: Path, tmp_path: Path) -> None:
    remember_place(DATA, tmp_path)
    assert names(own_cache / "places") == [f"{DATA}.json"]
    assert (own_cache / "places" / f"{DATA}.json").stat().st_mode & 0o077 == 0
    assert (own_cache / "places").stat().st_mode & 0o077 == 0


def test_data_that_nobody_noted_has_no_place() -> None:
    assert place_of(DATA) is None


@pytest.mark.parametrize("odd", [None, 7, "", "../../secret", "A" * 64, f"{DATA}\n"])
def test_what_is_no_digest_leads_nowhere(odd: object) -> None:
    assert place_of(odd) is None


def test_a_models_word_leads_to_no_other_file(own_cache: Path) -> None:
    (own_cache / "places").mkdir(parents=True)
    (own_cache / "other.json").write_text('{"data": "/secret"}', encoding="utf-8")
    assert place_of("../other") is None


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"data": 7}', '{"data": ""}', "\0", "[" * 100_000])
def test_a_spoilt_note_is_none(own_cache: Path, note: str) -> None:
    (own_cache / "places").mkdir(parents=True)
    (own_cache / "places" / f"{DATA}.json").write_text(note, encoding="utf-8")
    assert place_of(DATA) is None


def test_a_name_that_is_no_unicode_is_remembered(tmp_path: Path) -> None:
    remember_place(DATA, tmp_path / "pict\udce9res")
    assert place_of(DATA) == tmp_path / "pict\udce9res"


def test_where_nothing_can_be_written_nothing_is_noted_and_nothing_fails(
    read_only: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(read_only / "cache"))
    remember_place(DATA, tmp_path)


def test_a_note_is_json(own_cache: Path, tmp_path: Path) -> None:
    remember_place(DATA, tmp_path)
    assert json.loads((own_cache / "places" / f"{DATA}.json").read_text(encoding="utf-8")) == {"data": str(tmp_path)}
