"""The model card: metadata that the hub reads, and nothing said that isn't known, whatever classes are called."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from comparisons import contender, entry, handcrafted, results, right, scratch
from headstart.ship.model_card import MOST_CLASSES, model_card
from models import Trained

GOOD = contender("frozen+svm@efficientnet_lite0", right(140))
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a: b",
    "- c",
    "\"quoted\" \\n 'and' \\",
    "two\nlines\n---\nlicense: mit",
    "a|b",
    "{a} [b] *c* `d`",
    "%TAG !x! tag:yaml.org",
    "猫 & 狗 🐝",
    "photo\u202egpj.exe",
    "bytes\udcff\x00\x7f\x85\ufffe",
    "no",
    "",
]


def front_matter(card: str) -> dict[str, Any]:
    assert card.startswith("---\n")
    return dict(yaml.safe_load(card.split("\n---\n", maxsplit=1)[0].removeprefix("---\n")))


def body(card: str) -> str:
    return card.split("\n---\n", 1)[1]


def card_of(entry_: dict[str, Any] | None = None, **changes: Any) -> str:
    document = results(GOOD, handcrafted(right(100)), **changes)
    return model_card(document, entry_ or document["approaches"][0])


def test_pictures_that_the_model_carries_are_told_and_else_nothing_is() -> None:
    document = results(GOOD, handcrafted(right(100)))
    document["approaches"][0]["carries"] = 720
    assert "small copies of 720 training pictures: whoever has the model has them. Ask those whom" in card_of(
        document["approaches"][0]
    )
    assert "copies" not in card_of()


def test_the_metadata_are_what_the_hub_reads() -> None:
    assert front_matter(card_of()) == {
        "library_name": "headstart",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "transfer-learning", "keras"],
        "metrics": ["accuracy", "f1", "precision", "recall"],
        "model-index": [
            {
                "name": "frozen+svm@efficientnet_lite0 on insects",
                "results": [
                    {
                        "task": {"type": "image-classification"},
                        "dataset": {"type": "custom", "name": "insects", "split": "test"},
                        "metrics": [
                            {"type": "accuracy", "name": "accuracy", "value": 0.933333},
                            {"type": "f1", "name": "F1, mean over classes", "value": 0.5},
                            {"type": "precision", "name": "precision, mean over classes", "value": 0.5},
                            {"type": "recall", "name": "recall, mean over classes", "value": 0.5},
                        ],
                    }
                ],
            }
        ],
    }


def test_no_licence_is_named_that_nobody_gave() -> None:
    assert "license" not in front_matter(card_of())


def test_what_does_not_transfer_is_not_tagged_so() -> None:
    random = entry(GOOD, weights={"kind": "none", "name": "random, seed 0", "content_sha256": "2" * 64})
    own = entry(scratch(right(90)), backbone="small_vgg4x32")
    own["weights"] |= {"kind": "trained", "name": "small_vgg4x32"}
    plain = entry(handcrafted(right(90)), backbone="handcrafted")
    plain["weights"] |= {"kind": "handcrafted", "name": "handcrafted"}

    assert front_matter(card_of(random))["tags"] == ["image-classification", "keras"]
    assert front_matter(card_of(own))["tags"] == ["image-classification", "keras"]
    assert front_matter(card_of(plain))["tags"] == ["image-classification"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("package", "pretrained on ImageNet, from the package NAME; licence: Apache-2.0."),
        ("keras", "pretrained on ImageNet, Keras' file NAME; licence: Apache-2.0."),
        ("file", "from the file NAME that the user gave; headstart doesn't know their licence."),
        ("model", "from the headstart model NAME."),
        ("backbone", "from NAME, pretrained with headstart on pictures of the user's own."),
        ("none", "random: nothing comes from pretraining."),
        ("trained", "trained on these pictures alone."),
        ("handcrafted", "none: the features are computed by rules, and no network is pretrained."),
    ],
)
def test_it_is_told_where_weights_come_from_and_their_licence_if_it_is_known(kind: str, told: str) -> None:
    card = card_of(entry(GOOD, weights={"kind": kind, "name": "NAME", "content_sha256": "2" * 64}))

    assert f"- Weights: {told}" in body(card)


def test_figures_stand_with_their_intervals_and_chance() -> None:
    text = body(card_of())

    assert "| accuracy | 0.933 | 0.883 to 0.983 |" in text
    assert "| Matthews correlation | 0.500 | 0.450 to 0.550 |" in text
    assert "has an accuracy of 0.200" in text
    assert "top-5" not in text
    assert "computed on this test part 1 time." in text


def test_a_figure_that_the_data_could_not_give_is_left_out() -> None:
    without = entry(GOOD)
    without["test"]["f1_macro"] = None

    card = card_of(without)

    assert front_matter(card)["metrics"] == ["accuracy", "precision", "recall"]
    assert "F1" not in body(card)


def test_the_verdict_of_a_comparison_is_told() -> None:
    assert "From the comparison in which it was chosen: A sentence." in body(card_of())


def test_warnings_and_a_training_that_had_not_converged_are_told() -> None:
    card = card_of(entry(scratch(right(90), converged=False)), warnings=["Only 150 pictures."])

    limits = body(card).split("## What to beware of\n\n")[1].split("\n## ")[0]
    assert "- Only 150 pictures." in limits
    assert "- training stopped before it had converged." in limits
    assert "training stopped" not in body(card_of(entry(scratch(right(90), converged=True))))


def test_what_was_warned_of_other_approaches_is_not_told_of_this_one() -> None:
    warnings = ["handcrafted+svm: No error.", "frozen+svm@efficientnet_lite0: Few errors.", "Of all of them."]

    text = body(card_of(warnings=warnings))

    assert "Few errors." in text
    assert "Of all of them." in text
    assert "No error." not in text


def test_classes_are_listed_with_their_pictures_up_to_a_number() -> None:
    text = body(card_of(classes=[f"class {number}" for number in range(MOST_CLASSES + 20)]))

    assert "| class 0 | 6 |" in text
    assert "| class 99 | 6 |" in text
    assert "| class 100 |" not in text
    assert "20 more classes are listed in run/results.json." in text
    assert "into 120 classes" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_the_metadata_stay_what_they_are_whatever_the_data_is_called(name: str) -> None:
    document = results(GOOD, classes=[name, "bee"], warnings=[f"{name} is small."], settings={"exclude": name})
    document["dataset"]["name"] = name

    card = model_card(document, document["approaches"][0])

    assert card.encode("utf-8")
    metadata = front_matter(card)
    assert list(metadata) == ["library_name", "pipeline_tag", "tags", "metrics", "model-index"]
    ((result,),) = [model["results"] for model in metadata["model-index"]]
    shown = re.sub("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufffe]", "\N{REPLACEMENT CHARACTER}", name)
    assert result["dataset"]["name"] == (shown or "pictures of the user")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_in_the_card(name: str) -> None:
    document = results(GOOD, classes=[name, "bee"], warnings=[f"{name} is small."], settings={"exclude": name})
    document["dataset"]["name"] = name

    text = body(model_card(document, document["approaches"][0]))

    outside = re.sub(r"^```\w+\n.*?\n```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"<[A-Za-z/!]|(?<!\\)`|\u202e", outside)
    assert len(re.findall(r"^#+ ", outside, re.MULTILINE)) == 8
    tables = [line for line in outside.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {3, 4}


def test_a_training_has_a_card_in_its_model_folder(trained: Trained) -> None:
    card = (trained.model / "README.md").read_text(encoding="utf-8")

    assert card == model_card(trained.results, trained.entry)
    metadata = front_matter(card)
    assert metadata["model-index"][0]["name"] == "frozen+logistic@efficientnet_lite0"
    accuracy = trained.entry["test"]["accuracy"]["value"]
    assert metadata["model-index"][0]["results"][0]["metrics"][0]["value"] == pytest.approx(accuracy, abs=1e-6)
    assert f"contents and labels: {trained.results['dataset']['sha256']}" in card


def test_the_python_lines_of_the_card_run(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    card = (trained.model / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```python\n(.*?)\n```", card, re.DOTALL)
    picture = next(trained.data.rglob("*.png"))
    lines = lines.replace('"MODEL_FOLDER"', repr(str(trained.model))).replace('"picture.jpg"', repr(str(picture)))

    exec(lines, {})  # noqa: S102 - our own example

    assert capsys.readouterr().out.startswith("[Prediction(")
