"""``compare``: one split for all, the best chosen on val alone, what is done kept, what fails told and no more."""

from __future__ import annotations

import csv
import errno
import json
import shutil
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.data.split import LEFT_OUT, read_split
from headstart.errors import MissingError, UserError
from headstart.jobs.classifier import load
from headstart.jobs.comparing import seeing
from headstart.jobs.comparing.attention import attention_of
from headstart.progress import Stood, silent
from headstart.report.words import sentence_of
from headstart.ship.bundle import PREDICTIONS, read_bundle, read_predictions
from models import contents, names, train, write_alike
from pictures import write_classes
from runs import LOGISTIC, TREE, Compared, compare, few_epochs, learning

FROZEN = "frozen+logistic@efficientnet_lite0"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("compare") / "alike", {"ant": 15, "bee": 15, "cow": 15})


@pytest.fixture(scope="module")
def full(data: Path, cache: Path) -> Compared:
    """Three approaches, with pictures."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(seeing, "attention_of", partial(attention_of, seconds=0.1))
        return compare(data, data.parent / "full", TREE, LOGISTIC, "frozen+logistic", no_pictures=False)


@pytest.fixture(scope="module")
def both(data: Path, cache: Path) -> Compared:
    """The two quick approaches; nobody may change it."""
    return compare(data, data.parent / "both", TREE, LOGISTIC)


def copied(compared: Compared, to: Path) -> Path:
    """Return a copy of the folder, to go on in."""
    shutil.copytree(compared.run, to)
    return to


def loser_of(compared: Compared) -> str:
    """Return the id of the last in the ranking of two."""
    ((_, loser),) = compared.ranking
    return loser


# --- what it leaves -------------------------------------------------------------------------------------------


def test_a_comparison_leaves_its_report_its_figures_its_split_and_the_best_model(full: Compared) -> None:
    assert names(full.run) == [
        "compare.json",
        "model",
        "parts",
        "pictures",
        "predictions.csv",
        "report.html",
        "report.md",
        "results.json",
        "split.json",
    ]
    assert full.document == json.loads(json.dumps(full.results))
    assert [full.document[name] for name in ("format", "kind")] == [1, "comparison"]
    assert full.document["dataset"]["name"] == "alike"


def test_the_cheapest_run_first(full: Compared) -> None:
    assert full.ids == [TREE, LOGISTIC, FROZEN]
    assert full.results["not_run"] == []


def test_there_is_a_row_for_each_test_picture_and_approach(full: Compared) -> None:
    with (full.run / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == ["path", "label", "approach", "predicted", "probability"]
    test = full.paths_of("test")
    assert {name: [row.path for row in full.rows_of(name)] for name in full.ids} == dict.fromkeys(full.ids, test)
    assert len(full.rows) == 3 * len(test) == 3 * full.results["split"]["test"]
    assert all(row.label == Path(row.path).parent.name for row in full.rows)


def test_figures_agree_with_the_predictions(full: Compared) -> None:
    accuracies = {name: np.mean([row.predicted == row.label for row in full.rows_of(name)]) for name in full.ids}
    assert {name: full.entry(name)["test"]["accuracy"]["value"] for name in full.ids} == pytest.approx(accuracies)


def test_the_counts_agree_with_the_split(full: Compared) -> None:
    sides, counted = list(full.split.sides.values()), full.results["split"]
    assert {side: counted[side] for side in ("train", "val", "test")} == {
        side: sides.count(side) for side in set(sides)
    }
    assert (counted["seed"], counted["rule"], counted["groups"]) == (0, "stratified 60/20/20 by content", 9)
    assert counted["sha256"] == full.split.sides_sha256
    assert full.results["dataset"]["pictures_per_class"] == {"ant": 15, "bee": 15, "cow": 15}


def test_the_verdict_has_these_fields_and_speaks_of_what_ran(full: Compared) -> None:
    verdict = full.results["verdict"]
    assert set(verdict) == {
        "winner",
        "not_told_apart",
        "sentence",
        "chance",
        "transfer_gain",
        "fine_tuning_gain",
        "above_chance",
        "cheapest",
        "statements",
    }
    assert verdict["winner"] == full.ranking[0][0]
    assert verdict["chance"] == pytest.approx(1 / 3)
    assert {*verdict["not_told_apart"], *verdict["above_chance"]} <= set(full.ids)
    assert verdict["sentence"] == sentence_of(verdict["statements"], "en")
    assert verdict["winner"] in verdict["sentence"]
    assert verdict["fine_tuning_gain"] is None


def test_every_two_are_paired_once_and_what_may_be_claimed_is_corrected(full: Compared) -> None:
    assert {frozenset(pair) for pair in full.ranking} == {frozenset(two) for two in combinations(full.ids, 2)}
    for pair in full.results["pairs"]:
        assert set(pair) == {"a", "b", "kind", "difference", "p_value", "p_holm", "test", "only_a", "only_b"}
        assert (pair["p_holm"] is None) == (pair["kind"] == "exploratory")
        assert pair["test"] == "mcnemar"


def test_the_model_is_the_winner_and_says_what_the_predictions_say(full: Compared) -> None:
    winner = full.results["verdict"]["winner"]
    said = full.rows_of(winner)
    predicted = load(full.run / "model", silent).predict([full.data / row.path for row in said])
    assert [p.label for p in predicted] == [row.predicted for row in said]
    assert [p.probability for p in predicted] == pytest.approx([row.probability for row in said], abs=1e-4)
    assert read_predictions(full.run / "model" / PREDICTIONS) == said
    facts = read_bundle(full.run / "model").facts
    assert facts["test"]["accuracy"] == full.entry(winner)["test"]["accuracy"]
    assert facts["approach"] == full.entry(winner)["name"]
    assert json.loads((full.run / "model" / "run" / "results.json").read_text(encoding="utf-8")) == full.document
    assert read_split(full.run / "model" / "run" / "split.json") == full.split


def test_the_model_has_a_card(full: Compared) -> None:
    card = (full.run / "model" / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n")
    assert "pipeline_tag: image-classification" in card


def test_every_picture_that_results_name_is_there_and_none_else(full: Compared) -> None:
    text = (full.run / "results.json").read_text(encoding="utf-8")
    pictures = names(full.run / "pictures")
    assert pictures
    assert [name for name in pictures if f'"pictures/{name}"' not in text] == []
    assert text.count('"pictures/') >= len(pictures)
    assert "data:image/jpeg" in (full.run / "report.html").read_text(encoding="utf-8")


def test_without_pictures_none_is_written_and_none_is_on_the_page(full: Compared, data: Path, tmp_path: Path) -> None:
    again = compare(data, copied(full, tmp_path / "run"), TREE, no_pictures=True)
    assert "pictures" not in names(again.run)
    assert '"pictures/' not in (again.run / "results.json").read_text(encoding="utf-8")
    page = (again.run / "report.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "data:image/jpeg" not in page


def test_nothing_that_is_passed_on_names_a_folder_of_this_machine(data: Path, tmp_path: Path) -> None:
    compared = compare(
        data,
        tmp_path / "run",
        TREE,
        cache=tmp_path / "features",
        split=train(data, tmp_path / "model", approach=TREE).model / "run" / "split.json",
    )
    kept = {name: text for name, text in contents(compared.run).items() if not name.startswith("parts/")}
    assert {"report.html", "report.md", "results.json", "model/README.md", "model/manifest.json"} <= set(kept)
    assert [name for name, text in kept.items() if str(tmp_path).encode() in text or str(data).encode() in text] == []
    assert compared.results["command"] == (
        "headstart compare --out=run --approaches=handcrafted+tree --no-pictures --split=split.json --cache=features "
        "-- alike"
    )


def test_backbones_and_weights_are_shown_by_name(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = train(data, tmp_path / "folder" / "other", approach="frozen+logistic", weights="none", seed=1).model
    learning(monkeypatch, {"frozen+logistic": RuntimeError()})
    compared = compare(data, tmp_path / "run", TREE, "frozen+logistic", weights=f"efficientnet_lite0={bundle}")
    assert compared.results["settings"]["weights"] == ["efficientnet_lite0=other"]
    assert "--weights=efficientnet_lite0=other" in compared.results["command"]


# --- one split, the same pictures for all ---------------------------------------------------------------------


def test_the_split_and_the_figures_are_those_of_train(data: Path, tmp_path: Path) -> None:
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC, seed=3)
    alone = train(data, tmp_path / "tree", approach=TREE, seed=3)
    locked = train(data, tmp_path / "logistic", approach=LOGISTIC, split=compared.run / "split.json", seed=3)
    assert read_split(alone.model / "run" / "split.json").sides == compared.split.sides
    for name, trained in ((TREE, alone), (LOGISTIC, locked)):
        entry = compared.entry(name)
        for part in ("val", "test", "chosen", "features", "weights", "class_weight"):
            assert entry[part] == trained.entry[part]
    assert [row.predicted for row in compared.rows_of(TREE)] == [row.predicted for row in alone.tested]


def test_a_picture_that_one_approach_lost_is_left_out_for_all(
    full: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(data, tmp_path / "alike")
    lost = full.rows_of(TREE)[0].path
    learnt = learning(monkeypatch, before={"frozen+logistic": (tmp_path / "alike" / lost).unlink})
    compared = compare(tmp_path / "alike", tmp_path / "run", TREE, "frozen+logistic", no_cache=True)

    assert learnt == [TREE, "frozen+logistic"]
    assert [row.path for row in compared.rows_of(TREE)] == [row.path for row in full.rows_of(TREE)][1:]
    assert [row.path for row in compared.rows_of(FROZEN)] == [row.path for row in compared.rows_of(TREE)]
    assert [compared.entry(name)["test"]["pictures"] for name in compared.ids] == [8, 8]
    assert compared.results["split"]["test"] == 8


# --- the test part has no say ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ready-made parts of pictures that hardly differ."""
    root = tmp_path_factory.mktemp("parts") / "data"
    for seed, (part, count) in enumerate({"train": 24, "val": 10, "test": 10}.items()):
        write_alike(root / part, {"ant": count, "bee": count}, seed=seed + 1)
    return root


