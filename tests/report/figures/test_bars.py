"""What each approach cost."""

from __future__ import annotations

import pytest

from headstart.report.figures.bars import costs

ENTRIES = [
    {"id": "scratch", "seconds": {"decode": 4.0, "train": 15.0, "predict": 1.0}},
    {"id": "frozen+svm", "seconds": {"features": 3.0, "fit": 2.0, "predict": None, "search": 1.0}},
]


def test_the_cheapest_comes_first_with_all_its_stages() -> None:
    rows = costs(ENTRIES)
    assert [(row.id, row.total) for row in rows] == [("frozen+svm", 6.0), ("scratch", 20.0)]
    assert rows[0].seconds == pytest.approx([3.0, 3.0, 0.0])


def test_bars_share_one_scale() -> None:
    assert 'x="20%" width="75%"' in costs(ENTRIES)[1].bar
    assert 'x="0%" width="15%"' in costs(ENTRIES)[0].bar


def test_nothing_has_no_cost() -> None:
    assert costs([]) == []
    assert costs([{"id": "a", "seconds": {}}])[0].total == 0
