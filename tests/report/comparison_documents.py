"""Documents of made-up comparisons, as true to life as a page needs, and the pictures that they name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from pictures import encoded, picture

RAN = "a script ran"
"""What the hostile names below would make the title of the page."""

HOSTILE = [
    f"<img src=x onerror=\"document.title='{RAN}'\">",
    f"\"><script>document.title='{RAN}'</script>",
    f"'><svg onload=\"document.title='{RAN}'\">",
    f"</title></style><script>document.title='{RAN}'</script>",
    f"\" autofocus tabindex=0 onfocus=\"document.title='{RAN}'",
    "{{ 7 * 7 }}{% raw %}{x}%s",
    "photo\u202egpj.exe",
    "\u200b",
    "W" * 300,
]
CHINESE = ["猫", "狗", "丹顶鹤", "东北虎"]
TEN = [
    "airplane",
    "bonsai",
    "butterfly",
    "car_side",
    "chandelier",
    "cougar_body",
    "cougar_face",
    "crocodile",
    "crocodile_head",
    "dalmatian",
]
HUNDRED = [
    f"{a}_{b}"
    for a in TEN
    for b in ("red", "blue", "old", "young", "left", "right", "inside", "outside", "small", "large")
]

IDS = (
    "handcrafted+svm",
    "handcrafted+tree",
    "handcrafted+logistic",
    "frozen+logistic@efficientnet_lite0",
    "frozen+svm@efficientnet_lite0",
    "frozen+tree@efficientnet_lite0",
    "frozen+knn@efficientnet_lite0",
    "frozen+mlp@efficientnet_lite0",
    "scratch",
    "fine-tune@efficientnet_lite0",
)
SKILL = (0.58, 0.36, 0.55, 0.955, 0.962, 0.71, 0.93, 0.951, 0.64, 0.968)
"""About how often each is right."""


@cache
def jpeg(seed: int, size: int = 96) -> bytes:
    """Return a small JPEG picture."""
    colour = (60 + 37 * seed % 180, 60 + 71 * seed % 180, 60 + 113 * seed % 180)
    return encoded(picture(colour, seed, (size, size)), "JPEG", quality=80)


def pictures(count: int = 240, size: int = 96) -> dict[str, bytes]:
    """Return JPEG files by the names that documents call them."""
    return {f"pictures/{number:04}.jpg": jpeg(number % 12, size) for number in range(1, count + 1)}


def comparison(
    classes: Sequence[str] = TEN, approaches: int = 10, per_class: int = 15, seed: int = 0, **changes: Any
) -> dict[str, Any]:
    """Return the document of a comparison of the first so many of `IDS`; ``changes`` replace its fields."""
    random = np.random.default_rng(seed)
    test = per_class * len(classes)
    entries = [
        _entry(id_, skill, classes, per_class, random) for id_, skill in zip(IDS[:approaches], SKILL, strict=False)
    ]
    winner = max(entries, key=lambda entry: entry["val"]["accuracy"])
    told = [entry["id"] for entry in entries if entry is not winner and entry["test"]["accuracy"]["value"] > 0.94]
    pairs = _pairs(entries, winner, test, random)
    gain = {**pairs[0]["difference"], "of": winner["id"], "over": entries[0]["id"], "p_value": 1e-12, "p_holm": 1e-11}
    return {
        "format": 1,
        "kind": "comparison",
        "dataset": {
            "name": "caltech101_10",
            "pictures": 5 * test,
            "classes": list(classes),
            "pictures_per_class": {name: 5 * per_class + i % 7 for i, name in enumerate(classes)},
            "sha256": "1a6eadbab0ec78ca9b225b069dc709999037033fccc290e4b7ebeb2b02397cd7",
            "skipped": [{"path": f"{classes[0]}/broken.jpg", "reason": "unreadable"}],
            "findings": [
                {
                    "code": "near-duplicate",
                    "severity": "warning",
                    "count": 2,
                    "what": "2 pairs of pictures are nearly the same.",
                    "advice": "Nothing: they are kept on one side of the split.",
                },
                {
                    "code": "blurred",
                    "severity": "note",
                    "count": 4,
                    "what": "4 pictures are blurred.",
                    "advice": "Look whether they show what they should.",
                },
            ],
        },
        "split": {
            "train": 3 * test,
            "val": test,
            "test": test,
            "seed": 0,
            "rule": "stratified 60/20/20 by content",
            "test_opened": 1,
            "groups": test - 3,
            "sha256": "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de",
        },
        "approaches": entries,
        "not_run": [],
        "verdict": {
            "winner": winner["id"],
            "not_told_apart": told,
            "sentence": f"The best on validation is {winner['id']}.",
            "chance": 1 / len(classes),
            "transfer_gain": gain,
            "fine_tuning_gain": None,
            "above_chance": [entry["id"] for entry in entries],
            "cheapest": told[0] if told else None,
            "statements": [
                {
                    "key": "winner",
                    "values": {
                        "id": winner["id"],
                        **_plain_interval(winner),
                        "pictures": test,
                        "chance": 1 / len(classes),
                    },
                },
                {"key": "not_told_apart", "values": {"pictures": test, "names": ", ".join(told), "id": winner["id"]}},
                {
                    "key": "transfer_brought",
                    "values": {
                        "of": winner["id"],
                        "over": entries[0]["id"],
                        "value": 100 * gain["value"],
                        "low": 100 * gain["low"],
                        "high": 100 * gain["high"],
                        "p": "p < 0.001",
                    },
                },
                {"key": "starved_in_budget", "values": {"id": "scratch", "budget": 600}},
            ],
        },
        "pairs": pairs,
        "curve": _curve(entries, random),
        "seeing": _seeing(winner, classes, test, random),
        "repeats": None,
        "source": None,
        "warnings": ["Fewer than 5 of the test pictures were answered wrongly by the winner."],
        "environment": {
            "headstart": "0.1.0",
            "python": "3.13.1",
            "system": "Linux",
            "machine": "x86_64",
            "cores": 2,
            "engine": "openvino 2026.1",
            "packages": {"numpy": "2.4.6", "keras": "3.15.0"},
        },
        "settings": {
            "approaches": None,
            "backbones": ["efficientnet_lite0"],
            "budget": "10m",
            "seed": 0,
            "pictures": True,
        },
        "command": "headstart compare caltech101_10 --out RUN --budget 10m --curve --seed 0",
        "seconds": 341.2,
        **changes,
    }


def two_classes(**changes: Any) -> dict[str, Any]:
    """Return a comparison on cats and dogs, with an operating point."""
    document = comparison(("cat", "dog"), per_class=60, seed=1)
    for entry in document["approaches"]:
        entry["test"]["operating_point"] = {
            "positive": "dog",
            "threshold": 0.4375,
            "sensitivity": interval(0.967, 60),
            "specificity": interval(0.933, 60),
            "chosen_on": "val",
        }
    return document | changes


def hundred_classes(**changes: Any) -> dict[str, Any]:
    """Return the largest usual comparison: 100 classes, 10 approaches."""
    return comparison(HUNDRED, per_class=12, seed=2) | changes


def chinese(**changes: Any) -> dict[str, Any]:
    """Return a comparison of classes with Chinese names."""
    return comparison(CHINESE, per_class=30, seed=3) | changes


def hostile(**changes: Any) -> dict[str, Any]:
    """Return a comparison whose every name would like to be a program."""
    document = comparison(HOSTILE, per_class=8, seed=4)
    document["dataset"] |= {
        "name": HOSTILE[3],
        "skipped": [{"path": name, "reason": "hidden"} for name in HOSTILE],
        "findings": [
            {"code": "odd", "severity": "error", "count": 1, "what": name, "advice": name} for name in HOSTILE
        ],
    }
    items = [{**item, "path": HOSTILE[i % len(HOSTILE)]} for i, item in enumerate(document["seeing"]["mistakes"])]
    document["seeing"]["mistakes"] = items
    document["seeing"]["map"]["paths"] = [
        HOSTILE[i % len(HOSTILE)] for i in range(len(document["seeing"]["map"]["points"]))
    ]
    document["not_run"] = [{"id": HOSTILE[0], "reason": "failed", "why": HOSTILE[1]}]
    document["warnings"] = list(HOSTILE)
    document["command"] = f"headstart compare '{HOSTILE[0]}'"
    document["settings"] = {HOSTILE[0]: HOSTILE[1]}
    document["environment"] = {HOSTILE[0]: HOSTILE[1]}
    document["verdict"] |= {"sentence": HOSTILE[0], "statements": []}
    return document | changes


def nothing_done(**changes: Any) -> dict[str, Any]:
    """Return a comparison in which every approach failed."""
    whole = comparison(approaches=2)
    return {
        **whole,
        "approaches": [],
        "not_run": [
            {
                "id": "scratch",
                "reason": "missing",
                "why": "scratch needs a training backend: pip install 'headstart[train]'.",
            },
            {"id": "frozen+svm@efficientnet_lite0", "reason": "failed", "why": "The weights could not be read."},
            {"id": "frozen+knn@efficientnet_lite0", "reason": "stopped", "why": "The comparison was stopped before."},
        ],
        "verdict": {
            "winner": None,
            "not_told_apart": [],
            "sentence": "",
            "chance": None,
            "transfer_gain": None,
            "fine_tuning_gain": None,
            "above_chance": [],
            "cheapest": None,
            "statements": [],
        },
        "pairs": [],
        "curve": None,
        "seeing": {},
        "warnings": [],
        **changes,
    }


def bare() -> dict[str, Any]:
    """Return an older document: what came later isn't there."""
    whole = comparison(approaches=2)
    kept = ("format", "split", "environment", "settings", "warnings")
    entries = [
        {key: entry[key] for key in ("id", "name", "family", "backbone", "val", "seconds")}
        | {"test": {key: entry["test"][key] for key in ("accuracy", "f1_macro", "chance", "pictures")}}
        for entry in whole["approaches"]
    ]
    return {
        **{key: whole[key] for key in kept},
        "dataset": {"pictures": 750, "classes": TEN, "findings": [{"code": "blurred", "severity": "note", "count": 4}]},
        "approaches": entries,
        "verdict": {
            "winner": IDS[0],
            "not_told_apart": [],
            "sentence": "The winner is handcrafted+svm.",
            "chance": 0.1,
        },
        "pairs": [
            {
                "a": IDS[0],
                "b": IDS[1],
                "kind": "confirmatory",
                "difference": {"value": 0.1, "low": 0.02, "high": 0.18},
                "p_value": 0.01,
                "p_holm": 0.01,
            }
        ],
    }


