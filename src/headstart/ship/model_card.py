"""``README.md`` of a model folder: a model card in the format of the Hugging Face hub (Mitchell et al. 2019).

It says what is known: figures with their intervals, and which licence the pretrained weights have. What nobody told
headstart, such as the licence of the pictures, it leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headstart.documents import showable
from headstart.learn.approaches import FINE_TUNE, FROZEN, HANDCRAFTED, approach
from headstart.markdown import code_block, plain, table
from headstart.networks.backbones import backbone
from headstart.ship.neighbours import carries_sentence

Document = Mapping[str, Any]

MOST_CLASSES = 100
"""Classes in the table; all of them are in the results."""

_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision_macro": "precision, mean over classes",
    "recall_macro": "recall, mean over classes",
    "f1_macro": "F1, mean over classes",
    "mcc": "Matthews correlation",
    "top5_accuracy": "top-5 accuracy",
    "roc_auc_macro": "ROC AUC, mean over classes",
    "average_precision_macro": "average precision, mean over classes",
    "log_loss": "log loss",
    "ece": "expected calibration error",
    "brier": "Brier score",
}
"""What the table has, as far as the results have it."""

_ON_THE_HUB = {
    "accuracy": ("accuracy", "accuracy"),
    "f1_macro": ("f1", "F1, mean over classes"),
    "precision_macro": ("precision", "precision, mean over classes"),
    "recall_macro": ("recall", "recall, mean over classes"),
}
"""The hub's name of a metric, and what ours is."""

_WEIGHTS = {
    "package": "pretrained on ImageNet, from the package {name}; licence: {licence}",
    "keras": "pretrained on ImageNet, Keras' file {name}; licence: {licence}",
    "file": "from the file {name} that the user gave; headstart doesn't know their licence",
    "model": "from the headstart model {name}",
    "backbone": "from {name}, pretrained with headstart on pictures of the user's own",
    "none": "random: nothing comes from pretraining",
    "trained": "trained on these pictures alone",
    "handcrafted": "none: the features are computed by rules, and no network is pretrained",
}
"""Where the weights of the network come from, by the kind that the results name."""

_PRETRAINED = ("package", "keras", "file", "model", "backbone")


def model_card(results: Document, entry: Document) -> str:
    """Return the model card of one approach.

    Parameters
    ----------
    results
        Of ``train`` or ``compare``, see ``docs/formats.md``.
    entry
        The approach among them that the model was made by.
    """
    sections = "\n\n".join(f"## {title}\n\n{text(results, entry)}" for title, text in _SECTIONS.items())
    return f"---\n{_front_matter(results, entry)}---\n\n# {plain(_name(results, entry))}\n\n{sections}\n"


def _name(results: Document, entry: Document) -> str:
    """Return the model's name; results of ``train`` don't name their data."""
    data = results["dataset"].get("name")
    return f"{entry['id']} on {data}" if data else str(entry["id"])


def _front_matter(results: Document, entry: Document) -> str:
    """Return the metadata as YAML: strings are quoted as in JSON, which is YAML too, whatever is in them."""
    lines = [
        "library_name: headstart",
        "pipeline_tag: image-classification",
        "tags:",
        *(f"- {tag}" for tag in _tags(entry)),
        "metrics:",
        *(f"- {_ON_THE_HUB[name][0]}" for name in _measured(entry)),
        "model-index:",
        f"- name: {_quoted(_name(results, entry))}",
        "  results:",
        "  - task:",
        "      type: image-classification",
        "    dataset:",
        "      type: custom",
        f"      name: {_quoted(results['dataset'].get('name') or 'pictures of the user')}",
        "      split: test",
        "    metrics:",
    ]
    for name in _measured(entry):
        kind, words = _ON_THE_HUB[name]
        lines += [
            f"    - type: {kind}",
            f"      name: {_quoted(words)}",
            f"      value: {entry['test'][name]['value']:.6f}",
        ]
    return "\n".join(lines) + "\n"


def _tags(entry: Document) -> list[str]:
    transfers = entry["family"] in (FROZEN, FINE_TUNE) and entry["weights"]["kind"] in _PRETRAINED
    return [
        "image-classification",
        *(["transfer-learning"] if transfers else []),
        *(["keras"] if entry["family"] != HANDCRAFTED else []),
    ]


def _measured(entry: Document) -> list[str]:
    return [name for name in _ON_THE_HUB if entry["test"].get(name)]


def _quoted(text: object) -> str:
    return json.dumps(showable(str(text)), ensure_ascii=False)


