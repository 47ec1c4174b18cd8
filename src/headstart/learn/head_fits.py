"""The table of heads: what can be fitted to rows of features, whatever these are of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headstart.learn.fit import Fit
from headstart.learn.forest import fit_forest
from headstart.learn.keras_head import fit_keras_head
from headstart.learn.knn import fit_knn
from headstart.learn.lda import fit_lda
from headstart.learn.logistic import fit_logistic
from headstart.learn.passes import Chunks
from headstart.learn.ridge import fit_ridge
from headstart.learn.rows import Rows
from headstart.learn.streaming import fit_logistic_in_passes, fit_ridge_in_passes
from headstart.learn.svm import fit_svm
from headstart.learn.tree import fit_tree
from headstart.progress import Listener

FitInPasses = Callable[[Chunks, int, int, int, Listener], Fit]
"""Takes what begins a pass over the rows, their dimension, the number of classes, a seed and a listener."""


@dataclass(frozen=True)
class HeadFit:
    """One way to fit a head.

    ``fit`` takes the training rows and a listener; it chooses everything by cross-validation inside these rows.
    ``summary`` is one line for `--help` and the documents. ``in_passes`` does the same with rows that no memory holds,
    which pass by in chunks.
    """

    name: str
    summary: str
    fit: Callable[[Rows, Listener], Fit]
    needs_training_backend: bool = False
    in_passes: FitInPasses | None = None


HEAD_FITS: dict[str, HeadFit] = {
    entry.name: entry
    for entry in (
        HeadFit("logistic", "a softmax layer fitted to its optimum", fit_logistic, in_passes=fit_logistic_in_passes),
        HeadFit("svm", "a support vector machine, linear or with a Gaussian kernel", fit_svm),
        HeadFit("ridge", "a ridge classifier: regularised least squares", fit_ridge, in_passes=fit_ridge_in_passes),
        HeadFit("lda", "linear discriminant analysis with shrinkage", fit_lda),
        HeadFit("tree", "one decision tree, pruned", fit_tree),
        HeadFit("forest", "300 extremely randomised trees", fit_forest),
        HeadFit("knn", "the nearest training pictures by cosine", fit_knn),
        HeadFit(
            "mlp",
            "the classic custom layers: dense 256, ReLU, dropout 0.5, softmax",
            fit_keras_head,
            needs_training_backend=True,
        ),
    )
}
