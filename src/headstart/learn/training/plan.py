"""What is trained, by which plan, and what comes of it: plain values, with no Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KERNEL, BIAS = "head/kernel", "head/bias"
"""Names of the head's arrays beside the network's, none of whose layers is called head."""


@dataclass(frozen=True)
class Network:
    """What is trained: a network of the table from ``start`` on, and one softmax layer on its pooled output.

    Attributes
    ----------
    backbone
        A name for `headstart.networks.backbones.backbone`.
    image_size
        Side of the square pictures, in pixels.
    start
        None: the inputs are RGB pixels, ``(n, image_size, image_size, 3)`` uint8, and the preprocessing is in front.
        Else the name of a stage that ends in a map: the inputs are these maps, float16, and only what comes after
        them exists and is trained.
    n_classes
        At least 2.
    dropout
        Share of the pooled output that is left out before the softmax layer, in [0, 1).
    batch_statistics
        Whether batch normalisation learns from its batches. If not, the network is in inference mode always, and
        the moving statistics keep every bit.
    """

    backbone: str
    image_size: int
    start: str | None
    n_classes: int
    dropout: float
    batch_statistics: bool


@dataclass(frozen=True)
class Plan:
    """How it is trained.

    Attributes
    ----------
    epochs
        At least 1.
    batch_size
        Pictures in a step; fewer if there aren't as many.
    learning_rate
        The peak, for the head.
    schedule
        "one-cycle" or "cosine", see `headstart.learn.training.schedule`.
    stage_decay
        The last stage learns at the head's rate × ``stage_decay``, each stage before at that of the one after it ×
        ``stage_decay``: discriminative rates (Howard & Ruder 2018, arXiv:1801.06146, section 3.2). In (0, 1].
    weight_decay
        Decoupled (Loshchilov & Hutter 2019, arXiv:1711.05101), of kernels alone.
    label_smoothing
        In [0, 1) (Szegedy et al. 2016, arXiv:1512.00567, section 7).
    augment
        "none", "light" or "strong", see `headstart.learn.training.augment`; maps can only have "none".
    patience
        Epochs without a better validation loss after which training ends.
    seed
        Of everything that is drawn.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    stage_decay: float
    weight_decay: float
    label_smoothing: float
    augment: str
    patience: int
    seed: int


@dataclass(frozen=True)
class Trained:
    """The weights of the epoch with the best validation loss, and what is to be said of the training.

    Attributes
    ----------
    arrays
        The trained part of the network without the head, float32, by name as
        `headstart.networks.weight_files.variables` names them in the whole network.
    kernel, bias
        The head: ``(dimension, n_classes)`` and ``(n_classes,)``, float32.
    facts
        Plain JSON: ``history`` (of each epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate,
        seconds), ``epochs_planned``, ``epochs_run``, ``best_epoch``, ``stopped`` ("schedule", "early", "budget",
        "interrupted" or "nan"), ``converged``, ``batch_size`` (really used), ``pictures_per_second`` (of training
        steps; None if too few ran), ``resumed_from`` (epochs that were finished before; None), ``backend``.
    """

    arrays: dict[str, NDArray[Any]]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    facts: dict[str, Any]
