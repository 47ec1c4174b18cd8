"""A file of rows that a later run finishes: only the same run, only where it ended, and never over anything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import MissingError, UserError
from headstart.jobs.predicting.named import Named
from headstart.jobs.predicting.out_file import beside, opened
from headstart.jobs.predicting.rows import FORMS, Document, Written
from headstart.progress import Event, silent
from models import names, sentences

BY: dict[str, str | int] = {"model": "abc", "precision": "f32", "format": "csv", "top": 1}
NAMES = ["1.jpg", "two\nlines.jpg", "\udcff.jpg", "4.jpg"]


class StoppedError(Exception):
    """What ends a run before its end."""


@pytest.fixture(params=sorted(FORMS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def documents(paths: Sequence[str]) -> list[Document]:
    top = [{"class": "ant", "probability": 0.5}]
    return [{"path": path, **top[0], "top": top} for path in paths]


def run(
    out: Path, form: str, *, paths: Sequence[str] = NAMES, stop_after: int | None = None, **other: Any
) -> list[Any]:
    """Write what is left of ``paths``, and return what was left, what was kept and what was said."""
    events: list[Event] = []
    kept: list[Written] = []
    pictures = [[Named(path, Path(path)) for path in part] for part in (paths[:1], paths[1:])]
    left: list[str] = []
    with opened(out, FORMS[form](1), BY | other, events.append) as file:
        for burst in file.left_of(pictures, kept.append):
            for picture in burst:
                if len(left) == stop_after:
                    raise StoppedError
                left.append(picture.path)
                file.append(documents([picture.path]))
    return [left, [row.path for row in kept], sentences(events)]


@pytest.fixture
def whole(form: str) -> bytes:
    return FORMS[form](1).header() + FORMS[form](1).lines(documents(NAMES))


def begun(out: Path, form: str, rows: int) -> None:
    with pytest.raises(StoppedError):
        run(out, form, stop_after=rows)


def test_a_run_to_the_end_leaves_the_rows_and_nothing_else(tmp_path: Path, form: str, whole: bytes) -> None:
    out = tmp_path / "new" / f"r.{form}"
    assert run(out, form) == [NAMES, [], ()]
    assert out.read_bytes() == whole
    assert names(out.parent) == [out.name]


@pytest.mark.parametrize("rows", [0, 1, 3, 4])
def test_what_was_stopped_goes_on_after_its_last_row(tmp_path: Path, form: str, whole: bytes, rows: int) -> None:
    out = tmp_path / "r"
    with pytest.raises(StoppedError):
        run(out, form, paths=[*NAMES, "never"], stop_after=rows)
    assert names(tmp_path) == ["r", "r.headstart.json"]

    left, kept, said = run(out, form)
    assert (left, kept) == (NAMES[rows:], NAMES[:rows])
    assert said == ((f"{rows} rows are in {out}; it goes on with the picture after them.",) if rows else ())
    assert out.read_bytes() == whole
    assert names(tmp_path) == ["r"]


def test_half_a_row_is_cut_off_wherever_a_kill_left_it(tmp_path: Path, form: str, whole: bytes) -> None:
    begun(tmp_path / "r", form, 1)
    note = beside(tmp_path / "r").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "r").write_bytes(whole[:size])
        beside(tmp_path / "r").write_bytes(note)
        run(tmp_path / "r", form)
        assert (tmp_path / "r").read_bytes() == whole


def test_that_half_a_row_is_cut_off_is_said(tmp_path: Path, form: str, whole: bytes) -> None:
    begun(tmp_path / "r", form, 2)
    (tmp_path / "r").write_bytes(whole[:-3])
    _, kept, said = run(tmp_path / "r", form)
    assert kept == NAMES[:3]
    assert said[0] == f"The last row of {tmp_path / 'r'} was half written, and is cut off."


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (["0.jpg", *NAMES], r"has a row of 1.jpg, and the picture in its place is 0.jpg: it was begun with other"),
        (NAMES[1:], "has a row of 1.jpg, and the picture in its place is two\N{REPLACEMENT CHARACTER}lines.jpg"),
        (NAMES[:1], "has a row of two\N{REPLACEMENT CHARACTER}lines.jpg, and no further picture is asked for"),
    ],
)
def test_other_pictures_are_refused_and_nothing_is_written(
    tmp_path: Path, form: str, paths: list[str], why: str
) -> None:
    begun(tmp_path / "r", form, 3)
    with (tmp_path / "r").open("ab") as stream:
        stream.write(b"half")
    before = (tmp_path / "r").read_bytes()
    with pytest.raises(UserError, match=why):
        run(tmp_path / "r", form, paths=paths)
    assert (tmp_path / "r").read_bytes() == before
    assert run(tmp_path / "r", form)[1] == NAMES[:3]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"model": "def"}, "begun with another model"),
        ({"precision": "bf16"}, "begun with the model in another precision"),
        ({"top": 2}, "begun with --top 1"),
        ({"format": "x"}, "begun with --format csv"),
        ({"headstart": "9"}, "begun with another version of headstart"),
    ],
)
def test_a_file_that_was_begun_with_something_else_is_refused(
    tmp_path: Path, form: str, other: dict[str, Any], why: str
) -> None:
    begun(tmp_path / "r", form, 1)
    before = (tmp_path / "r").read_bytes()
    with pytest.raises(UserError, match=f"{why}; name a new file, or remove that one to begin anew"):
        run(tmp_path / "r", form, **other)
    assert (tmp_path / "r").read_bytes() == before
    (tmp_path / "r").unlink()
    assert run(tmp_path / "r", form, **other)[0] == NAMES


@pytest.mark.parametrize("content", [b"", b"mine"])
def test_a_file_that_is_finished_or_foreign_is_refused(tmp_path: Path, form: str, content: bytes) -> None:
    (tmp_path / "r").write_bytes(content)
    with pytest.raises(UserError, match="r is there, and isn't what an interrupted predict left; name a new file"):
        run(tmp_path / "r", form)
    assert (tmp_path / "r").read_bytes() == content
    assert names(tmp_path) == ["r"]


def test_a_folder_and_a_device_are_refused(tmp_path: Path, form: str) -> None:
    for out in (tmp_path, Path("/dev/null")):
        with pytest.raises(UserError, match="is there, and isn't what an interrupted predict left"):
            run(out, form)


@pytest.mark.parametrize("note", ["{", "[]", "\udcff"])
def test_a_spoilt_note_beside_the_file_is_refused(tmp_path: Path, form: str, note: str) -> None:
    begun(tmp_path / "r", form, 1)
    beside(tmp_path / "r").write_bytes(note.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"r\.headstart\.json, which says what its file belongs to, can't be read"):
        run(tmp_path / "r", form)


def test_rows_that_somebody_spoilt_are_refused(tmp_path: Path, form: str) -> None:
    begun(tmp_path / "r", form, 2)
    (tmp_path / "r").write_bytes(b"spoilt\n" + (tmp_path / "r").read_bytes())
    with pytest.raises(UserError, match="holds something else than rows after byte 0; name a new file"):
        run(tmp_path / "r", form)


def test_a_file_that_another_run_writes_is_refused(tmp_path: Path, form: str, whole: bytes) -> None:
    with opened(tmp_path / "r", FORMS[form](1), BY, silent) as file:
        list(*file.left_of([[]], print))
        with pytest.raises(UserError, match="is being written by another process"):
            run(tmp_path / "r", form)
        file.append(documents(NAMES))
    assert (tmp_path / "r").read_bytes() == whole


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, form: str, whole: bytes) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "r")
    begun(tmp_path / "link", form, 2)
    run(tmp_path / "link", form)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "r").read_bytes() == whole
    assert names(tmp_path) == ["link", "r"]


def test_a_full_disk_keeps_the_rows_that_fit_and_the_same_run_goes_on_with_room(
    tiny_disk: Path, tmp_path: Path, form: str
) -> None:
    many = [f"{number}.jpg" for number in range(2000)]
    with pytest.raises(
        MissingError, match=r"can't be written: .* The rows in it are kept; put that right, and the same"
    ):
        run(tiny_disk / "r", form, paths=many)
    for name in names(tiny_disk):
        (tmp_path / name).write_bytes((tiny_disk / name).read_bytes())
    left, kept, _ = run(tmp_path / "r", form, paths=many)
    assert len(kept) > 50
    assert kept + left == many
    assert (tmp_path / "r").read_bytes() == FORMS[form](1).header() + FORMS[form](1).lines(documents(many))


def test_the_note_says_by_what_the_rows_are_made(tmp_path: Path, form: str) -> None:
    begun(tmp_path / "r", form, 1)
    assert json.loads(beside(tmp_path / "r").read_text(encoding="utf-8")).items() >= BY.items()
