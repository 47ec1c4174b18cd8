"""Everything that is refused has a code, a sentence and a status that says whose fault it is."""

from __future__ import annotations

import json

import pytest

from headstart.data import decode, worker
from headstart.data.worker_process import CRASHES, TOO_SLOW
from headstart.server.refusals import BUSY, STARTING, json_response, refusal_response, refused_picture


@pytest.mark.parametrize("reason", sorted({*decode.REASONS, *worker.REASONS, CRASHES, TOO_SLOW}))
def test_every_reason_of_the_decoder_is_the_pictures_fault_and_a_sentence(reason: str) -> None:
    refused = refused_picture(reason)
    assert refused.code == reason
    assert 400 <= refused.status < 500
    assert refused.message.endswith(".")


@pytest.mark.parametrize("reason", [*decode.REASONS, CRASHES, TOO_SLOW])
def test_what_may_happen_to_bytes_has_a_sentence_of_its_own(reason: str) -> None:
    assert reason not in refused_picture(reason).message


@pytest.mark.parametrize("refused", [BUSY, STARTING])
def test_who_may_come_again_is_told_when(refused: object) -> None:
    assert refusal_response(refused).headers["retry-after"] == "1"  # type: ignore[arg-type]
    assert "retry-after" not in refusal_response(refused_picture("unreadable")).headers


def test_a_name_that_is_no_unicode_is_an_escape_in_json() -> None:
    body = bytes(json_response({"class": "caf\udce9 é <b>"}).body)
    assert body.decode("utf-8") == '{"class":"caf\\udce9 é <b>"}'
    assert json.loads(body) == {"class": "caf\udce9 é <b>"}
