"""The demo's two tables and what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.data.decode import Geometry, pixels_from
from headstart.data.records import Dataset
from headstart.documents import write_document
from headstart.features.handcrafted import SIDE, whole_vector
from headstart.folders import check_out, folder_in_place_of, scratch_folder
from headstart.jobs.demo.digits import PER_CLASS
from headstart.jobs.demo.photos import cut_patches, patch_names, photo_files
from headstart.jobs.pictures import pictures_of
from headstart.jobs.train import run_train
from headstart.judge.intervals import wilson
from headstart.judge.pairs import mcnemar_p_value
from headstart.learn.heads import Floats
from headstart.learn.logistic import fit_logistic
from headstart.learn.rows import rows_of
from headstart.networks.keras_backend import training_backend
from headstart.progress import Entered, Listener, Said, silent
from headstart.settings import DemoSettings, TrainSettings
from headstart.ship.bundle import FILES as MODEL_FILES
from headstart.ship.bundle import read_predictions

SEED = 0
_RAW_SIDE = 32

Right = NDArray[np.bool_]
"""Which test pictures an approach gets right, ``(n_pictures,)``."""


def run_demo(settings: DemoSettings, listen: Listener) -> dict[str, Any]:
    """Cut the photos, train, compare, and return the tables in words; leave pictures and a model in ``out``.

    Raises
    ------
    MissingError
        If scikit-image, which brings the photos, isn't installed.
    UserError
        If ``out`` holds something else.
    """
    photo_files()
    ours = ("demo.json", *(f"photos/{name}" for name in patch_names()), *(f"model/{name}" for name in MODEL_FILES))
    check_out(settings.out, None, ours, "demo.json")
    photos, model = settings.out / "photos", settings.out / "model"
    settings.out.mkdir(parents=True, exist_ok=True)
    write_document({"format": 1}, settings.out / "demo.json")
    with folder_in_place_of(photos) as partial:
        cut_patches(partial, SEED)
    results = run_train(TrainSettings(photos, out=model, seed=SEED), lambda event: _but_warnings(event, listen))
    document: dict[str, Any] = {"format": 1, "photos": _photos_table(photos, model, results, listen)}
    if training_backend() is None:
        listen(Said("The second half needs Keras with a backend that can train: pip install 'headstart[train]'."))
        document["digits"] = None
    else:
        document["digits"] = _digits_table(listen)
    write_document(document, settings.out / "demo.json")
    return document


def _but_warnings(event: object, listen: Listener) -> None:
    if not isinstance(event, Said):
        listen(event)  # type: ignore[arg-type]


def _photos_table(photos: Path, model: Path, results: dict[str, Any], listen: Listener) -> dict[str, Any]:
    with pictures_of(photos, listen) as pictures:
        dataset = pictures.dataset
    tested = [r for r in dataset.records if r.part == "test"]
    said = read_predictions(model)
    right = {
        "frozen EfficientNet-Lite0, ImageNet weights": np.array([said[r.path].predicted == r.label for r in tested])
    }
    listen(Entered("hand-crafted features"))
    right["hand-crafted: colour, texture, edges"] = _right(*_rows(dataset, SIDE, whole_vector))
    listen(Entered("raw pixels"))
    right["raw pixels"] = _right(*_rows(dataset, _RAW_SIDE, lambda pixels: pixels.ravel().astype(np.float32)))
    return {
        "pictures": results["split"],
        "classes": len(dataset.classes),
        "chance": results["approaches"][0]["test"]["chance"],
        **_table(right, "A head start"),
    }


def _rows(
    dataset: Dataset, side: int, vector: Callable[[NDArray[np.uint8]], Floats]
) -> tuple[Floats, NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Return the features and labels of the train and of the test pictures."""
    parts: list[Any] = []
    for part in ("train", "test"):
        records = [r for r in dataset.records if r.part == part]
        pictures = (pixels_from((dataset.folder / r.path).read_bytes(), Geometry(side)) for r in records)
        parts.append(np.stack([vector(pixels) for pixels in pictures]))
        parts.append(np.array([dataset.label_index(r) for r in records]))
    return parts[0], parts[1], parts[2], parts[3]


def _right(train: Floats, train_labels: NDArray[np.intp], test: Floats, test_labels: NDArray[np.intp]) -> Right:
    """Return which test pictures the demo's one classifier, fitted to ``train``, gets right."""
    head = fit_logistic(rows_of(train, train_labels, int(train_labels.max()) + 1, SEED), silent).head
    return np.asarray(head.predict_proba(test).argmax(axis=1) == test_labels)


def _digits_table(listen: Listener) -> dict[str, Any]:
    backend = training_backend()
    assert backend is not None  # noqa: S101 - the caller's condition
    with scratch_folder() as folder:
        facts = child.run("headstart.jobs.demo.digits", {"seed": SEED}, folder, backend, listen)
        with np.load(folder / "rows.npz", allow_pickle=False) as rows:
            data = dict(rows)
    train_labels, labels = data["train_labels"], data["test_labels"]
    right = {
        "small VGG pretrained on 0-4, frozen": _right(
            data["train_features"], train_labels, data["test_features"], labels
        ),
        "small VGG from scratch": data["scratch_proba"].argmax(axis=1) == labels,
        "raw pixels": _right(data["train_pixels"], train_labels, data["test_pixels"], labels),
    }
    return {
        **facts,
        "per_class": PER_CLASS,
        "test_pictures": len(labels),
        "chance": float(np.bincount(labels).max() / len(labels)),
        **_table(right, "Pretraining"),
    }


def _table(right: dict[str, Right], what: str) -> dict[str, Any]:
    """Return rows of accuracies with intervals, and sentences; the first of ``right`` is the one with transfer."""
    rows = [{"name": name, "accuracy": wilson(int(r.sum()), len(r)).document()} for name, r in right.items()]
    (_, transfer), *others = right.items()
    return {"rows": rows, "sentences": [sentence(what, transfer, name, other) for name, other in others]}


def sentence(what: str, transfer: Right, name: str, other: Right) -> str:
    """Return what a paired test on the same pictures allows to be said of transfer against ``other``, and no more."""
    points = 100 * (transfer.mean() - other.mean())
    p = mcnemar_p_value(transfer, other)
    evidence = f"exact McNemar test, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    if p >= 0.05:
        return (
            f"{what} against {name}: {points:+.1f} points, which these pictures can't tell from nothing ({evidence})."
        )
    return f"{what} {'brings' if points > 0 else 'costs'} {abs(points):.1f} points against {name} ({evidence})."
