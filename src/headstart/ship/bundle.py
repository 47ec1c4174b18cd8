"""A model on disk: ``manifest.json`` and ``weights.safetensors``, data only. Read, checked, and then used."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import FITS
from headstart.data.split import Split, write_split
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.features.recipe import COMBINATIONS, MOST_SIZES, Recipe
from headstart.folders import folder_in_place_of
from headstart.learn.heads import DenseHead, Head, head_from
from headstart.manifests import MANIFEST, MODEL, WEIGHTS, checked_file, read_manifest, write_manifest
from headstart.manifests.fields import (
    LONGEST_CLASS,
    MOST_CLASSES,
    Field,
    check_fields,
    is_classes,
    is_count,
    is_digest,
    is_flag,
    is_interval,
    is_list_of,
    is_name,
    is_object,
    is_object_of,
    is_text,
)
from headstart.manifests.strangers import brief
from headstart.networks.backbones import Backbone, Preprocessing, backbone
from headstart.networks.converted import PRECISIONS
from headstart.networks.cuts import cut_of, sized
from headstart.networks.tensor_files import check_arrays, check_room, most_parameters, tensors_in
from headstart.networks.weight_files import BACKBONE_PREFIX, write_tensors
from headstart.ship.neighbours import NEIGHBOURS, Neighbours, write_neighbours

RESULTS, SPLIT, PREDICTIONS = "run/results.json", "run/split.json", "run/predictions.csv"
CARD = "README.md"
FILES = (MANIFEST, WEIGHTS, NEIGHBOURS, CARD, RESULTS, SPLIT, PREDICTIONS)
"""What headstart writes into a model folder."""

HEAD_PREFIX = "head/"

_MOST_HEAD_BYTES = 2**32
"""A million neighbours of 1,280 numbers take 2.6 GB; what claims more than this isn't read."""

_FEATURES = {
    "layer": Field("a layer's name", is_name),
    "fit": Field("a name", is_name),
    "sizes": Field(f"a list of at most {MOST_SIZES} sizes", is_list_of(is_count, MOST_SIZES)),
    "flip": Field("true or false", is_flag),
    "combine": Field("a name", is_name),
    "l2": Field("true or false", is_flag),
    "dimension": Field("a length", is_count),
}

_RECIPE = _FEATURES.keys() - {"dimension"}

_WEIGHTS = {
    "kind": Field("a name", is_name, optional=True),
    "name": Field("a text", is_text, optional=True),
    "content_sha256": Field("a digest", is_digest, optional=True),
}
_FIGURES = {"accuracy": Field("a figure with its interval", is_interval, optional=True)}

FIELDS = {
    "classes": Field(
        f"a list of 2 to {MOST_CLASSES:,} different names of at most {LONGEST_CLASS:,} characters", is_classes
    ),
    "backbone": Field("a name", is_name),
    "features": Field("an object", is_object),
    "preprocessing": Field("an object", is_object),
    "precision": Field("a name", is_name),
    "calibration": Field("a text", is_text),
    "head": Field("a name", is_name, optional=True),
    "approach": Field("a name", is_name, optional=True),
    "weights": Field("where the weights came from", is_object_of(_WEIGHTS), optional=True),
    "decoder": Field("a name", is_name, optional=True),
    "dataset_sha256": Field("a digest", is_digest, optional=True),
    "test": Field("an object of figures", is_object_of(_FIGURES), optional=True),
    "warnings": Field("a list of sentences", is_list_of(is_text, 10_000), optional=True),
    "settings": Field("an object", is_object, optional=True),
    "environment": Field("an object", is_object, optional=True),
}
"""What the manifest of a model says, beside what that of every folder does; what else is there is ignored."""

