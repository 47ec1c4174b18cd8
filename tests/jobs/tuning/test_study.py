"""The study: one file, the same draws for a seed, and nothing that was known is lost or tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import MissingError, UserError
from headstart.jobs.tuning import study
from headstart.jobs.tuning.spaces import Among, Between, Space, Value
from headstart.jobs.tuning.study import Search, is_search, opened_search

COUNTABLE: Space = {"fit": Among(("squash", "crop", "pad"), "crop"), "flip": Among((False, True), rule=False)}
ENDLESS: Space = {"rate": Between(1e-4, 1e-2, 1e-3), "flip": Among((False, True), rule=False)}
IDENTITY = {"dataset": "abc", "settings": {"fit": "squash", "class_weight": "auto"}, "approach": "scratch"}


def figures(loss: float) -> dict[str, Any]:
    return {"log_loss": loss, "accuracy": 0.5, "seconds": 1.0}


def tried(search: Search, trials: int, loss: Callable[[dict[str, Any]], float] = lambda chosen: 1.0) -> list[Any]:
    """Do so many trials, if there are so many; return what each chose."""
    choices: list[dict[str, Value]] = []
    for _ in range(trials):
        asked = search.ask()
        if asked is None:
            break
        asked.complete(figures(loss(asked.chosen)))
        choices.append(asked.chosen)
    return choices


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def test_the_fixed_rules_choice_is_tried_first(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        asked = search.ask()
        assert asked is not None
        assert (asked.number, asked.is_rule, asked.chosen) == (0, True, {"fit": "crop", "flip": False})


def test_every_combination_is_tried_once_and_then_nothing_is_left(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        choices = tried(search, 100, lambda chosen: 1.0 + chosen["flip"])
        assert len(choices) == len({tuple(chosen.values()) for chosen in choices}) == 6
        assert search.ask() is None
        assert search.counts() == {"complete": 6, "pruned": 0, "failed": 0}


def test_what_is_drawn_again_is_followed_by_something_new(path: Path) -> None:
    names = ("fit", "layer", "scale")
    space: Space = {**COUNTABLE, **{name: Among(("one", "two", "three"), "one") for name in names}}
    with opened_search(path, IDENTITY, space, 0) as search:
        assert len(tried(search, 100, lambda chosen: 1.0 + chosen["flip"] + (chosen["fit"] == "one"))) == 54
    with closing(sqlite3.connect(path)) as connection:
        (drawn,) = connection.execute("SELECT count(*) FROM trials").fetchone()
    assert 54 < drawn <= 2 * 54


@pytest.mark.parametrize("space", [COUNTABLE, ENDLESS], ids=["countable", "endless"])
def test_a_seed_draws_the_same_and_another_seed_something_else(tmp_path: Path, space: Space) -> None:
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        with opened_search(tmp_path / f"{number}.db", IDENTITY, space, seed) as search:
            drawn.append(tried(search, 5))
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_search_that_goes_on_knows_what_was_tried_and_draws_something_new(path: Path) -> None:
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        before = tried(search, 3, lambda chosen: chosen["rate"])
        best = search.best()
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        assert search.best() == best
        after = tried(search, 3)
        assert [each.number for each in search.complete()] == [0, 1, 2, 3, 4, 5]
    assert not [chosen for chosen in after if chosen in before]


def test_the_best_is_the_lowest_loss_and_the_first_of_the_same(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        tried(search, 6, lambda chosen: 2.0 - chosen["flip"])
        best, rules_own = search.best(), search.rules_own()
        assert best and rules_own
        assert (best.loss, best.chosen["flip"], best.seconds) == (1.0, True, 1.0)
        assert best.number == min(each.number for each in search.complete() if each.chosen["flip"])
        assert (rules_own.number, rules_own.loss) == (0, 2.0)


def test_what_was_killed_is_marked_as_failed_and_may_be_tried_again(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        tried(search, 1)
        assert search.ask()  # and killed
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        assert search.counts() == {"complete": 1, "pruned": 0, "failed": 1}
        assert len(tried(search, 100)) == 5


def test_the_fixed_rules_choice_is_tried_again_if_it_was_killed(path: Path) -> None:
    for _ in range(2):
        with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
            asked = search.ask()
            assert asked is not None
            assert asked.is_rule


def test_what_failed_for_a_reason_is_not_tried_again(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        tried(search, 1)
        asked = search.ask()
        assert asked is not None
        asked.fail("no memory")
        assert asked.chosen not in tried(search, 100)
        assert search.counts() == {"complete": 5, "pruned": 0, "failed": 1}


def test_a_training_worse_than_most_is_hopeless_once_there_are_some_to_compare_with(path: Path) -> None:
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        for number, loss in enumerate((9.0, 1.2, 1.1, 1.0, 5.0)):
            asked = search.ask()
            assert asked is not None
            verdicts = [asked.is_hopeless(epoch, loss) for epoch in range(1, 5)]
            assert verdicts == [False, False, number == 4, number == 4]
            if number == 4:
                asked.prune()
            else:
                asked.complete(figures(loss))
        assert search.counts() == {"complete": 4, "pruned": 1, "failed": 0}
        assert len(search.complete()) == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": "abd"}, "with other pictures;"),
        ({"approach": "fine-tune"}, "with another approach;"),
        ({"settings": {"fit": "crop", "class_weight": "none"}}, r"other options \(--fit, --class-weight\);"),
    ],
)
def test_another_search_in_the_same_place_is_refused(path: Path, changes: dict[str, Any], said: str) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        tried(search, 1)
    before = path.read_bytes()
    with pytest.raises(UserError, match=said), opened_search(path, IDENTITY | changes, COUNTABLE, 0):
        pass
    assert path.read_bytes() == before


def test_a_place_may_be_called_anything(tmp_path: Path) -> None:
    path = tmp_path / "100 % {of} it? #1" / "study.db"
    path.parent.mkdir()
    with opened_search(path, IDENTITY, COUNTABLE, 0) as search:
        tried(search, 1)
    assert is_search(path)
    assert [entry.name for entry in path.parent.iterdir()] == ["study.db"]


def test_a_damaged_file_is_refused_in_a_sentence(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    with pytest.raises(UserError, match=r"study\.db can't be used"), opened_search(path, IDENTITY, COUNTABLE, 0):
        pass


def test_a_file_of_another_optuna_is_refused_in_a_sentence(path: Path) -> None:
    with opened_search(path, IDENTITY, COUNTABLE, 0):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE version_info SET schema_version = 999")
        connection.execute("UPDATE alembic_version SET version_num = 'v999'")
    with pytest.raises(UserError, match=r"study\.db can't be used"), opened_search(path, IDENTITY, COUNTABLE, 0):
        pass


def test_a_full_disk_is_told(tiny_disk: Path) -> None:
    with (
        pytest.raises(MissingError, match="the system refuses"),
        opened_search(tiny_disk / "study.db", IDENTITY, COUNTABLE, 0),
    ):
        pass


def test_what_mattered_is_told_once_enough_was_tried(path: Path) -> None:
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        tried(search, study.FEWEST_TO_TELL - 1, lambda chosen: 1.0 + chosen["flip"])
        assert search.importance() is None
        tried(search, 3, lambda chosen: 1.0 + chosen["flip"])
        shares = search.importance()
    assert shares is not None
    assert list(shares) == ["flip", "rate"]
    assert shares["flip"] > 0.8


def test_where_all_did_the_same_nothing_mattered(path: Path) -> None:
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        tried(search, study.FEWEST_TO_TELL)
        assert search.importance() is None


def test_optuna_says_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with opened_search(path, IDENTITY, ENDLESS, 0) as search:
        tried(search, 2)
    assert capfd.readouterr() == ("", "")
