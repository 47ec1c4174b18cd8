"""Headstart writes where it may and nowhere else, and a reader sees the old or the new, never a half."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from headstart.addresses import Address
from headstart.errors import UserError
from headstart.folders import cache_folder, check_out, file_in_place_of, folder_in_place_of, scratch_folder

OURS = ("model.json", "report/results.json", "photos/one.jpg")
MARK = "model.json"


def put(path: Path, text: str = "theirs") -> Path:
    """Write ``text`` to ``path``, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def listing(folder: Path) -> dict[str, str]:
    """Return every file under ``folder`` with what it holds; of empty folders the name alone."""
    return {
        p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") if p.is_file() else "/"
        for p in folder.rglob("*")
        if p.is_file() or not any(p.iterdir())
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The user's pictures."""
    put(tmp_path / "data" / "ant" / "1.jpg")
    return tmp_path / "data"


# --- check_out accepts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model", "new/and/deep", "data-model", "data.model", "dat"])
def test_a_new_folder_apart_from_the_data_is_accepted_and_not_yet_made(tmp_path: Path, data: Path, name: str) -> None:
    check_out(tmp_path / name, data, OURS, MARK)
    assert listing(tmp_path) == {"data/ant/1.jpg": "theirs"}


def test_an_empty_folder_is_accepted(tmp_path: Path, data: Path) -> None:
    (tmp_path / "model").mkdir()
    check_out(tmp_path / "model", data, OURS, MARK)


def test_a_folder_that_headstart_wrote_is_accepted(tmp_path: Path, data: Path) -> None:
    put(tmp_path / "model" / "model.json")
    check_out(tmp_path / "model", data, OURS, MARK)
    put(tmp_path / "model" / "report" / "results.json")
    put(tmp_path / "model" / "photos" / "one.jpg")
    check_out(tmp_path / "model", data, OURS, MARK)


def test_without_data_any_free_folder_is_accepted(tmp_path: Path) -> None:
    check_out(tmp_path / "demo", None, OURS, MARK)


def test_a_link_to_a_free_folder_is_accepted(tmp_path: Path, data: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "model").symlink_to(tmp_path / "disk")
    check_out(tmp_path / "model", data, OURS, MARK)


def test_data_at_an_address_is_apart_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_out(tmp_path / "s3:" / "bucket" / "model", Address("s3://bucket"), OURS, MARK)


def test_data_at_the_address_of_a_folder_is_where_that_is(tmp_path: Path, data: Path) -> None:
    check_out(tmp_path / "model", Address(f"file://{data}"), OURS, MARK)
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_out(data / "model", Address(f"file://{data}"), OURS, MARK)


# --- check_out refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data", "data/model", "data/ant/deep/model", "data/../data/model", "."])
def test_a_folder_inside_the_data_or_around_it_is_refused(tmp_path: Path, data: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"lies inside the data folder .* or around it; name a folder apart from"):
        check_out(tmp_path / name, data, OURS, MARK)


def test_a_link_into_the_data_is_refused(tmp_path: Path, data: Path) -> None:
    (tmp_path / "model").symlink_to(data / "ant")
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_out(tmp_path / "model", data, OURS, MARK)


def test_a_new_folder_under_a_link_into_the_data_is_refused(tmp_path: Path, data: Path) -> None:
    (tmp_path / "link").symlink_to(data)
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_out(tmp_path / "link" / "new" / "model", data, OURS, MARK)


def test_data_named_by_a_link_is_known_by_where_it_is(tmp_path: Path, data: Path) -> None:
    (tmp_path / "pictures").symlink_to(data)
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_out(data / "model", tmp_path / "pictures", OURS, MARK)


def test_relative_names_are_known_by_where_they_are(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_out(Path("model"), tmp_path / "data", OURS, MARK)
    with pytest.raises(UserError, match="or around it"):
        check_out(Path(".."), Path(), OURS, MARK)


@pytest.mark.parametrize("name", ["thesis.txt", "report/notes.txt", "deep/model.json", "photos", ".hidden"])
def test_a_folder_of_ours_with_a_file_of_the_users_is_refused_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path / "model" / "model.json")
    put(tmp_path / "model" / name)
    with pytest.raises(UserError) as refused:
        check_out(tmp_path / "model", None, OURS, MARK)
    assert str(refused.value) == (
        f"--out {tmp_path / 'model'} holds files that headstart didn't write ({name}); name a new or empty folder."
    )


def test_of_many_foreign_files_three_are_named(tmp_path: Path) -> None:
    for name in "edcba":
        put(tmp_path / name)
    with pytest.raises(UserError, match=r"didn't write \(a, b, c\); "):
        check_out(tmp_path, None, OURS, MARK)


def test_a_folder_that_lacks_the_mark_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "report" / "results.json")
    with pytest.raises(UserError, match=r"didn't write \(no model\.json\); "):
        check_out(tmp_path, None, OURS, MARK)


def test_a_folder_of_empty_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match=r"no model\.json"):
        check_out(tmp_path, None, OURS, MARK)


@pytest.mark.parametrize("target", ["nowhere", "model.json"])
def test_a_link_of_the_users_in_a_folder_of_ours_is_refused(tmp_path: Path, target: str) -> None:
    put(tmp_path / "model" / "model.json")
    (tmp_path / "model" / "mine").symlink_to(target)
    with pytest.raises(UserError, match=r"didn't write \(mine\)"):
        check_out(tmp_path / "model", None, OURS, MARK)


def test_a_link_of_the_users_to_a_folder_in_a_folder_of_ours_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "model" / "model.json")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "model" / "mine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"didn't write \(mine\)"):
        check_out(tmp_path / "model", None, OURS, MARK)


def test_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model is a file; name a new or empty folder\.$"):
        check_out(put(tmp_path / "model"), None, OURS, MARK)