CHOICE = (TREE, LOGISTIC, "handcrafted+svm", "handcrafted+forest")


@pytest.fixture(scope="module")
def chosen(parts: Path, cache: Path) -> Compared:
    return compare(parts, parts.parent / "run", *CHOICE)


def test_other_labels_of_test_pictures_change_neither_the_winner_nor_the_order(
    chosen: Compared, parts: Path, tmp_path: Path
) -> None:
    shutil.copytree(parts, tmp_path / "data")
    (tmp_path / "data" / "test" / "ant").rename(tmp_path / "data" / "test" / "other")
    (tmp_path / "data" / "test" / "bee").rename(tmp_path / "data" / "test" / "ant")
    (tmp_path / "data" / "test" / "other").rename(tmp_path / "data" / "test" / "bee")
    swapped = compare(tmp_path / "data", tmp_path / "run", *CHOICE)

    accuracies = {name: chosen.entry(name)["test"]["accuracy"]["value"] for name in chosen.ids}
    assert {name: swapped.entry(name)["test"]["accuracy"]["value"] for name in swapped.ids} == pytest.approx(
        {name: 1 - accuracy for name, accuracy in accuracies.items()}
    )
    assert len(set(accuracies.values())) > 1  # by test the order would be another
    assert swapped.results["verdict"]["winner"] == chosen.results["verdict"]["winner"]
    assert read_bundle(swapped.run / "model").facts["approach"] == chosen.results["verdict"]["winner"]
    assert swapped.ranking[:3] == chosen.ranking[:3]
    weights = [contents(each.run / "model")["weights.safetensors"] for each in (chosen, swapped)]
    assert weights[0] == weights[1]


