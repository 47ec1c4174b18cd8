"""Whatever a document lacks, its page finds it there and empty."""

from __future__ import annotations

from headstart.report.comparison_document import by_merit, whole
from report.comparison_documents import bare, comparison


def test_a_whole_document_stays_as_it_is() -> None:
    document = comparison()
    assert {key: whole(document)[key] for key in document if key not in ("format", "kind")} == {
        key: value for key, value in document.items() if key not in ("format", "kind")
    }


def test_an_older_document_gets_what_it_lacks() -> None:
    document = whole(bare())
    assert document["seeing"] == {}
    assert document["curve"] is None
    assert document["dataset"]["skipped"] == []
    assert document["pairs"][0]["test"] is None
    assert document["approaches"][0]["training"] is None


def test_null_is_as_good_as_nothing() -> None:
    assert whole({"seeing": None, "pairs": None, "verdict": {"winner": None}})["seeing"] == {}
    assert whole({"pairs": None})["pairs"] == []


def test_an_approach_that_does_not_say_transfers_by_its_family() -> None:
    entries = [{"id": family, "family": family} for family in ("frozen", "handcrafted", "fine-tune", "scratch")]
    assert [entry["transfers"] for entry in whole({"approaches": entries})["approaches"]] == [True, False, True, False]


def test_approaches_stand_by_val_and_the_winner_leads() -> None:
    entries = [
        {"id": "a", "val": {"accuracy": 0.9, "log_loss": 0.3}},
        {"id": "b", "val": {"accuracy": 0.9, "log_loss": 0.2}},
        {"id": "c", "val": {}},
        {"id": "d", "val": {"accuracy": 0.95}},
        {"id": "e", "val": {"accuracy": 0.8}},
    ]
    assert [entry["id"] for entry in by_merit(entries, "e")] == ["e", "d", "b", "a", "c"]