def without_a_class_in_test() -> dict[str, Any]:
    """Return a comparison whose test part lacks the last class, and figures that need it."""
    document = comparison()
    for entry in document["approaches"]:
        test = entry["test"]
        test["per_class"][TEN[-1]] = {
            "pictures": 0,
            "predicted": 1,
            "precision": interval(0.0, 1),
            "recall": None,
            "f1": None,
            "roc_auc": None,
            "average_precision": None,
        }
        test["confusion_matrix"][-1] = [0] * len(TEN)
        test |= {
            "roc_auc_macro": None,
            "average_precision_macro": None,
            "ece": {"value": 0.02, "low": None, "high": None},
        }
    return document


def interval(value: float, n: int) -> dict[str, float]:
    """Return a figure with Wilson's interval for ``n`` pictures."""
    z = 1.96
    centre, half = (
        (value + z * z / (2 * n)) / (1 + z * z / n),
        z * ((value * (1 - value) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n),
    )
    return {"value": value, "low": max(0.0, centre - half), "high": min(1.0, centre + half)}


def _entry(
    id_: str, skill: float, classes: Sequence[str], per_class: int, random: np.random.Generator
) -> dict[str, Any]:
    n, test = len(classes), per_class * len(classes)
    matrix = [_row(i, n, per_class, skill, random) for i in range(n)]
    right = sum(matrix[i][i] for i in range(n)) / test
    name, _, backbone = id_.partition("@")
    trained = name in ("scratch", "fine-tune")
    family = name.partition("+")[0]
    figures = {
        key: interval(min(1.0, max(0.0, right + shift)), test)
        for key, shift in (
            ("accuracy", 0.0),
            ("balanced_accuracy", -0.002),
            ("precision_macro", 0.004),
            ("recall_macro", -0.002),
            ("f1_macro", -0.003),
            ("precision_weighted", 0.003),
            ("recall_weighted", 0.0),
            ("f1_weighted", -0.001),
            ("mcc", -0.01),
            ("top5_accuracy", 0.2),
            ("roc_auc_macro", 0.03),
            ("average_precision_macro", 0.01),
        )
    }
    return {
        "id": id_,
        "name": name,
        "family": family,
        "backbone": backbone or ("small_vgg4x32" if name == "scratch" else "handcrafted"),
        "weights": {
            "kind": "package",
            "name": "efficientnet_lite0 (ImageNet)",
            "sha256": None,
            "content_sha256": hash_of(backbone or id_),
        },
        "features": {
            "layer": "avg_pool",
            "fit": "squash",
            "sizes": [224],
            "flip": False,
            "combine": "stack",
            "l2": False,
            "dimension": 1280,
        },
        "chosen": {"penalty": 0.0031, "temperature": 1.07, "accuracy": 0.95, "log_loss": 0.17, "folds": 4},
        "class_weight": "none",
        "transfers": family in ("frozen", "fine-tune"),
        "budget_seconds": 600.0 if trained else None,
        "training": _training(name == "fine-tune", random) if trained else None,
        "seconds": {"decode": 4.1, "train": 143.0, "features": 6.5, "predict": 0.4}
        if trained
        else {"features": 9.2, "fit": 1.3, "predict": 0.02},
        "val": {"accuracy": min(1.0, right + 0.004), "log_loss": 1.2 - right},
        "test": {
            **figures,
            "log_loss": {"value": 1.3 - right, "low": 1.25 - right, "high": 1.38 - right},
            "ece": {"value": 0.021, "low": 0.014, "high": 0.045},
            "brier": {"value": 0.07, "low": 0.05, "high": 0.1},
            "chance": 1 / n,
            "pictures": test,
            "groups": test - 3,
            "per_class": {
                classes[i]: {
                    "pictures": per_class,
                    "predicted": sum(row[i] for row in matrix),
                    "precision": interval(matrix[i][i] / max(1, sum(row[i] for row in matrix)), per_class),
                    "recall": interval(matrix[i][i] / per_class, per_class),
                    "f1": interval(matrix[i][i] / per_class, per_class),
                    "roc_auc": interval(0.99, per_class),
                    "average_precision": interval(0.97, per_class),
                }
                for i in range(n)
            },
            "confusion_matrix": matrix,
            "reliability": _reliability(test, random),
            "operating_point": None,
        },
    }


def _plain_interval(entry: dict[str, Any]) -> dict[str, float]:
    accuracy = entry["test"]["accuracy"]
    return {"accuracy": accuracy["value"], "low": accuracy["low"], "high": accuracy["high"]}


def hash_of(text: str) -> str:
    """Return 64 digits that belong to ``text``."""
    return (text.encode().hex() * 8)[:64]


def _row(true: int, n: int, pictures: int, skill: float, random: np.random.Generator) -> list[int]:
    """Return a row of a confusion matrix; a class is confused with its neighbours most."""
    weights = np.exp(-np.abs(np.arange(n) - true) / 1.5)
    weights[true] = 0.0
    return [
        int(count)
        for count in random.multinomial(
            pictures, np.where(np.arange(n) == true, skill, (1 - skill) * weights / weights.sum())
        )
    ]


def _reliability(test: int, random: np.random.Generator) -> list[dict[str, Any]]:
    counts = random.multinomial(test, np.array([0, 0, 0, 1, 2, 2, 3, 5, 12, 75]) / 100)
    bins = []
    for i, count in enumerate(counts):
        said = (i + 0.55) / 10
        accuracy = interval(min(1.0, max(0.0, said + float(random.normal(0, 0.04)))), int(count)) if count else None
        bins.append(
            {
                "low": i / 10,
                "high": (i + 1) / 10,
                "pictures": int(count),
                "confidence": said if count else None,
                "accuracy": accuracy,
            }
        )
    return bins


def _training(converged: bool, random: np.random.Generator) -> dict[str, Any]:
    epochs = 12 if converged else 30
    rate = 0.5 if converged else 0.07
    history = [
        {
            "epoch": e,
            "loss": float(2.2 * np.exp(-rate * e) + 0.03),
            "accuracy": float(1 - 0.85 * np.exp(-rate * e)),
            "val_loss": float(2.2 * np.exp(-rate * e) + 0.2 + random.normal(0, 0.03)),
            "val_accuracy": float(0.95 - 0.8 * np.exp(-rate * e) + random.normal(0, 0.01)),
            "learning_rate": 0.001,
            "seconds": 4.8,
        }
        for e in range(1, epochs + 1)
    ]
    return {
        "history": history,
        "epochs_planned": 12 if converged else 60,
        "epochs_run": epochs,
        "best_epoch": epochs - 1,
        "stopped": "schedule" if converged else "budget",
        "converged": converged,
        "sentence": "the loss on val had levelled off when its schedule ended."
        if converged
        else "training was still getting better when its time was up; give it a larger --budget.",
    }


def _pairs(
    entries: list[dict[str, Any]], winner: dict[str, Any], test: int, random: np.random.Generator
) -> list[dict[str, Any]]:
    others = [entry for entry in entries if entry is not winner]
    pairs = [_pair(winner, other, "confirmatory", test) for other in others]
    return pairs + [_pair(a, b, "exploratory", test) for i, a in enumerate(others) for b in others[i + 1 :]]


def _pair(a: dict[str, Any], b: dict[str, Any], kind: str, test: int) -> dict[str, Any]:
    value = a["test"]["accuracy"]["value"] - b["test"]["accuracy"]["value"]
    half = 0.02 + 0.9 * abs(value) ** 0.5 / test**0.5
    p_value = float(np.exp(-((abs(value) / half) ** 2) * 2))
    return {
        "a": a["id"],
        "b": b["id"],
        "kind": kind,
        "difference": {"value": value, "low": value - half, "high": value + half},
        "p_value": p_value,
        "p_holm": min(1.0, 3 * p_value) if kind == "confirmatory" else None,
        "test": "mcnemar",
        "only_a": 12,
        "only_b": 3,
    }


def _curve(entries: list[dict[str, Any]], random: np.random.Generator) -> dict[str, Any]:
    sizes = [1, 2, 5, 10, 20, 45]
    of = []
    for entry in (
        entry for entry in entries if entry["name"] in ("scratch", "frozen+logistic", "handcrafted+svm", "frozen+svm")
    ):
        end = entry["test"]["accuracy"]["value"]
        curve = [end - (0.5 if entry["transfers"] else 0.45) * size**-0.7 for size in sizes]
        each = [
            [float(np.clip(a + random.normal(0, 0.25 / (5 + size)), 0, 1)) for _ in range(5)]
            for a, size in zip(curve, sizes, strict=True)
        ]
        of.append(
            {
                "id": entry["id"],
                "points": [
                    {"per_class": size, "pictures": 10 * size, "accuracy": float(np.mean(e)), "each": e}
                    for size, e in zip(sizes, each, strict=True)
                ],
                "law": {"limit": 0.99, "scale": 0.6, "exponent": 0.5},
                "predicted": [
                    {
                        "times": t,
                        "per_class": 45 * t,
                        "accuracy": min(0.995, end + 0.01 * t),
                        "low": end - 0.01,
                        "high": min(1.0, end + 0.025 * t),
                    }
                    for t in (2, 4)
                ],
                "checked": None,
            }
        )
    return {"draws": 5, "per_class": sizes, "of": of, "statements": []}


def _seeing(winner: dict[str, Any], classes: Sequence[str], test: int, random: np.random.Generator) -> dict[str, Any]:
    numbers = iter(range(1, 400))

    def shot() -> str:
        return f"pictures/{next(numbers):04}.jpg"

    n = len(classes)
    name = [f"{classes[i % n]}/image_{i:04}.jpg" for i in range(140)]
    points = []
    for i in range(5 * test):
        label = i % n
        angle = 2 * np.pi * label / n
        x, y = (
            0.5 + 0.36 * np.cos(angle) + random.normal(0, 0.035),
            0.5 + 0.36 * np.sin(angle) + random.normal(0, 0.035),
        )
        predicted = (label + 1) % n if random.random() < 0.03 else label
        points.append([round(float(np.clip(x, 0, 1)), 4), round(float(np.clip(y, 0, 1)), 4), label, predicted, i % 3])
    return {
        "of": winner["id"],
        "confusion_order": list(range(n))[::-1],
        "mistakes": [
            {
                "path": name[i],
                "label": classes[i % n],
                "predicted": classes[(i + 1) % n],
                "probability": 0.998 - 0.02 * i,
                "picture": shot(),
            }
            for i in range(24)
        ],
        "mistakes_count": 31,
        "suspects": {
            "on": "efficientnet_lite0",
            "folds": 5,
            "checked": 4 * test,
            "found": 100,
            "items": [
                {
                    "path": name[i],
                    "side": ("train", "train", "val")[i % 3],
                    "label": classes[i % n],
                    "suggested": classes[(i + 1) % n],
                    "probability": 0.99 - 0.005 * i,
                    "own_probability": 0.001,
                    "picture": shot(),
                }
                for i in range(100)
            ],
            "test": [{"path": name[i], "label": classes[i % n], "picture": shot()} for i in range(24)],
            "test_count": 41,
        },
        "attention": {
            "of": winner["id"],
            "method": "cam",
            "items": [
                {
                    "path": name[i],
                    "label": classes[i % n],
                    "predicted": classes[(i + i // 6) % n],
                    "probability": 0.97,
                    "hit": i < 6,
                    "picture": shot(),
                    "overlay": shot(),
                }
                for i in range(12)
            ],
        },
        "map": {
            "of": "efficientnet_lite0",
            "method": "t-sne",
            "points": points,
            "paths": [name[i % 140] for i in range(5 * test)],
        },
        "layers": {
            "of": "efficientnet_lite0",
            "path": name[0],
            "picture": shot(),
            "items": [
                {"layer": layer, "shape": [side, side, channels], "pictures": [shot() for _ in range(16)]}
                for layer, side, channels in (("stem", 112, 32), ("blocks_0", 112, 16), ("blocks_2", 56, 24))
            ],
        },
    }