def test_other_test_pictures_change_neither_the_winner_nor_the_order(
    chosen: Compared, parts: Path, tmp_path: Path
) -> None:
    shutil.copytree(parts, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "test")
    write_classes(tmp_path / "data" / "test", {"ant": 4, "bee": 7}, seed=9)
    other = compare(tmp_path / "data", tmp_path / "run", *CHOICE)

    assert other.results["verdict"]["winner"] == chosen.results["verdict"]["winner"]
    assert other.ranking[:3] == chosen.ranking[:3]
    assert [other.entry(name)["val"] for name in other.ids] == [chosen.entry(name)["val"] for name in chosen.ids]
    assert other.figures != chosen.figures


def test_the_test_part_is_opened_once_and_once_more_when_it_is_run_again(
    both: Compared, data: Path, tmp_path: Path
) -> None:
    run = copied(both, tmp_path / "run")
    assert both.results["split"]["test_opened"] == both.split.test_opened == 1
    assert "was judged" not in both.said

    again = compare(data, run, TREE, LOGISTIC)
    assert again.results["split"]["test_opened"] == again.split.test_opened == 2
    assert "This test part was judged 2 times now: a choice by its figures flatters them." in again.said
    assert again.figures == both.figures


def test_a_split_that_is_given_counts_how_often_it_was_opened(both: Compared, data: Path, tmp_path: Path) -> None:
    given = copied(both, tmp_path / "first") / "split.json"
    compared = compare(data, tmp_path / "run", TREE, split=given)
    assert [read_split(given).test_opened, compared.split.test_opened] == [2, 2]
    assert compared.results["split"]["test_opened"] == 2
    assert compared.split.sides == both.split.sides