_NO_FACTS = {
    *("classes", "backbone", "features", "preprocessing", "precision", "calibration", "head"),
    *("files", "manifest_sha256"),
}


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
    neighbours: Neighbours | None = None,
) -> None:
    """Write the model folder ``out`` in one step: with its ``card``, and the run's results, split and predictions.

    ``neighbours`` are the training pictures that it is to carry, if any.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(out) as partial:
        (partial / RESULTS).parent.mkdir()
        write_document(results, partial / RESULTS)
        write_split(split, partial / SPLIT)
        write_predictions(predictions, partial / PREDICTIONS)
        (partial / CARD).write_text(card, encoding="utf-8")
        _write_model(partial, bundle, neighbours)


def write_model(out: Path, bundle: Bundle) -> None:
    """Write what prediction needs, and no more, as the folder ``out`` in one step."""
    with folder_in_place_of(out) as partial:
        _write_model(partial, bundle)


def _write_model(folder: Path, bundle: Bundle, neighbours: Neighbours | None = None) -> None:
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
    if neighbours:
        write_neighbours(neighbours, folder)
    write_manifest(folder, MODEL, entries, (WEIGHTS, NEIGHBOURS) if neighbours else (WEIGHTS,))


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
        raise UserError(f"{path} is refused: {str(error).rstrip('.')}; {MODEL.way_out}.") from None


def _bundle(path: Path, manifest: dict[str, Any]) -> Bundle:
    check_fields(manifest, FIELDS)
    if odd := set(manifest["files"]) - {WEIGHTS, NEIGHBOURS}:
        raise UserError(f"it has a file that this headstart doesn't know ({brief(min(odd))})")
    record = _record(manifest["backbone"])
    if manifest["preprocessing"] != _plain(record.preprocessing):
        raise UserError(f"it was trained with another preprocessing than this headstart's {record.name} has")
    recipe, dimension = _recipe(record, manifest["features"])
    if manifest["precision"] not in PRECISIONS:
        raise UserError(f"this headstart doesn't know its precision {brief(manifest['precision'])}")
    if not record.builder and "content_sha256" not in manifest.get("weights", {}):
        raise UserError(f"it doesn't say by which version of {record.name} features it was trained")
    parameters = most_parameters(record, recipe.layer)
    data = checked_file(path, WEIGHTS, manifest, 4 * parameters + _MOST_HEAD_BYTES)
    tensors = tensors_in(data, WEIGHTS)
    if foreign := [name for name in tensors if not name.startswith((BACKBONE_PREFIX, HEAD_PREFIX))]:
        raise UserError(f"{WEIGHTS} holds an array that is of no network and no head ({brief(min(foreign))})")
    arrays = _under(BACKBONE_PREFIX, tensors)
    check_arrays(arrays, record, recipe.layer)
    kind = manifest.get("head", DenseHead.kind)  # the only kind there was before manifests named it
    return Bundle(
        classes=tuple(manifest["classes"]),
        backbone=record,
        recipe=recipe,
        precision=manifest["precision"],
        calibration=manifest["calibration"],
        backbone_arrays=arrays,
        head=head_from(kind, _under(HEAD_PREFIX, tensors), dimension, len(manifest["classes"])),
        facts={name: value for name, value in manifest.items() if name not in _NO_FACTS},
    )


def _record(name: str) -> Backbone:
    try:
        return backbone(name)
    except UserError:
        raise UserError(f"this headstart doesn't know its backbone {brief(name)}") from None


def _recipe(record: Backbone, entry: dict[str, Any]) -> tuple[Recipe, int]:
    """Return how features are made, checked, and how many numbers a vector has."""
    check_fields(entry, _FEATURES)
    dimension = entry["dimension"]
    recipe = Recipe(**{name: value for name, value in entry.items() if name in _RECIPE} | {"sizes": (*entry["sizes"],)})
    is_odd = cut_of(record, recipe.layer).is_map or recipe.combine not in COMBINATIONS or recipe.fit not in FITS
    # Here nothing may be added: another way to make features would be left out in silence.
    if is_odd or entry.keys() != _FEATURES.keys() or not 0 < len(set(recipe.sizes)) == len(recipe.sizes):
        raise UserError("its features are made in a way that this headstart doesn't know")
    for size in recipe.sizes:
        check_room(sized(record, size, recipe.layer), size)
    return recipe, dimension


def _plain(preprocessing: Preprocessing) -> dict[str, Any]:
    return {"channels": preprocessing.channels, "mean": list(preprocessing.mean), "std": list(preprocessing.std)}


def _under(prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
