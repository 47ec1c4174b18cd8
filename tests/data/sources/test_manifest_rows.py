"""Lines of CSV and JSONL: the delimiter, the encoding, the columns, and what is refused by the number of its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headstart.data.sources.manifest_rows import rows_of
from headstart.data.sources.table import Row
from headstart.errors import UserError

A = Row("line 2", "a.png", "ant")


def rows(folder: Path, content: str | bytes, suffix: str = ".csv") -> list[Row]:
    file = folder / f"labels{suffix}"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows_of(file, file.name))


def refusal(folder: Path, content: str | bytes, suffix: str = ".csv") -> str:
    with pytest.raises(UserError) as refused:
        rows(folder, content, suffix)
    return str(refused.value)


# --- CSV ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_delimiter_the_line_ends_and_a_byte_order_mark_are_found_out(
    tmp_path: Path, delimiter: str, end: str, mark: str
) -> None:
    lines = [("path", "label", "split", "group"), ("a.png", "ant", "train", "p1"), ("b.png", "bee", "test", "")]
    text = mark + end.join(delimiter.join(fields) for fields in lines)
    assert rows(tmp_path, text) == [
        Row("line 2", "a.png", "ant", "train", "p1"),
        Row("line 3", "b.png", "bee", "test", ""),
    ]


def test_the_delimiter_is_the_one_that_gives_the_columns_even_if_another_is_more_frequent(tmp_path: Path) -> None:
    assert rows(tmp_path, "path;label;a,b,c,d,e\na.png;ant;1,2") == [A]


def test_columns_may_stand_in_any_order_among_others_and_have_spaces_around(tmp_path: Path) -> None:
    assert rows(tmp_path, "width, label ,path\n12,ant,a.png\n") == [A]


def test_quoted_fields_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    text = 'path,label\n"a, ""b"".png","an\nt"\nb.png,bee\n'
    assert rows(tmp_path, text) == [Row("line 3", 'a, "b".png', "an\nt"), Row("line 4", "b.png", "bee")]


def test_empty_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    assert rows(tmp_path, "path,label\n\na.png,ant\n\n") == [Row("line 3", "a.png", "ant")]


def test_a_missing_column_is_refused_with_those_that_are_there_and_the_nearest(tmp_path: Path) -> None:
    assert refusal(tmp_path, "filepath,label,width\n") == (
        "labels.csv has no column path; it has filepath, label, width. A manifest needs path and label and may have "
        "split and group. Did you mean filepath?"
    )


def test_a_column_with_a_near_name_is_not_taken_for_it(tmp_path: Path) -> None:
    assert "no column label; it has path, Label" in refusal(tmp_path, "path,Label\na.png,ant\n")


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_an_empty_manifest_is_refused(tmp_path: Path, content: str, suffix: str) -> None:
    assert "has no column path; it is empty." in refusal(tmp_path, content, suffix)


@pytest.mark.parametrize("column", ["path", "label", "split", "group"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, column: str) -> None:
    assert f"has the column {column} twice; keep one." in refusal(tmp_path, f"path,label,split,group,{column}\n")


@pytest.mark.parametrize(("line", "count"), [("b.png", 1), ("b.png,bee,", 3), ("b,c.png,bee", 3)])
def test_a_line_with_another_number_of_fields_is_refused(tmp_path: Path, line: str, count: int) -> None:
    assert f"labels.csv: line 3 has {count} fields, but the header has 2;" in refusal(
        tmp_path, f"path,label\na.png,ant\n{line}\n"
    )


@pytest.mark.parametrize("path", ["", " "])
def test_a_line_without_a_path_is_refused(tmp_path: Path, path: str) -> None:
    assert "line 2 names no path" in refusal(tmp_path, f"path,label\n{path},ant\n")


@pytest.mark.parametrize(
    "content", ['path,label\na.png,"ant\nb.png,bee\n', 'path,label\n"a"b,ant\n', "path,label\ra,b\r"]
)
def test_what_csv_does_not_allow_is_refused(tmp_path: Path, content: str) -> None:
    assert " is not CSV (" in refusal(tmp_path, content)


def test_a_field_of_a_size_that_csv_does_not_take_is_refused(tmp_path: Path) -> None:
    text = f"path,label\na.png,ant\n{'b' * 200_000},bee\n"
    assert "labels.csv: line 3 is not CSV (field larger than field limit" in refusal(tmp_path, text)


# --- JSONL ----------------------------------------------------------------------------------------------------


def test_each_line_of_jsonl_is_a_row(tmp_path: Path) -> None:
    text = (
        '{"path": "a.png", "label": "ant", "split": "train", "group": "p1", "width": 12}\n\n{"path": "b", "label": "b"}'
    )
    assert rows(tmp_path, text, ".jsonl") == [
        Row("line 1", "a.png", "ant", "train", "p1"),
        Row("line 3", "b", "b"),
    ]


@pytest.mark.parametrize(("value", "label"), [("3", "3"), ("-1.5", "-1.5"), ("null", ""), ('"ant"', "ant")])
def test_labels_of_jsonl_may_be_numbers_or_missing(tmp_path: Path, value: str, label: str) -> None:
    assert rows(tmp_path, f'{{"path": "a.png", "label": {value}}}', ".JSONL")[0].label == label


def test_a_later_line_of_jsonl_may_lack_the_label(tmp_path: Path) -> None:
    text = '{"path": "a.png", "label": "ant"}\n{"path": "b.png"}'
    assert rows(tmp_path, text, ".jsonl")[1] == Row("line 2", "b.png", "")


@pytest.mark.parametrize("value", ["true", "[]", "{}", "1e999"])
def test_a_label_that_is_neither_text_nor_a_number_is_refused(tmp_path: Path, value: str) -> None:
    text = f'{{"path": "a.png", "label": {value}}}'
    assert "labels.jsonl: line 1: label is neither text nor a number" in refusal(tmp_path, text, ".jsonl")


@pytest.mark.parametrize("line", ["{", "path,label", "[" * 100_000, '{"path": NaN}', "1" * 5000])
def test_a_line_that_is_no_json_is_refused(tmp_path: Path, line: str) -> None:
    text = f'{{"path": "a.png", "label": "ant"}}\n{line}\n'
    assert "labels.jsonl: line 2 is not JSON (" in refusal(tmp_path, text, ".jsonl")


@pytest.mark.parametrize("line", ["[]", "3", '"path"', "null"])
def test_a_line_that_is_no_json_object_is_refused(tmp_path: Path, line: str) -> None:
    assert "labels.jsonl: line 1 is no JSON object" in refusal(tmp_path, line, ".jsonl")


def test_a_missing_field_of_jsonl_is_refused_with_those_that_are_there_and_the_nearest(tmp_path: Path) -> None:
    refused = refusal(tmp_path, '{"path": "a.png", "labels": "ant"}', ".jsonl")
    assert "labels.jsonl: line 1 has no column label; it has path, labels." in refused
    assert refused.endswith("Did you mean labels?")


def test_text_that_no_file_and_no_document_can_hold_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, '{"path": "a.png", "label": "\\ud800"}', ".jsonl")
    assert refused.startswith("labels.jsonl: line 1: label is no valid Unicode")


def test_a_file_name_that_is_no_utf_8_can_be_written_in_jsonl(tmp_path: Path) -> None:
    line = json.dumps({"path": "caf\udce9.png", "label": "ant"})
    assert rows(tmp_path, line, ".jsonl")[0].path == "caf\udce9.png"


# --- both -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_what_is_no_utf_8_is_refused(tmp_path: Path, suffix: str) -> None:
    assert "line 1 is not UTF-8; save the file as UTF-8." in refusal(tmp_path, "path,label\n".encode("utf-16"), suffix)
    assert "line 1 is not UTF-8" in refusal(tmp_path, b'{"path": "caf\xe9", "label": "a"},path,label', suffix)


def test_a_later_line_that_is_no_utf_8_is_refused_by_its_number(tmp_path: Path) -> None:
    assert "labels.csv: line 3 is not UTF-8" in refusal(tmp_path, b"path,label\na.png,ant\ncaf\xe9.png,ant\n")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_without_line_ends_is_not_read_as_a_whole(tmp_path: Path, suffix: str) -> None:
    with (tmp_path / f"labels{suffix}").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(UserError, match="line 1 is longer than a manifest's line can be"):
        next(rows_of(tmp_path / f"labels{suffix}", f"labels{suffix}"))
