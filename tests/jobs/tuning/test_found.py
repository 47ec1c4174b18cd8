"""What was found, as options and as a command line that says the same."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.cli.main import app
from headstart.jobs.tuning.found import Found, halves_in, on_val, train_settings, write_best
from headstart.jobs.tuning.spaces import Value, space_of
from headstart.jobs.tuning.study import Tried
from headstart.settings import TuneSettings
from jobs.tuning.givens import given_of

SETTINGS = TuneSettings(Path("my data"), out=Path("out"), seed=3, exclude=("emu",))


def found() -> Found:
    given = given_of("frozen+logistic")
    chosen: dict[str, Value] = {
        "flip": True,
        "l2": False,
        "layer": "last two",
        "scale": "both",
        "backbone": "efficientnet_lite1",
    }
    best = Tried(7, chosen, {"log_loss": 0.123456789, "accuracy": 0.9, "seconds": 3.0, "features": 1.0})
    rules_own = Tried(0, {}, best.figures | {"log_loss": 0.5})
    return Found(space_of(given), best, rules_own, {"complete": 8, "pruned": 0, "failed": 1}, given.wish.record)


def parsed(command: str) -> Any:
    words = shlex.split(command)
    assert words[0] == "headstart"
    _, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
    return bound.args[0]


def test_the_options_of_tune_are_taken_on_without_the_budget() -> None:
    settings = train_settings(SETTINGS)
    assert (settings.data, settings.seed, settings.exclude, settings.budget) == (Path("my data"), 3, ("emu",), None)


def test_what_is_kept_of_the_best_repeats_it(tmp_path: Path) -> None:
    settings = replace(SETTINGS, out=tmp_path)
    write_best(found(), settings)
    document = json.loads((tmp_path / "best.json").read_text(encoding="utf-8"))
    assert document["options"] == {
        "flip": True,
        "l2": False,
        "backbone": "efficientnet_lite1",
        "layer": "blocks_15+avg_pool",
        "scale": [240, 300],
    }
    assert parsed(document["command"]) == found().settings(train_settings(settings))
    assert (document["trial"], document["val"]["log_loss"], document["default_val"]["log_loss"]) == (7, 0.123457, 0.5)
    assert [entry.name for entry in tmp_path.iterdir()] == ["best.json"]


def test_the_best_is_told_with_what_it_chose() -> None:
    said = "Trial 7: log loss 0.1235, accuracy 0.900 on val, with flip True, l2 False, layer last two, scale both, "
    assert found().sentence() == f"{said}backbone efficientnet_lite1."
    assert replace(found(), rules_own=found().best).sentence().endswith("efficientnet_lite1 (the fixed rule's).")
    assert on_val(found().best) == {"log_loss": 0.123457, "accuracy": 0.9}


def test_what_a_kill_leaves_is_known_in_the_folder_of_a_search_alone(tmp_path: Path) -> None:
    names = [".best.json.0a.partial", ".model.x_1.partial", ".model.x_1.old", ".mine", "best.json.partial"]
    for name in names:
        (tmp_path / name).touch()
    assert halves_in(tmp_path) == []
    (tmp_path / "study.db").touch()
    assert sorted(half.name for half in halves_in(tmp_path)) == sorted(names[:3])
