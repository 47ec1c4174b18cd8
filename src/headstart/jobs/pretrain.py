"""``headstart pretrain``: a network trained on pictures of the user's own, to be a backbone for others."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.data.decode import DECODER, Geometry
from headstart.data.records import Dataset, skipped_sentence
from headstart.data.split import Split, new_split
from headstart.durations import seconds_of
from headstart.folders import check_out, scratch_folder
from headstart.jobs.environment import environment
from headstart.jobs.learning.from_scratch import small_network
from headstart.jobs.learning.given import labels_of, of_sides
from headstart.jobs.learning.training import (
    Training,
    check_training_options,
    network_trained,
    pixel_inputs,
)
from headstart.jobs.pictures import Pictures, check_fit, pictures_of
from headstart.learn import rules
from headstart.learn.training.convergence import sentence
from headstart.learn.training.plan import Network
from headstart.manifests import FORMAT, MANIFEST
from headstart.networks.backbone_folder import FILES, write_backbone
from headstart.networks.backbones import SMALL_VGG, Backbone, backbone
from headstart.networks.cuts import AVERAGE, sized
from headstart.networks.keras_backend import required_training_backend
from headstart.progress import Entered, Listener, Said
from headstart.settings import PretrainSettings, as_document

PURPOSE = "pretrain"
_TO_WRITE_SECONDS = 3.0


def run_pretrain(settings: PretrainSettings, listen: Listener) -> dict[str, Any]:
    """Train a network on a source set, write it as a backbone folder, and return what its manifest says.

    A fifth of the pictures is held out to stop by; the whole source is noted as seen, since all of it had a say.

    Raises
    ------
    UserError
        For settings or data that the user can put right.
    MissingError
        If no Keras backend that can train is installed.
    """
    deadline = time.monotonic() + seconds_of(settings.budget or rules.DEFAULT_BUDGET[PURPOSE], "--budget")
    check_training_options(settings)
    check_fit(settings.fit)
    if settings.scale is not None or settings.arch != SMALL_VGG:
        _record(settings, settings.scale)
    required_training_backend("pretrain")
    check_out(settings.out, settings.data, FILES, MANIFEST)
    with pictures_of(
        settings.data, listen, exclude=settings.exclude, group_by=settings.group_by, resplit=True
    ) as pictures:
        dataset, split = _held_out_to_stop(pictures, settings.seed)
        record = _record(settings, settings.scale or rules.side_for(pictures.shorter_sides()))
        with scratch_folder() as folder:
            parts = {part: of_sides(dataset, split, part) for part in ("train", "val")}
            inputs = pixel_inputs(parts, Geometry(record.image_size, settings.fit), folder, "auto", listen)
            network = Network(
                record.name,
                record.image_size,
                None,
                len(dataset.classes),
                rules.DROPOUT[PURPOSE],
                batch_statistics=True,
            )
            left = deadline - time.monotonic() - _TO_WRITE_SECONDS
            listen(Entered(f"pretraining {record.name}"))
            done = network_trained(Training(PURPOSE, network, inputs, settings, dataset.sha256, split, left), listen)
    said = sentence(done.facts)
    if not done.facts["converged"]:
        listen(Said(f"Warning: {said}"))
    if dataset.skipped:
        listen(Said(f"Warning: {skipped_sentence(dataset.skipped)}"))
    best = done.facts["history"][done.facts["best_epoch"] - 1]
    document = {
        "classes": list(dataset.classes),
        "pictures": {"train": len(inputs.train.records), "val": len(inputs.val.records)},
        "val": {"accuracy": best["val_accuracy"], "log_loss": best["val_loss"], "chance": _chance(inputs.val)},
        "training": done.facts | {"sentence": said},
        "dataset_sha256": dataset.sha256,
        "decoder": DECODER,
        "fit": settings.fit,
        "settings": as_document(settings),
        "environment": environment(f"keras on {done.facts['backend']}"),
    }
    write_backbone(settings.out, record, done.arrays, (r.sha256 for r in dataset.records), document)
    return {"format": FORMAT, "backbone": record.name, "image_size": record.image_size, **document}


def _record(settings: PretrainSettings, side: int | None) -> Backbone:
    """Return the network to train, in the size of its pictures; raise `UserError` if there is none."""
    if settings.arch == SMALL_VGG:
        return small_network(settings, side or rules.SIDES[0])
    record = backbone(settings.arch)
    return sized(record, settings.scale, AVERAGE) if settings.scale else record


def _held_out_to_stop(pictures: Pictures, seed: int) -> tuple[Dataset, Split]:
    """Return the pictures and their split: no test part, for the backbone is judged by what is made of it."""
    split, _ = new_split(pictures.dataset, seed, pictures.together.units)
    sides = {content: "train" if side == "test" else side for content, side in split.sides.items()}
    return pictures.dataset, replace(split, sides=sides)


def _chance(val: Dataset) -> float:
    counts = np.bincount(labels_of(val))
    return float(counts.max() / counts.sum())
