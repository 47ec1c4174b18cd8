"""Names of strangers are text in Markdown, wherever they stand."""

from __future__ import annotations

import re

import pytest

from headstart.markdown import code_block, plain, table


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("ant", "ant"),
        ("frozen+svm@efficientnet_lite0", "frozen+svm@efficientnet_lite0"),
        ("pictures/cat 1.jpg", "pictures/cat 1.jpg"),
        ("猫 & 狗", "猫 & 狗"),
        ("p < 0.001", "p < 0.001"),
        ("--out", r"\--out"),
        ("<img src=x onerror=alert(1)>", "&#60;img src=x onerror=alert(1)>"),
        ("</td><script>", "&#60;/td>&#60;script>"),
        ("<!-- a", "&#60;!-- a"),
        ("&lt;b&gt;&#60;", "&#38;lt;b&#38;gt;&#38;#60;"),
        ("a|b", "a&#124;b"),
        ("a\\|b", "a\\\\&#124;b"),
        ("`rm`", r"\`rm\`"),
        ("*a* _b_ snake_case", r"\*a\* \_b\_ snake_case"),
        ("[a](javascript:x)", r"\[a\](javascript:x)"),
        ("![a](x)", r"!\[a\](x)"),
        ("http://evil.example", r"http\://evil.example"),
        ("www.evil.example", r"www\.evil.example"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("12. item", r"12\. item"),
        ("> quoted", r"\> quoted"),
        ("~~gone~~ $x$", r"\~\~gone\~\~ \$x\$"),
        ("{{ 7 * 7 }}", r"\{{ 7 \* 7 }}"),
    ],
)
def test_a_name_is_shown_as_it_is(name: str, escaped: str) -> None:
    assert plain(name) == escaped


@pytest.mark.parametrize("name", ["a\nb", "a\r\n\r\n# b", "a\u2028b", "a\x00b", "photo\u202egpj.exe", "bytes\udcff"])
def test_a_name_stays_on_its_line_and_is_unicode(name: str) -> None:
    text = plain(name)

    assert len(text.splitlines()) == 1
    assert text.encode("utf-8")
    assert "\N{REPLACEMENT CHARACTER}" in text


def test_a_table_has_as_many_cells_in_each_row_whatever_the_names_are() -> None:
    rows = [[plain(name), "1"] for name in ("a|b", "a\\|b", "`a|b`", "a\n| x | y |")]

    lines = table(["class", "pictures"], rows).splitlines()

    assert lines[:2] == ["| class | pictures |", "| --- | ---: |"]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in lines] == [3] * 6


def test_a_block_of_code_is_ended_by_nothing_that_is_in_it() -> None:
    assert code_block("sh", "headstart train ```x```", "a\nb") == (
        "````sh\nheadstart train ```x```\na\N{REPLACEMENT CHARACTER}b\n````"
    )
    assert code_block("sh", "ls") == "```sh\nls\n```"