def _what_it_is(results: Document, entry: Document) -> str:
    classes, record = results["dataset"]["classes"], backbone(entry["backbone"])
    origin = entry["weights"]
    weights = _WEIGHTS[origin["kind"]].format(name=origin["name"], licence=record.licence)
    told = [
        f"A classifier of pictures into {len(classes)} classes, made with headstart "
        f"{results['environment']['headstart']} by its approach {entry['name']}: {approach(entry['name']).summary}.",
        f"Features: {record.name} ({record.paper}).",
        f"Weights: {weights}.",
        "The folder holds data only: JSON, CSV and safetensors, no code and no pickle.",
    ]
    return _list(told)


def _how_to_use(results: Document, entry: Document) -> str:
    shell = code_block("sh", "headstart predict MODEL_FOLDER picture.jpg")
    python = code_block(
        "python",
        "import headstart",
        "",
        'classifier = headstart.load("MODEL_FOLDER")',
        'print(classifier.predict(["picture.jpg"], top=3))',
    )
    return (
        f"{shell}\n\n{python}\n\nPictures are decoded, resized and scaled as in training; nothing is to be done before."
    )


def _learned_from(results: Document, entry: Document) -> str:
    dataset, split = results["dataset"], results["split"]
    per_class = list(dataset["pictures_per_class"].items())
    told = [
        f"{dataset['pictures']} pictures: {split['train']} to learn from, {split['val']} to choose by, {split['test']} "
        f"held out for the figures below. Split: {split['rule']}, seed {split['seed']}.",
        f"SHA-256 of their contents and labels: {dataset['sha256']}",
        *([f"{len(dataset['skipped'])} files were skipped."] if dataset["skipped"] else []),
    ]
    rows = [[plain(name), str(count)] for name, count in per_class[:MOST_CLASSES]]
    rest = len(per_class) - MOST_CLASSES
    more = [f"{rest} more classes are listed in run/results.json."] if rest > 0 else []
    return "\n\n".join((_list(told), table(["class", "pictures"], rows), *more))


def _evaluation(results: Document, entry: Document) -> str:
    test, opened = entry["test"], results["split"]["test_opened"]
    rows = [
        [words, f"{test[name]['value']:.3f}", f"{test[name]['low']:.3f} to {test[name]['high']:.3f}"]
        for name, words in _FIGURES.items()
        if test.get(name)
    ]
    told = [
        f"On {test['pictures']} held-out pictures. Chance, always answering the class that is most frequent in "
        f"training, has an accuracy of {test['chance']:.3f}.",
        f"Figures were computed on this test part {opened} {'time' if opened == 1 else 'times'}.",
    ]
    verdict = results.get("verdict")
    chosen = [plain(f"From the comparison in which it was chosen: {verdict['sentence']}")] if verdict else []
    return "\n\n".join((table(["figure", "value", "95% interval"], rows), _list(told), *chosen))


def _limits(results: Document, entry: Document) -> str:
    training = entry.get("training")
    others = tuple(f"{each['id']}: " for each in results["approaches"] if each["id"] != entry["id"])
    return _list(
        [
            *(warning for warning in results["warnings"] if not warning.startswith(others)),
            *([str(training["sentence"])] if training and not training["converged"] else []),
            "The figures hold for pictures like these. Other cameras, places or times may give others: judge it on "
            "some of your own with headstart evaluate.",
            "Every picture gets one of its classes, also one that shows none of them.",
            "The intervals are about this fitted model, not about the method.",
            *(
                [f"{carries_sentence(entry['carries'])} Ask those whom the pictures show before you pass it on."]
                if entry.get("carries")
                else []
            ),
        ]
    )


def _not_meant_for(results: Document, entry: Document) -> str:
    return _list(
        [
            "Pictures of other classes than these.",
            "Decisions in which an error harms somebody, without a trial in their own setting and people who check.",
        ]
    )


def _how_it_was_made(results: Document, entry: Document) -> str:
    made_with = results["environment"]
    versions = {"Python": made_with["python"], "engine": made_with["engine"], **made_with["packages"]}
    told = {
        "features": entry["features"],
        "chosen": entry["chosen"],
        "class weights": entry["class_weight"],
        "settings": results["settings"],
        "versions": versions,
    }
    facts = [f"{words}: {json.dumps(value, ensure_ascii=False)}" for words, value in told.items()]
    sums = f"SHA-256 of the weights used: {entry['weights']['content_sha256']}. run/results.json has everything."
    return f"{_list(facts)}\n\n{plain(sums)}"


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {plain(each)}" for each in sentences)


_SECTIONS: dict[str, Callable[[Document, Document], str]] = {
    "What it is": _what_it_is,
    "How to use it": _how_to_use,
    "What it learned from": _learned_from,
    "How good it is": _evaluation,
    "What to beware of": _limits,
    "What it isn't for": _not_meant_for,
    "How it was made": _how_it_was_made,
}
