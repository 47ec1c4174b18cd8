"""The fixed rule for what nobody should have to tune: how long and how fast to train, by the size of the data.

In the spirit of BiT's HyperRule (Kolesnikov et al. 2020, arXiv:1912.11370, section 3.3): the number of pictures and
their size decide, and the same rule holds for every data set. The numbers are set by judgement, within what the cited
recipes use, and were not fitted to any data set; ``python -m benchmarks approaches`` shows what they bring.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.learn.training.plan import Plan
from headstart.settings import TrainingOptions

SIDES = (32, 48, 64)
"""Sides to which pictures are brought for a network that starts from nothing; `--scale` may name a larger one."""

WIDTH = 32
"""Filters of a small VGG's first block."""

DROPOUT = {"fine-tune": 0.2, "scratch": 0.3, "pretrain": 0.2}
DEFAULT_BUDGET = {"scratch": "10m", "pretrain": "30m"}
"""Training from nothing ends at last, and says whether it had converged by then."""


def side_for(sides: NDArray[np.integer]) -> int:
    """Return the side of the square for pictures whose shorter sides have these lengths, ``(n_pictures,)`` pixels."""
    typical = float(np.median(sides))
    return max((side for side in SIDES if side <= typical), default=SIDES[0])


def blocks_for(side: int) -> int:
    """Return how many blocks of a small VGG leave a map of some 4 pixels a side: 3 for 32, 4 for 64, 5 for 128."""
    return max(1, min(6, side.bit_length() - 3))


def views_for(pictures: int, augment: str | None = None) -> int:
    """Return how many views of each picture fine-tuning learns from: fewer pictures need more of each.

    Views are drawn once, so they take the place of what ``augment`` does at each look: none leaves the picture as it
    is, strong takes twice as many.
    """
    if augment == "none":
        return 1
    views = 4 if pictures <= 500 else 2 if pictures <= 2000 else 1
    return 2 * views if augment == "strong" else views


def plan_for(purpose: str, pictures: int, options: TrainingOptions, seed: int) -> Plan:
    """Return how to train; what ``options`` name is taken from there.

    Parameters
    ----------
    purpose
        fine-tune, scratch or pretrain.
    pictures
        How many there are to learn from.
    options
        What the user named.
    seed
        Of all that is drawn.
    """
    looks, fewest, most, rate, batch, augment, smoothing = _RULES[purpose]
    epochs = options.epochs or int(np.clip(looks // max(pictures, 1), fewest, most))
    return Plan(
        epochs=epochs,
        batch_size=options.batch_size or batch,
        learning_rate=options.learning_rate or rate,
        schedule="one-cycle",
        stage_decay=0.3 if purpose == "fine-tune" else 1.0,
        weight_decay=0.01 if purpose == "fine-tune" else 0.05,
        label_smoothing=smoothing if options.label_smoothing is None else options.label_smoothing,
        augment=options.augment or augment,
        patience=max(5, epochs // 4),
        seed=seed,
    )


_RULES = {
    # looks at pictures in all, fewest and most epochs, learning rate, batch, augmentation, label smoothing
    "fine-tune": (10_000, 8, 40, 3e-4, 32, "light", 0.0),
    "scratch": (60_000, 30, 200, 2e-3, 32, "light", 0.1),
    "pretrain": (600_000, 30, 100, 2e-3, 64, "light", 0.1),
}