# --- networks that are trained --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def starved(both: Compared, data: Path, cache: Path) -> Iterator[Compared]:
    """A network with two epochs for its training, and one pretrained on a source that has pictures of the data."""
    source = write_classes(data.parent / "source", {"dog": 12, "emu": 12})
    for side in ("train", "test"):
        for number, path in enumerate(both.paths_of(side)[:2]):
            shutil.copy(data / path, source / "dog" / f"{side}-{number}.png")
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_epochs(monkeypatch)
        yield compare(data, data.parent / "starved", TREE, "scratch", source=source)


def test_a_network_that_had_not_converged_is_said_to_be_one(starved: Compared) -> None:
    entry, results = starved.entry("scratch"), starved.results
    assert entry["training"]["converged"] is False
    assert f"scratch: {entry['training']['sentence']}" in results["warnings"]
    (said,) = [
        s for s in results["verdict"]["statements"] if s["key"].startswith("starved") and s["values"]["id"] == "scratch"
    ]
    assert said["values"]["budget"] == entry["budget_seconds"]
    assert 500 < entry["budget_seconds"] <= 600
    for page in ("report.html", "report.md"):
        assert "converge" in (starved.run / page).read_text(encoding="utf-8")


def test_a_starved_network_must_not_pass_for_a_beaten_one(starved: Compared) -> None:
    verdict = starved.results["verdict"]
    assert verdict["winner"] == "scratch" or "must not be taken for beaten" in verdict["sentence"]


def test_an_approach_that_trains_no_network_has_no_budget(starved: Compared) -> None:
    assert starved.entry(TREE)["budget_seconds"] is None


def test_a_source_of_the_users_own_is_pretrained_on_and_compared(starved: Compared) -> None:
    assert starved.ids == [TREE, "scratch", "frozen+logistic@small_vgg3x32"]
    entry, source = starved.entry("frozen+logistic@small_vgg3x32"), starved.results["source"]
    assert entry["transfers"] is True
    assert entry["weights"]["kind"] == "backbone"
    assert (source["name"], source["pictures"]) == ("source", 28)
    assert "converge" in source["sentence"]
    assert "--source=source" in starved.results["command"]
    assert starved.results["verdict"]["transfer_gain"]["of"] == "frozen+logistic@small_vgg3x32"


def test_test_pictures_that_the_source_has_are_left_out_for_all_and_that_is_said(
    starved: Compared, both: Compared
) -> None:
    tested = both.paths_of("test")
    assert starved.paths_of(LEFT_OUT) == tested[:2]
    for name in starved.ids:
        assert [row.path for row in starved.rows_of(name)] == tested[2:]
    said = "2 test pictures are among those that source-"
    assert [warning for warning in starved.results["warnings"] if warning.startswith(said)]
    assert said in starved.said