@pytest.mark.parametrize("name", ["file/model", "file/deep/model"])
def test_a_folder_under_a_file_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path / "file")
    with pytest.raises(UserError, match=r"file is a file, not a folder; name another folder\.$"):
        check_out(tmp_path / name, None, OURS, MARK)


def test_a_folder_where_nobody_may_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(UserError, match=r"no permission to write in .*; name another folder\.$"):
        check_out(tmp_path / "new" / "model", None, OURS, MARK)


def test_checking_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path / "model" / "model.json")
    before = listing(tmp_path)
    check_out(tmp_path / "model", None, OURS, MARK)
    check_out(tmp_path / "new", None, OURS, MARK)
    assert listing(tmp_path) == before


# --- folder_in_place_of ---------------------------------------------------------------------------------------


def test_a_new_folder_appears_whole_and_alone(tmp_path: Path) -> None:
    with folder_in_place_of(tmp_path / "model") as partial:
        assert partial.parent == tmp_path
        put(partial / "report" / "results.json", "new")
        assert not (tmp_path / "model").exists()
    assert listing(tmp_path) == {"model/report/results.json": "new"}


def test_a_new_folder_takes_the_place_of_the_old_with_nothing_of_it_left(tmp_path: Path) -> None:
    put(tmp_path / "model" / "model.json", "old")
    put(tmp_path / "model" / "report" / "old.json", "old")
    with folder_in_place_of(tmp_path / "model") as partial:
        put(partial / "model.json", "new")
        assert (tmp_path / "model" / "model.json").read_text(encoding="utf-8") == "old"
    assert listing(tmp_path) == {"model/model.json": "new"}


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_the_old_folder_stays_and_nothing_is_left_behind_if_the_new_one_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    put(tmp_path / "model" / "model.json", "old")
    with pytest.raises(error), folder_in_place_of(tmp_path / "model") as partial:
        put(partial / "model.json", "half")
        raise error
    assert listing(tmp_path) == {"model/model.json": "old"}


def test_no_folder_appears_if_a_first_one_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"), folder_in_place_of(tmp_path / "model") as partial:
        put(partial / "model.json", "half")
        raise ValueError("half")
    assert listing(tmp_path) == {}


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o027, 0o750), (0o077, 0o700)])
def test_a_new_folder_may_be_read_by_whom_the_user_lets(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with folder_in_place_of(tmp_path / "model"):
            pass
    finally:
        after = os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == mode
    assert after == umask


def test_in_place_of_a_link_nothing_is_left_behind(tmp_path: Path) -> None:
    put(tmp_path / "disk" / "model.json", "old")
    (tmp_path / "model").symlink_to(tmp_path / "disk")
    with folder_in_place_of(tmp_path / "model") as partial:
        put(partial / "model.json", "new")
    assert (tmp_path / "model" / "model.json").read_text(encoding="utf-8") == "new"
    assert {p.name for p in tmp_path.iterdir()} == {"disk", "model"}


def test_the_current_folder_is_refused_at_the_start_since_it_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--out"):
        check_out(Path(), None, OURS, MARK)


# --- file_in_place_of -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [{}, {"split.json": "old"}])
def test_a_new_file_takes_its_place_in_one_step(tmp_path: Path, before: dict[str, str]) -> None:
    for name, text in before.items():
        put(tmp_path / name, text)
    with file_in_place_of(tmp_path / "split.json") as partial:
        put(partial, "new")
        assert listing(tmp_path) == before | {partial.name: "new"}
    assert listing(tmp_path) == {"split.json": "new"}


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_and_nothing_is_left_behind_if_the_new_one_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    put(tmp_path / "split.json", "old")
    with pytest.raises(error), file_in_place_of(tmp_path / "split.json") as partial:
        put(partial, "half")
        raise error
    assert listing(tmp_path) == {"split.json": "old"}


def test_the_old_file_stays_if_no_new_one_was_written(tmp_path: Path) -> None:
    put(tmp_path / "split.json", "old")
    with pytest.raises(FileNotFoundError), file_in_place_of(tmp_path / "split.json"):
        pass
    assert listing(tmp_path) == {"split.json": "old"}


# --- the cache ------------------------------------------------------------------------------------------------


def test_the_cache_is_where_the_user_says_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "deep" / "cache"))
    assert cache_folder() == tmp_path / "deep" / "cache"
    assert stat.S_IMODE(cache_folder().stat().st_mode) == 0o700


def test_the_users_home_is_understood_in_the_name_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HEADSTART_CACHE", "~/cache")
    assert cache_folder() == tmp_path / "cache"
    assert (tmp_path / "cache").is_dir()


def test_a_relative_cache_is_the_same_folder_wherever_the_job_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADSTART_CACHE", "cache")
    assert cache_folder() == tmp_path / "cache"


def test_without_a_word_of_the_users_the_cache_is_the_platforms_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / name)
    monkeypatch.setenv("HEADSTART_CACHE", "")
    assert cache_folder() == tmp_path / "headstart"
    monkeypatch.delenv("HEADSTART_CACHE")
    assert cache_folder() == tmp_path / "headstart"


def test_a_cache_that_is_there_keeps_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "networks" / "index.json", "ours")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    cache_folder()
    assert listing(tmp_path) == {"networks/index.json": "ours"}


def test_a_scratch_folder_is_private_inside_the_cache_and_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    with scratch_folder() as one, scratch_folder() as two:
        assert one != two
        assert one.is_relative_to(tmp_path)
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
        put(one / "deep" / "file")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_scratch_folder_goes_away_if_the_job_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="failed"), scratch_folder() as folder:
        put(folder / "file")
        raise ValueError("failed")
    assert list((tmp_path / "tmp").iterdir()) == []
