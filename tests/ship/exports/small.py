"""Small models with heads of every kind, made in a moment, and pictures that they tell apart."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.child import run
from headstart.data.views import WHOLE
from headstart.features.recipe import Recipe, brought_together
from headstart.folders import scratch_folder
from headstart.learn.heads import DenseHead, Head, KernelHead, NeighboursHead
from headstart.learn.sklearn_trees import grown_tree, trees_head_of
from headstart.networks.backbones import backbone
from headstart.progress import silent
from headstart.ship.bundle import Bundle, write_model

BLOCKS, WIDTH = 2, 4
SIZES = (20, 32)
PLAIN = Recipe("avg_pool", "squash", (32,))
SEVERAL = replace(PLAIN, layer="block1_pool:max+avg_pool")
RECIPES = {
    "plain": PLAIN,
    "flip": replace(PLAIN, flip=True),
    "two sizes side by side": replace(PLAIN, sizes=SIZES),
    "two sizes averaged": replace(PLAIN, sizes=SIZES, combine="average"),
    "length 1": replace(PLAIN, l2=True),
    "several layers": SEVERAL,
    "everything": replace(SEVERAL, fit="pad", sizes=SIZES, flip=True, l2=True),
    "everything averaged": replace(SEVERAL, sizes=SIZES[::-1], flip=True, combine="average", l2=True),
}


CLASSES = ("ant", "bee", "white cow")
MODELS = {name: (recipe, "dense") for name, recipe in RECIPES.items()} | {
    f"everything, {head}": (RECIPES["everything"], head)
    for head in ("two dense layers", "kernel", "neighbours", "forest")
}
"""Recipe and head of the models that tests share."""

OF_EACH_KIND = tuple(name for name in MODELS if name.startswith("everything, "))

IN_LITERT = tuple(f"everything, {head}" for head in ("kernel", "neighbours", "forest"))
IN_SAVED_MODELS = ("everything, neighbours", "everything, forest")
"""TensorFlow takes its time, so not all of them are written there."""


@dataclass(frozen=True)
class Model:
    """A model, where it lies, and what it says of `PIXELS` in numpy, ``(n, n_classes)``."""

    bundle: Bundle
    place: Path
    probabilities: NDArray[np.float32]


@functools.cache
def models_once(place: Path) -> dict[str, Model]:
    """Return the models that tests share, made by the first that asks; nobody may change them."""
    folder = place / "exported models"
    folder.mkdir()
    vectors = _vectors(folder)
    made = {}
    for name, (recipe, head_name) in MODELS.items():
        rows = {look: vectors[f"{recipe.layer} {look.size} {look.view}"] for look in recipe.looks()}
        features = brought_together(recipe, rows, lengths(recipe), WHOLE)
        head = heads(features, len(CLASSES))[head_name]
        bundle = small_bundle(recipe, head, CLASSES)
        write_model(folder / name, bundle)
        made[name] = Model(bundle, folder / name, head.predict_proba(features))
    return made


def _vectors(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return what the network alone makes of each look at the pictures."""
    places = []
    for number, recipe in enumerate((PLAIN, SEVERAL)):
        both = replace(recipe, sizes=SIZES)
        nothing = np.zeros((both.dimension(lengths(both)), len(CLASSES)), np.float32)
        places.append(folder / str(number))
        write_model(places[-1], small_bundle(both, DenseHead(((nothing, nothing[0]),)), CLASSES))
    return computed("openvino", PIXELS, networks=[str(place) for place in places])


@functools.cache
def written_with_tensorflow(place: Path) -> Path:
    """Return a folder of the files that TensorFlow writes, ``FORMAT PRECISION/MODEL/``, all by one child process."""
    models, folder = models_once(place), place / "with tensorflow"
    wanted = [("litert", "f32", name) for name in IN_LITERT]
    wanted += [("litert", precision, "everything, two dense layers") for precision in ("f16", "int8")]
    wanted += [("saved-model", "f32", name) for name in IN_SAVED_MODELS]
    wanted.append(("keras", "f32", "everything, two dense layers"))
    write(models, wanted, "tensorflow", folder)
    return folder


def write(models: Mapping[str, Model], wanted: Iterable[tuple[str, str, str]], backend: str, folder: Path) -> None:
    """Write models, named by format, precision and name, into ``folder``."""
    writes = []
    for form, precision, name in wanted:
        to = folder / f"{form} {precision}" / name
        to.mkdir(parents=True)
        writes.append([str(models[name].place), form, precision, str(to)])
    computed(backend, PIXELS, writes=writes)


def lengths(recipe: Recipe) -> list[int]:
    """Return how many numbers come from each layer of the recipe."""
    return [WIDTH, 2 * WIDTH] if recipe.layer == SEVERAL.layer else [2 * WIDTH]


