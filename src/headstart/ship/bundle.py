"""A model on disk: ``manifest.json`` and ``weights.safetensors``, data only. Read, checked, and then used."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.split import Split, write_split
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.features.recipe import COMBINATIONS, MOST_SIZES, Recipe
from headstart.folders import folder_in_place_of
from headstart.learn.heads import DenseHead, Head, head_from
from headstart.manifests import MANIFEST, MODEL, WEIGHTS, checked_file, read_manifest, write_manifest
from headstart.networks.backbones import Backbone, Preprocessing, backbone
from headstart.networks.converted import PRECISIONS
from headstart.networks.cuts import cut_of, sized
from headstart.networks.weight_files import BACKBONE_PREFIX, write_tensors

RESULTS, SPLIT, PREDICTIONS = "run/results.json", "run/split.json", "run/predictions.csv"
CARD = "README.md"
FILES = (MANIFEST, WEIGHTS, CARD, RESULTS, SPLIT, PREDICTIONS)
"""What headstart writes into a model folder."""

HEAD_PREFIX = "head/"


@dataclass(frozen=True)
class Bundle:
    """A fitted classifier with everything that prediction needs.

    ``precision`` and ``calibration`` are what its features were computed in, see
    `headstart.networks.converted.ConvertedNetwork`. ``facts`` is the rest of the manifest: versions, data hash,
    settings, test figures.
    """

    classes: tuple[str, ...]
    backbone: Backbone
    recipe: Recipe
    precision: str
    calibration: str
    backbone_arrays: dict[str, NDArray[Any]]
    head: Head
    facts: dict[str, Any]


@dataclass(frozen=True)
class HeldOutPrediction:
    """What an approach said of one test picture; ``probability`` is that of the predicted class."""

    path: str
    label: str
    approach: str
    predicted: str
    probability: float


def write_bundle(
    out: Path,
    bundle: Bundle,
    results: dict[str, Any],
    split: Split,
    predictions: Sequence[HeldOutPrediction],
    *,
    card: str,
) -> None:
    """Write the model folder ``out`` in one step: with its ``card``, and the run's results, split and predictions."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(out) as partial:
        (partial / RESULTS).parent.mkdir()
        write_document(results, partial / RESULTS)
        write_split(split, partial / SPLIT)
        write_predictions(predictions, partial / PREDICTIONS)
        (partial / CARD).write_text(card, encoding="utf-8")
        _write_model(partial, bundle)


def write_model(out: Path, bundle: Bundle) -> None:
    """Write what prediction needs, and no more, as the folder ``out`` in one step."""
    with folder_in_place_of(out) as partial:
        _write_model(partial, bundle)


def _write_model(folder: Path, bundle: Bundle) -> None:
    tensors = {f"{BACKBONE_PREFIX}{name}": array for name, array in bundle.backbone_arrays.items()}
    tensors |= {f"{HEAD_PREFIX}{name}": np.ascontiguousarray(a) for name, a in bundle.head.tensors().items()}
    write_tensors(tensors, folder / WEIGHTS)
    entries = {
        "classes": list(bundle.classes),
        "backbone": bundle.backbone.name,
        "features": {**bundle.recipe.document(), "dimension": bundle.head.dimension},
        "preprocessing": _plain(bundle.backbone.preprocessing),
        "precision": bundle.precision,
        "calibration": bundle.calibration,
        "head": bundle.head.kind,
        **bundle.facts,
    }
    write_manifest(folder, MODEL, entries, (WEIGHTS,))


def write_predictions(predictions: Iterable[HeldOutPrediction], path: Path) -> None:
    """Write what was said of test pictures as a CSV file."""
    # A name that is no Unicode is written as the bytes it has.
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f.name for f in fields(HeldOutPrediction)])
        writer.writerows(astuple(p) for p in predictions)


def read_predictions(path: Path) -> list[HeldOutPrediction]:
    """Return what the file ``path`` says of test pictures."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return [
            HeldOutPrediction(row["path"], row["label"], row["approach"], row["predicted"], float(row["probability"]))
            for row in csv.DictReader(stream)
        ]


def read_bundle(path: Path) -> Bundle:
    """Return the model in the folder ``path``.

    Raises
    ------
    UserError
        If it is no such folder, or incomplete, altered, or of another format.
    """
    manifest = read_manifest(path, MODEL)
    try:
        return _bundle(path, manifest)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}; train again or fetch the model again.") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{path} is refused: {MANIFEST} lacks or spoils {error}; train again.") from None


def _bundle(path: Path, manifest: dict[str, Any]) -> Bundle:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = checked_file(path, WEIGHTS, manifest)
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise UserError(f"{WEIGHTS} can't be read ({error})") from None
    record = _record(manifest["backbone"])
    if manifest["preprocessing"] != _plain(record.preprocessing):
        raise UserError(f"it was trained with another preprocessing than this headstart's {record.name} has")
    recipe, dimension = _recipe(record, manifest["features"])
    if manifest["precision"] not in PRECISIONS:
        raise UserError(f"this headstart doesn't know its precision {manifest['precision']!r}")
    if not isinstance(manifest["classes"], list):
        raise UserError("its classes aren't a list")
    classes = tuple(str(name) for name in manifest["classes"])
    kind = manifest.get("head", DenseHead.kind)  # the only kind there was before manifests named it
    head = head_from(kind, _under(HEAD_PREFIX, tensors), dimension, len(classes))
    own = {"classes", "backbone", "features", "preprocessing", "precision", "calibration", "head", "files"}
    return Bundle(
        classes=classes,
        backbone=record,
        recipe=recipe,
        precision=manifest["precision"],
        calibration=str(manifest["calibration"]),
        backbone_arrays=_under(BACKBONE_PREFIX, tensors),
        head=head,
        facts={name: value for name, value in manifest.items() if name not in own | {"manifest_sha256"}},
    )


def _record(name: object) -> Backbone:
    try:
        return backbone(str(name))
    except UserError:
        raise UserError(f"this headstart doesn't know its backbone {name!r}") from None


def _recipe(record: Backbone, entry: dict[str, Any]) -> tuple[Recipe, int]:
    """Return how features are made, checked, and how many numbers a vector has."""
    recipe = Recipe(
        layer=str(entry["layer"]),
        fit=str(entry["fit"]),
        sizes=tuple(int(size) for size in entry["sizes"]),
        flip=bool(entry["flip"]),
        combine=str(entry["combine"]),
        l2=bool(entry["l2"]),
    )
    dimension = int(entry["dimension"])
    # What it was taken for must be what is written there: 1.5 is no size, and "no" isn't False.
    is_as_written = recipe.document() | {"dimension": dimension} == entry
    is_odd = cut_of(record, recipe.layer).is_map or recipe.combine not in COMBINATIONS
    if is_odd or not is_as_written or not 0 < len(set(recipe.sizes)) == len(recipe.sizes) <= MOST_SIZES:
        raise UserError("its features are made in a way that this headstart doesn't know")
    for size in recipe.sizes:
        sized(record, size, recipe.layer)
    recipe.looks()  # the fit is one of those that there are
    return recipe, dimension


def _plain(preprocessing: Preprocessing) -> dict[str, Any]:
    return {"channels": preprocessing.channels, "mean": list(preprocessing.mean), "std": list(preprocessing.std)}


def _under(prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
