"""A model on disk: ``manifest.json`` and ``weights.safetensors``, data only. Read, checked, and then used."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import __version__
from headstart.data.split import Split, write_split
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.features.recipe import COMBINATIONS, MOST_SIZES, Recipe
from headstart.folders import file_digest, folder_in_place_of
from headstart.learn.heads import DenseHead, head_from
from headstart.networks.backbones import BACKBONES, Backbone, Preprocessing
from headstart.networks.converted import PRECISIONS
from headstart.networks.cuts import cut_of, sized
from headstart.networks.weight_files import BACKBONE_PREFIX, write_tensors

FORMAT = 1
MANIFEST, WEIGHTS, RESULTS, SPLIT = (
    "manifest.json",
    "weights.safetensors",
    "run/results.json",
    "run/split.json",
)
PREDICTIONS = "run/predictions.csv"
FILES = (MANIFEST, WEIGHTS, RESULTS, SPLIT, PREDICTIONS)
"""What headstart writes into a model folder."""

HEAD_PREFIX = "head/"
_MAX_MANIFEST_BYTES = 64 * 2**20


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
    head: DenseHead
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
    out: Path, bundle: Bundle, results: dict[str, Any], split: Split, predictions: Sequence[HeldOutPrediction]
) -> None:
    """Write the model folder ``out`` in one step, with the run's results, split and test predictions inside."""
    tensors = {f"{BACKBONE_PREFIX}{name}": array for name, array in bundle.backbone_arrays.items()}
    tensors |= {f"{HEAD_PREFIX}{name}": np.ascontiguousarray(a) for name, a in bundle.head.tensors().items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(out) as partial:
        write_tensors(tensors, partial / WEIGHTS)
        (partial / RESULTS).parent.mkdir()
        write_document(results, partial / RESULTS)
        write_split(split, partial / SPLIT)
        _write_predictions(predictions, partial / PREDICTIONS)
        manifest = {
            "format": FORMAT,
            "kind": "classifier",
            "headstart": __version__,
            "classes": list(bundle.classes),
            "backbone": bundle.backbone.name,
            "features": {**bundle.recipe.document(), "dimension": bundle.head.dimension},
            "preprocessing": _plain(bundle.backbone.preprocessing),
            "precision": bundle.precision,
            "calibration": bundle.calibration,
            **bundle.facts,
            "files": {WEIGHTS: {"bytes": (partial / WEIGHTS).stat().st_size, "sha256": file_digest(partial / WEIGHTS)}},
        }
        manifest["manifest_sha256"] = _self_digest(manifest)
        write_document(manifest, partial / MANIFEST)


def _write_predictions(predictions: Sequence[HeldOutPrediction], path: Path) -> None:
    # A name that is no Unicode is written as the bytes it has.
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f.name for f in fields(HeldOutPrediction)])
        writer.writerows(astuple(p) for p in predictions)


def read_predictions(model: Path) -> dict[str, HeldOutPrediction]:
    """Return the test predictions in the model folder ``model`` by picture path."""
    with (model / PREDICTIONS).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        rows = [
            HeldOutPrediction(row["path"], row["label"], row["approach"], row["predicted"], float(row["probability"]))
            for row in csv.DictReader(stream)
        ]
    return {row.path: row for row in rows}


def read_bundle(path: Path) -> Bundle:
    """Return the model in the folder ``path``.

    Raises
    ------
    UserError
        If it is no such folder, or incomplete, altered, or of another format.
    """
    if not path.exists():
        raise UserError(f"{path} doesn't exist; name a model folder that `headstart train` wrote.")
    if not (path / MANIFEST).is_file():
        raise UserError(f"{path} is not a model folder (no {MANIFEST}); name one that `headstart train` wrote.")
    manifest = _manifest(path)
    if manifest.get("format") != FORMAT:
        raise UserError(
            f"{path} has format {manifest.get('format')!r}; this headstart ({__version__}) reads format {FORMAT}. "
            "Use the headstart that wrote it, or train again."
        )
    if manifest.get("manifest_sha256") != _self_digest(manifest):
        raise UserError(f"{path}: {MANIFEST} was altered after it was written; train again or fetch the model again.")
    try:
        return _bundle(path, manifest)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}; train again or fetch the model again.") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{path} is refused: {MANIFEST} lacks or spoils {error}; train again.") from None


def _manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    if file.stat().st_size > _MAX_MANIFEST_BYTES:
        raise UserError(f"{file} is larger than any manifest; fetch the model again.")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UserError(f"{file} can't be read as JSON; fetch the model again.") from None
    if not isinstance(manifest, dict):
        raise UserError(f"{file} isn't a manifest; fetch the model again.")
    return manifest


def _bundle(path: Path, manifest: dict[str, Any]) -> Bundle:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = path / WEIGHTS
    if not file.is_file():
        raise UserError(f"{WEIGHTS} is missing")
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != manifest["files"][WEIGHTS]["sha256"]:
        raise UserError(f"{WEIGHTS} isn't the file that the manifest lists (altered or half copied)")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise UserError(f"{WEIGHTS} can't be read ({error})") from None
    if manifest["backbone"] not in BACKBONES:
        raise UserError(f"this headstart doesn't know its backbone {manifest['backbone']!r}")
    record = BACKBONES[manifest["backbone"]]
    if manifest["preprocessing"] != _plain(record.preprocessing):
        raise UserError(f"it was trained with another preprocessing than this headstart's {record.name} has")
    recipe, dimension = _recipe(record, manifest["features"])
    if manifest["precision"] not in PRECISIONS:
        raise UserError(f"this headstart doesn't know its precision {manifest['precision']!r}")
    if not isinstance(manifest["classes"], list):
        raise UserError("its classes aren't a list")
    classes = tuple(str(name) for name in manifest["classes"])
    head = head_from(_under(HEAD_PREFIX, tensors), dimension, len(classes))
    own = {"classes", "backbone", "features", "preprocessing", "precision", "calibration", "files", "manifest_sha256"}
    return Bundle(
        classes=classes,
        backbone=record,
        recipe=recipe,
        precision=manifest["precision"],
        calibration=str(manifest["calibration"]),
        backbone_arrays=_under(BACKBONE_PREFIX, tensors),
        head=head,
        facts={name: value for name, value in manifest.items() if name not in own},
    )


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


def _self_digest(manifest: dict[str, Any]) -> str:
    """Return the digest of the manifest without its own digest."""
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
