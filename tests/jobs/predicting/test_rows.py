"""Rows of a file: what is written is read back to the last character, and half a row is told from a whole one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from headstart.jobs.predicting.rows import FORMS, Written

ODD = ['a "b", c.jpg', "two\nlines\r.jpg", "=SUM(1).jpg", "-x.jpg", "\udcff.jpg", "größe \u2028 🐜.jpg", " ", "a\\b"]
TOP = [{"class": "=ant, or\n@bee", "probability": 0.1 + 0.2}, {"class": "b", "probability": 1e-17}]
DOCUMENTS: list[dict[str, Any]] = [
    *({"path": path, **TOP[0], "top": TOP} for path in ODD),
    {"path": "note.txt", "error": "not-a-picture"},
]


def content(form: str, top: int = 2) -> bytes:
    return FORMS[form](top).header() + FORMS[form](top).lines(DOCUMENTS)


def read(form: str, data: bytes, tmp_path: Path, top: int = 2) -> list[Written]:
    (tmp_path / "rows").write_bytes(data)
    with (tmp_path / "rows").open("rb") as stream:
        return list(FORMS[form](top).read(stream))


def test_a_csv_file_has_a_column_for_each_class_and_probability_and_the_error_last() -> None:
    text = content("csv", top=3).decode("utf-8", "surrogateescape")
    header, first, *_, last = csv.reader(io.StringIO(text, newline=""))
    assert header == ["path", "class", "probability", "class_2", "probability_2", "class_3", "probability_3", "error"]
    assert first == [ODD[0], "=ant, or\n@bee", "0.30000000000000004", "b", "1e-17", "", "", ""]
    assert last == ["note.txt", "", "", "", "", "", "", "not-a-picture"]


def test_names_in_a_csv_file_are_the_bytes_that_they_have() -> None:
    assert b"\r\n\xff.jpg," in content("csv")
    text = content("csv").decode("utf-8", "surrogateescape")
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))] == ["path", *ODD, "note.txt"]


def test_a_line_of_json_is_the_document_and_nothing_in_it_breaks_the_line() -> None:
    lines = content("jsonl").decode("utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == DOCUMENTS
    assert lines[-1] == ""


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_are_whole_are_read_back_with_where_they_end(form: str, tmp_path: Path) -> None:
    rows = read(form, content(form), tmp_path)
    assert [(row.path, row.error) for row in rows] == [*((path, None) for path in ODD), ("note.txt", "not-a-picture")]
    assert rows[-1].end == len(content(form))
    assert [row.end for row in rows] == sorted({row.end for row in rows})


@pytest.mark.parametrize("form", FORMS)
def test_wherever_a_file_is_cut_its_whole_rows_are_found(form: str, tmp_path: Path) -> None:
    whole = read(form, content(form), tmp_path)
    for size in range(len(content(form))):
        assert read(form, content(form)[:size], tmp_path) == [row for row in whole if row.end <= size]


@pytest.mark.parametrize(
    ("form", "damage"),
    [
        ("csv", b"path,label\r\na.jpg,ant\r\n"),
        ("csv", b"path,class,probability,error\r\na.jpg,ant\r\nb.jpg,ant,1.0,\r\n"),
        ("csv", b'path,class,probability,error\r\n"a.jpg"x,ant,1.0,\r\nb.jpg,ant,1.0,\r\n'),
        ("csv", b"path,class,probability,error\r\na.jpg,ant,1.0,\nb.jpg,ant,1.0,\r\n"),
        ("jsonl", b'{"path": "a.jpg"\n{"path": "b.jpg"}\n'),
        ("jsonl", b'["a.jpg"]\n'),
        ("jsonl", b'{"path": 1}\n'),
        ("jsonl", b"\xff\xfe\n"),
    ],
)
def test_what_is_no_row_is_refused(form: str, damage: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(form, damage, tmp_path, top=1)