def squares(size: int, count: int = 40, seed: int = 0) -> NDArray[np.uint8]:
    """Return pictures, ``(count, size, size, 3)``: each of a colour of its own, brighter on one side, with noise."""
    random = np.random.default_rng(seed)
    colour = random.uniform(0, 255, (count, 1, 1, 3))
    slope = random.uniform(-120, 120, (count, 1, 1, 1)) * np.linspace(-1, 1, size)[:, np.newaxis]
    noise = random.normal(0, random.uniform(1, 60, (count, 1, 1, 1)), (count, size, size, 3))
    return np.clip(colour + slope + noise, 0, 255).astype(np.uint8)


PIXELS = {f"pixels_{size}": squares(size) for size in SIZES}


def heads(features: NDArray[np.float32], n_classes: int, seed: int = 0) -> dict[str, Head]:
    """Return a head of each kind for features like these, ``(n, dimension)``, by name."""
    random = np.random.default_rng(seed)
    dimension = features.shape[1]
    mean, std = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    many = (features[random.integers(len(features), size=90)] + random.normal(0, std, (90, dimension))).astype(
        np.float32
    )
    labels = np.resize(np.arange(n_classes, dtype=np.int32), len(many))
    unit = (many - mean) / std
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    prior = random.dirichlet(np.full(n_classes, 5.0)).astype(np.float32)

    def floats(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    def neighbours(k: int, power: float, rows: int) -> NeighboursHead:
        settings = np.array([k, power, 0.01, 0.8], np.float32)
        votes = random.uniform(0.5, 2, rows).astype(np.float32)
        return NeighboursHead(mean, std, unit[:rows].astype(np.float16), labels[:rows], votes, prior, settings)

    scaled = floats(dimension, n_classes) / std[:, np.newaxis]
    return {
        "dense": DenseHead(((scaled, floats(n_classes) - mean @ scaled),)),
        "two dense layers": DenseHead(((scaled, -mean @ scaled), (floats(n_classes, n_classes), floats(n_classes)))),
        "kernel": KernelHead(mean, std, unit, floats(90, n_classes), floats(n_classes), np.array([0.7], np.float32)),
        "neighbours": neighbours(5, 2, 90),
        "as many neighbours as rows": neighbours(7, 1, 7),
        "tree": _trees(many, labels, prior, 1, deepest=3).cooled(1.3),
        "forest": _trees(many, labels, prior, 40, deepest=None).cooled(0.7),
    }


def _trees(features: Any, labels: Any, prior: Any, count: int, *, deepest: int | None) -> Any:
    """Return extremely randomised trees as a head; leaves of those not grown to the end have several classes."""
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(count, max_depth=deepest, random_state=0).fit(features, labels)
    trees = [grown_tree(each.tree_, forest.classes_) for each in forest.estimators_]
    return trees_head_of(trees, prior, features.shape[1], smoothing=0.5)


def small_bundle(recipe: Recipe, head: Head, classes: Sequence[str]) -> Bundle:
    """Return a model whose network has random weights."""
    random = np.random.default_rng(1)
    arrays, channels = {}, 3
    for block in range(1, BLOCKS + 1):
        filters = WIDTH * 2 ** (block - 1)
        for number in (1, 2):
            name = f"block{block}_conv{number}"
            kernel = random.normal(0, np.sqrt(2 / (9 * channels)), (3, 3, channels, filters))
            arrays[f"{name}/kernel"] = kernel.astype(np.float32)
            for leaf in ("gamma", "moving_variance", "beta", "moving_mean"):
                numbers = (
                    random.uniform(0.5, 1.5, filters)
                    if leaf in ("gamma", "moving_variance")
                    else random.normal(0, 0.3, filters)
                )
                arrays[f"{name}_bn/{leaf}"] = numbers.astype(np.float32)
            channels = filters
    record = backbone(f"small_vgg{BLOCKS}x{WIDTH}")
    return Bundle(tuple(classes), record, recipe, "f32", "", arrays, head, {})


def written(folder: Path, models: Mapping[str, Bundle]) -> dict[str, Path]:
    """Write each model as a folder and return where it is."""
    places = {name: folder / name for name in models}
    for name, bundle in models.items():
        write_model(places[name], bundle)
    return places


def computed(backend: str, arrays: Mapping[str, NDArray[Any]], **job: Any) -> dict[str, NDArray[Any]]:
    """Return what ``tests/children/in_keras.py`` finds under ``backend``."""
    children = Path(__file__).parents[2] / "children"
    with scratch_folder() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(children), prepend=os.pathsep)
        np.savez(scratch / "arrays.npz", allow_pickle=False, **dict(arrays))
        run("in_keras", {"arrays": str(scratch / "arrays.npz"), **job}, scratch, backend, silent)
        with np.load(scratch / "found.npz", allow_pickle=False) as file:
            return dict(file)
