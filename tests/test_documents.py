"""JSON that any name of a file fits into."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from headstart.documents import json_text, write_document


@pytest.mark.parametrize("name", ["plain", "猫 & 狗", 'a "quote"', "line\nbreak", os.fsdecode(b"caf\xe9"), "\x00"])
def test_any_name_survives_text_and_bytes(name: str, tmp_path: Path) -> None:
    write_document({"path": name}, tmp_path / "document.json")
    assert json.loads((tmp_path / "document.json").read_bytes()) == {"path": name}


def test_names_in_any_script_can_be_read_by_people() -> None:
    assert "猫" in json_text({"path": "猫"})


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"accuracy": float("nan")})