def test_a_network_pretrained_before_is_used_again_and_how_often_test_was_opened_is_known(
    starved: Compared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    learnt = learning(monkeypatch)
    again = compare(starved.data, starved.run, TREE, "scratch", source=starved.data.parent / "source")
    assert learnt == []
    assert "holds a network pretrained before, which is used" in again.said
    assert again.results["source"] == starved.results["source"]
    assert again.results["split"]["test_opened"] == 2


def test_another_source_is_pretrained_on_anew(
    starved: Compared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretrained: list[Path] = []

    def pretrain(settings: Any, listen: Any) -> Any:
        pretrained.append(settings.data)
        raise UserError("no pictures")

    monkeypatch.setattr("headstart.jobs.comparing.source.run_pretrain", pretrain)
    other = compare(starved.data, copied(starved, tmp_path / "run"), TREE, source=tmp_path / "source")
    assert pretrained == [tmp_path / "source"]
    assert other.ids == [TREE]
    assert other.results["source"] is None
    assert other.results["not_run"] == [{"id": "pretraining", "reason": "failed", "why": "no pictures"}]


# --- what is done is kept -------------------------------------------------------------------------------------


def test_approaches_that_are_added_later_run_and_the_others_do_not(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = learning(monkeypatch)
    compare(data, tmp_path / "run", LOGISTIC)
    added = compare(data, tmp_path / "run", TREE, LOGISTIC)
    assert learnt == [LOGISTIC, TREE]
    assert added.ids == [TREE, LOGISTIC]
    assert added.figures == both.figures
    assert added.rows == both.rows
    assert "1 of 2 approaches were done before, and are kept." in added.said


@pytest.mark.parametrize("winners_turn", [True, False])
def test_what_is_kept_gives_the_same_model_whichever_ran_first(
    both: Compared, data: Path, tmp_path: Path, winners_turn: bool
) -> None:
    winner = both.results["verdict"]["winner"]
    compare(data, tmp_path / "run", winner if winners_turn else loser_of(both))
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC)
    assert compared.results["verdict"]["winner"] == winner
    weights = [contents(each.run / "model")["weights.safetensors"] for each in (both, compared)]
    assert weights[0] == weights[1]
    assert read_predictions(compared.run / "model" / PREDICTIONS) == both.rows_of(winner)


def test_fewer_approaches_in_the_same_place_give_the_best_of_these(both: Compared, data: Path, tmp_path: Path) -> None:
    loser = loser_of(both)
    compared = compare(data, copied(both, tmp_path / "run"), loser)
    assert compared.results["verdict"]["winner"] == loser
    assert read_bundle(compared.run / "model").facts["approach"] == loser


def test_another_split_takes_nothing_over(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = learning(monkeypatch)
    other = compare(data, copied(both, tmp_path / "run"), TREE, LOGISTIC, seed=1)
    assert learnt == [TREE, LOGISTIC]
    assert other.split.sides != both.split.sides
    assert other.results["split"]["test_opened"] == 1
    given = [compare(data, tmp_path / "third", TREE, split=each.run / "split.json") for each in (both, other)]
    assert learnt == [TREE, LOGISTIC, TREE, TREE]
    assert given[1].rows == other.rows_of(TREE)


def test_other_labels_of_the_same_pictures_take_nothing_over(
    chosen: Compared, parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = learning(monkeypatch)
    shutil.copytree(parts, tmp_path / "data")
    for name in ("00.png", "01.png"):
        (tmp_path / "data" / "train" / "ant" / name).rename(tmp_path / "data" / "train" / "bee" / f"was-ant-{name}")
    winner = chosen.results["verdict"]["winner"]
    relabelled = compare(tmp_path / "data", copied(chosen, tmp_path / "run"), winner)
    assert relabelled.split.sides == chosen.split.sides
    assert learnt == [winner]


def test_other_pictures_take_nothing_over(both: Compared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = learning(monkeypatch)
    other = write_alike(tmp_path / "other", {"ant": 15, "bee": 15, "cow": 15}, seed=7)
    compared = compare(other, copied(both, tmp_path / "run"), TREE, LOGISTIC)
    assert learnt == [TREE, LOGISTIC]
    assert compared.results["dataset"]["sha256"] != both.results["dataset"]["sha256"]
    assert compared.rows != both.rows


def test_another_option_takes_nothing_over(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = learning(monkeypatch)
    compare(data, copied(both, tmp_path / "run"), TREE, LOGISTIC, fit="pad")
    assert learnt == [TREE, LOGISTIC]


def test_damaged_parts_are_made_anew(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(both, tmp_path / "run")
    first, second = sorted((run / "parts").iterdir())
    (first / "answers.npz").write_bytes((first / "answers.npz").read_bytes()[:200])
    (second / "entry.json").write_text("{", encoding="utf-8")
    learnt = learning(monkeypatch)
    assert compare(data, run, TREE, LOGISTIC).figures == both.figures
    assert learnt == [TREE, LOGISTIC]


# --- what fails, and what is interrupted ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError("the loss is no number."), ("failed", "the loss is no number.")),
        (MissingError("pip install 'headstart[x]'"), ("missing", "pip install 'headstart[x]'")),
        (RuntimeError("no memory\nat 0x7f"), ("failed", "It ended with an error (RuntimeError: no memory).")),
        (MemoryError(), ("failed", "It ended with an error (MemoryError: ).")),
    ],
)
def test_an_approach_that_fails_is_told_and_does_not_end_the_others(
    both: Compared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: tuple[str, str]
) -> None:
    learning(monkeypatch, {TREE: error})
    compared = compare(both.data, tmp_path / "run", TREE, LOGISTIC)
    assert compared.results["not_run"] == [{"id": TREE, "reason": told[0], "why": told[1]}]
    assert f"{TREE} is left out: {told[1]}" in compared.said
    assert compared.figures == {LOGISTIC: both.figures[LOGISTIC]}
    assert compared.results["verdict"]["winner"] == LOGISTIC
    (last,) = [event for event in compared.events if isinstance(event, Stood)][-1:]
    assert [(each.id, each.state) for each in last.standings] == [(TREE, "left out"), (LOGISTIC, "done")]
    for page in ("report.html", "report.md"):
        assert TREE in (compared.run / page).read_text(encoding="utf-8")


def test_an_approach_that_failed_is_tried_again(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        learning(failing, {TREE: RuntimeError()})
        compare(data, tmp_path / "run", TREE, LOGISTIC)
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC)
    assert compared.results["not_run"] == []
    assert compared.figures == both.figures


def test_what_needs_an_extra_that_is_not_installed_is_left_out_with_a_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headstart.networks.keras_backend.find_spec", lambda name: None)
    compared = compare(data, tmp_path / "run", TREE, "scratch")
    (left_out,) = compared.results["not_run"]
    assert (left_out["id"], left_out["reason"]) == ("scratch", "missing")
    assert "pip install" in left_out["why"]
    with pytest.raises(MissingError, match="scratch trains with Keras"):
        compare(data, tmp_path / "other", "scratch")
    assert names(tmp_path) == ["run"]


def test_if_all_fail_the_report_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning(monkeypatch, dict.fromkeys((TREE, LOGISTIC), UserError("no number.")))
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC)
    verdict = compared.document["verdict"]
    assert (verdict["winner"], verdict["transfer_gain"], compared.document["approaches"]) == (None, None, [])
    assert verdict["sentence"]
    assert [each["id"] for each in compared.document["not_run"]] == [TREE, LOGISTIC]
    assert compared.rows == []
    assert names(compared.run) == [
        "compare.json",
        "predictions.csv",
        "report.html",
        "report.md",
        "results.json",
        "split.json",
    ]
    assert "no number." in (compared.run / "report.html").read_text(encoding="utf-8")


def test_a_full_disk_ends_it_and_what_was_done_is_kept(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        learning(full, {LOGISTIC: OSError(errno.ENOSPC, "No space left on device")})
        with pytest.raises(OSError, match="No space left"):
            compare(data, tmp_path / "run", TREE, LOGISTIC)
    assert names(tmp_path / "run") == ["best", "compare.json", "parts"]
    learnt = learning(monkeypatch)
    assert compare(data, tmp_path / "run", TREE, LOGISTIC).figures == both.figures
    assert learnt == [LOGISTIC]


def test_an_interrupt_gives_the_verdict_on_what_is_done(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:
        learning(interrupted, {LOGISTIC: KeyboardInterrupt()})
        compared = compare(data, tmp_path / "run", TREE, LOGISTIC, "handcrafted+svm")
    assert compared.ids == [TREE]
    assert [(each["id"], each["reason"]) for each in compared.results["not_run"]] == [
        (LOGISTIC, "stopped"),
        ("handcrafted+svm", "stopped"),
    ]
    early = "The comparison was ended early; the same command goes on with it."
    assert early in compared.results["warnings"]
    assert early in (compared.run / "report.md").read_text(encoding="utf-8")
    assert compare(data, tmp_path / "run", TREE, LOGISTIC).figures == both.figures


def test_an_interrupt_before_anything_is_done_leaves_no_result(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, {TREE: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        compare(data, tmp_path / "run", TREE, LOGISTIC)
    assert names(tmp_path / "run") == ["compare.json"]


def test_if_the_best_has_lost_its_model_and_does_not_come_off_again_the_next_best_is_the_model(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(both, tmp_path / "run")
    shutil.rmtree(run / "model")
    learnt = learning(monkeypatch, {both.results["verdict"]["winner"]: RuntimeError("no memory")})
    compared = compare(data, run, TREE, LOGISTIC)
    assert learnt == [both.results["verdict"]["winner"], loser_of(both)]
    assert compared.results["verdict"]["winner"] == loser_of(both)
    assert read_bundle(run / "model").facts["approach"] == loser_of(both)


def test_if_the_best_has_lost_its_model_and_that_is_interrupted_the_earlier_result_stays(
    both: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(both, tmp_path / "run")
    shutil.rmtree(run / "model")
    before = contents(run)
    learning(monkeypatch, {both.results["verdict"]["winner"]: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        compare(data, run, TREE, LOGISTIC)
    assert contents(run)["results.json"] == before["results.json"]
    monkeypatch.undo()
    assert compare(data, run, TREE, LOGISTIC).figures == both.figures


# --- what can't be meant --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approaches", "options", "said"),
    [
        (("handcrafted+logistik",), {}, r"Did you mean handcrafted\+logistic\?"),
        (("frozen+logistic",), {"backbones": "efficientnet_lite"}, "Did you mean efficientnet_lite"),
        ((TREE,), {"lang": "zh-CN"}, "--lang zh-CN: choose from en, zh"),
        ((TREE,), {"budget": "soon"}, "--budget soon: write a duration"),
        ((TREE,), {"repeats": 0}, "--repeats 0: at least 1"),
        ((TREE,), {"split": Path("split.json"), "repeats": 2}, "leave one of them out"),
        ((TREE,), {"split": Path("nowhere.json")}, "nowhere.json doesn't exist"),
        ((TREE,), {"fit": "stretch"}, "--fit stretch: choose from"),
        ((TREE,), {"class_weight": "none at all"}, "--class-weight none at all: choose from"),
        ((TREE,), {"exclude": "dog"}, "--exclude dog: no class is called so"),
        ((TREE,), {"weights": "none"}, r"--weights means nothing to handcrafted\+tree"),
        ((TREE,), {"backbones": "vgg16"}, r"--backbones means nothing to handcrafted\+tree"),
        (
            ("frozen+logistic",),
            {"backbones": "vgg16,vgg19", "weights": "vgg=file.h5"},
            "--weights vgg=file.h5: name one of the backbones it is for.* Did you mean vgg1",
        ),
        (("frozen+logistic",), {"weights": "vgg16=nowhere.h5"}, "nowhere.h5: there is no such file"),
        (("frozen+logistic",), {"weights": "nowhere.h5"}, "nowhere.h5: there is no such file"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_sentence_and_nothing_is_written(
    data: Path, tmp_path: Path, approaches: tuple[str, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        compare(data, tmp_path / "run", *approaches, **options)
    assert names(tmp_path) == []


def test_a_folder_with_other_files_is_refused(both: Compared, data: Path, tmp_path: Path) -> None:
    run = copied(both, tmp_path / "run")
    (run / "thesis.txt").write_text("mine", encoding="utf-8")
    before = contents(run)
    with pytest.raises(UserError, match=r"holds files that headstart didn't write \(thesis\.txt\)"):
        compare(data, run, TREE)
    with pytest.raises(UserError, match="lies inside the data folder"):
        compare(data, data / "run", TREE)
    assert contents(run) == before


# --- repeats --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repeated(data: Path, cache: Path) -> Compared:
    return compare(data, data.parent / "repeated", TREE, LOGISTIC, repeats=3)


def test_repeats_draw_a_split_each_and_tell_the_mean_and_the_range(
    repeated: Compared, both: Compared, data: Path, tmp_path: Path
) -> None:
    repeats = repeated.results["repeats"]
    assert repeats["seeds"] == [0, 1, 2]
    assert repeated.figures == both.figures
    assert set(repeats["accuracy"]) == {TREE, LOGISTIC}
    for name, of in repeats["accuracy"].items():
        assert of["each"][0] == repeated.entry(name)["test"]["accuracy"]["value"]
        assert (of["mean"], of["low"], of["high"]) == (
            pytest.approx(np.mean(of["each"])),
            min(of["each"]),
            max(of["each"]),
        )
    second = train(data, tmp_path / "model", approach=LOGISTIC, seed=1)
    assert repeats["accuracy"][LOGISTIC]["each"][1] == pytest.approx(second.entry["test"]["accuracy"]["value"])


def test_repeats_are_kept_too(repeated: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = learning(monkeypatch)
    again = compare(data, copied(repeated, tmp_path / "run"), TREE, LOGISTIC, repeats=4)
    assert learnt == [TREE, LOGISTIC]
    each = {name: of["each"][:3] for name, of in again.results["repeats"]["accuracy"].items()}
    assert each == {name: of["each"] for name, of in repeated.results["repeats"]["accuracy"].items()}


def test_an_interrupt_among_repeats_keeps_those_that_are_complete_and_is_said(
    repeated: Compared, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, {LOGISTIC: KeyboardInterrupt()}, at=3)
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC, repeats=5)
    assert compared.results["repeats"]["seeds"] == [0, 1, 2]
    assert compared.results["repeats"] == repeated.results["repeats"]
    assert "The comparison was ended early; the same command goes on with it." in compared.results["warnings"]


def test_an_approach_that_fails_in_a_repeat_has_no_mean(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, {LOGISTIC: RuntimeError()}, at=1)
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC, repeats=2)
    assert compared.ids == [TREE, LOGISTIC]
    assert set(compared.results["repeats"]["accuracy"]) == {TREE}
    assert f"{LOGISTIC} is left out" in compared.said


# --- data that isn't what one would wish ----------------------------------------------------------------------


def test_groups_reach_the_split_the_intervals_and_the_paired_tests(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 24, "bee": 24})
    compared = compare(data, tmp_path / "run", TREE, LOGISTIC, group_by=r"([^/]+/\d)\d")
    assert {pair["test"] for pair in compared.results["pairs"]} == {"sign-flip"}
    assert compared.results["split"]["groups"] < compared.results["split"]["test"]
    assert {compared.entry(name)["test"]["groups"] for name in compared.ids} == {compared.results["split"]["groups"]}
    assert "few_groups" in {statement["key"] for statement in compared.results["verdict"]["statements"]}
    assert r"'--group-by=([^/]+/\d)\d'" in compared.results["command"]


@pytest.mark.parametrize(
    ("test", "key"), [({"ant": 5, "bee": 1}, "classes_of_one_picture"), ({"ant": 5}, "classes_without_pictures")]
)
def test_a_class_with_one_test_picture_or_none_is_told(
    parts: Path, tmp_path: Path, test: dict[str, int], key: str
) -> None:
    shutil.copytree(parts, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "test")
    write_alike(tmp_path / "data" / "test", test, seed=11)
    compared = compare(tmp_path / "data", tmp_path / "run", TREE, LOGISTIC)
    (said,) = [each["values"] for each in compared.results["verdict"]["statements"] if each["key"] == key]
    assert said["names"] == ["bee"]
    assert (compared.run / "report.html").is_file()


def test_repeats_of_ready_made_parts_are_said_to_differ_in_their_seeds_alone(chosen: Compared, tmp_path: Path) -> None:
    compared = compare(chosen.data, tmp_path / "run", TREE, repeats=2)
    said = "The parts are ready-made: repeats differ in their seeds, and not in their pictures."
    assert said in compared.results["warnings"]
    assert said not in chosen.results["warnings"]


HOSTILE = ("<img src=x onerror=alert(1)>", "=cmd|x", "\"quotes' & co", "new\nline", "中文 类")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Compared:
    """Classes, and a file, whose names want to do something."""
    place = tmp_path_factory.mktemp("hostile")
    data = write_alike(place / "data", dict.fromkeys(HOSTILE, 5))
    (data / HOSTILE[0] / "00.png").rename(data / HOSTILE[0] / "\"><script>alert('x')<.png")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(seeing, "attention_of", partial(attention_of, seconds=0.1))
        return compare(data, place / "run", TREE, LOGISTIC, no_pictures=False)


def test_hostile_names_are_text_in_the_report(hostile: Compared) -> None:
    page = (hostile.run / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "中文 类" in page
    assert "<img src=x" not in (hostile.run / "report.md").read_text(encoding="utf-8").replace("\\<", "")


def test_hostile_names_are_read_back_as_they_are(hostile: Compared) -> None:
    assert {row.label for row in hostile.rows} == set(HOSTILE)
    assert hostile.document["dataset"]["classes"] == sorted(HOSTILE)
    assert read_bundle(hostile.run / "model").classes == tuple(sorted(HOSTILE))


# --- nothing to learn -----------------------------------------------------------------------------------------


def test_of_pure_noise_the_verdict_says_first_that_nothing_works_better_than_chance(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(120):
        folder = tmp_path / "noise" / random.choice(["ant", "bee"])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"{number:03}.png")
    verdict = compare(tmp_path / "noise", tmp_path / "run", TREE, LOGISTIC).results["verdict"]

    assert verdict["above_chance"] == []
    assert verdict["statements"][0]["key"] == "nothing_above_chance"
    assert "chance" in verdict["sentence"].split(".")[0]
