"""The demo: a comparison on photos, and a pretraining of one's own on digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.documents import write_document
from headstart.folders import check_out, folder_in_place_of, scratch_folder
from headstart.jobs.compare import run_compare
from headstart.jobs.comparing.place import names_in
from headstart.jobs.demo.digits import PER_CLASS
from headstart.jobs.demo.photos import cut_patches, patch_names, photo_files
from headstart.judge.intervals import wilson
from headstart.judge.pairs import mcnemar_p_value
from headstart.learn.heads import Floats
from headstart.learn.logistic import fit_logistic
from headstart.learn.rows import rows_of
from headstart.networks.keras_backend import training_backend
from headstart.progress import Listener, Said, silent, without_sentences
from headstart.settings import CompareSettings, DemoSettings

SEED = 0
PHOTOS, RUN = "photos", "run"
"""Folders in the demo's: the patches, and their comparison."""

APPROACHES = ("handcrafted+svm", "handcrafted+logistic", "frozen+logistic", "frozen+svm", "frozen+knn")

Right = NDArray[np.bool_]
"""Which test pictures an approach gets right, ``(n_pictures,)``."""


def run_demo(settings: DemoSettings, listen: Listener) -> dict[str, Any]:
    """Cut the photos, compare, and return what came of it; leave pictures, a report and a model in ``out``.

    Raises
    ------
    MissingError
        If scikit-image, which brings the photos, isn't installed.
    UserError
        If ``out`` holds something else.
    """
    photo_files()
    photos, run = settings.out / PHOTOS, settings.out / RUN
    ours = ("demo.json", *(f"{PHOTOS}/{name}" for name in patch_names()), *(f"{RUN}/{name}" for name in names_in(run)))
    check_out(settings.out, None, ours, "demo.json")
    settings.out.mkdir(parents=True, exist_ok=True)
    write_document({"format": 1}, settings.out / "demo.json")
    with folder_in_place_of(photos) as partial:
        cut_patches(partial, SEED)
    # The report has the sentences.
    compared = CompareSettings(photos, out=run, approaches=APPROACHES, seed=SEED)
    results = run_compare(compared, without_sentences(listen))
    document: dict[str, Any] = {"format": 1, "photos": _photos(results)}
    if training_backend() is None:
        listen(Said("The second half needs Keras with a backend that can train: pip install 'headstart[train]'."))
        document["digits"] = None
    else:
        document["digits"] = _digits_table(listen)
    write_document(document, settings.out / "demo.json")
    return document


def _photos(results: dict[str, Any]) -> dict[str, Any]:
    """Return what the demo says of a comparison."""
    parts = ("dataset", "split", "approaches", "not_run", "verdict")
    return {name: results[name] for name in parts}


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
