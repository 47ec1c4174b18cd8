"""What it takes to train a network on pictures, the same for scratch, fine-tune and pretrain."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.data.split import Split
from headstart.durations import seconds_of
from headstart.errors import UserError, check_choice
from headstart.features.engine import engine_for
from headstart.folders import cache_folder
from headstart.jobs.extraction import extracted
from headstart.jobs.learning.given import Given, Learned, labels_of, of_sides, vectors_for
from headstart.jobs.pixels import pixels_in_file
from headstart.jobs.seconds import Seconds
from headstart.jobs.setup import Setup, Wish
from headstart.learn.calibration import temperature_for
from headstart.learn.class_weights import class_weights
from headstart.learn.heads import DenseHead, Floats
from headstart.learn.rules import plan_for
from headstart.learn.training.convergence import sentence
from headstart.learn.training.plan import Network, Trained
from headstart.learn.training.training import Rows, trained
from headstart.networks.converted import ConvertedNetwork, network_with
from headstart.networks.cuts import sized
from headstart.networks.weight_files import content_sha256
from headstart.networks.weights import WeightsOrigin
from headstart.progress import Listener
from headstart.settings import PretrainSettings, TrainingOptions, TrainSettings

AUGMENTATIONS = ("none", "light", "strong")

_TO_CONVERT_SECONDS = 10.0
"""What it takes to convert a trained network, judge few pictures and write the model."""

_TIMED = 3


def check_training_options(options: TrainingOptions) -> None:
    """Raise `UserError` for a number that can't be meant."""
    for name in ("epochs", "batch_size", "blocks", "width"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UserError(f"--{name.replace('_', '-')} {value}: at least 1.")
    rate, smoothing = options.learning_rate, options.label_smoothing
    if rate is not None and not 0 < rate <= 1:
        raise UserError(f"--learning-rate {rate}: a number above 0, and at most 1.")
    if smoothing is not None and not 0 <= smoothing < 1:
        raise UserError(f"--label-smoothing {smoothing}: a number from 0 to below 1.")
    if options.augment is not None:
        check_choice("--augment", options.augment, AUGMENTATIONS)
    if options.budget is not None:
        seconds_of(options.budget, "--budget")


def deadline_of(budget: str | None) -> float | None:
    """Return when a job that begins now must end, by ``time.monotonic``; None without a budget."""
    return None if budget is None else time.monotonic() + seconds_of(budget, "--budget")


def seconds_to_judge(network: ConvertedNetwork, pictures: int) -> float:
    """Return the seconds that follow a training: to convert what was trained and judge so many ``pictures``.

    The engine is timed by what it does with ``network``, which is as large.
    """
    engine = engine_for(network)
    noise = np.random.default_rng(0).integers(0, 256, (_TIMED, network.image_size, network.image_size, 3), np.uint8)
    list(engine.vectors([(0, noise[0])]))
    start = time.monotonic()
    list(engine.vectors(enumerate(noise)))
    return _TO_CONVERT_SECONDS + (time.monotonic() - start) / _TIMED * pictures


def checkpoint_folder(out: Path, what: str) -> Path:
    """Return where the training that is to be written to ``out`` keeps its state, so that it can be continued."""
    name = hashlib.sha256(json.dumps([str(out.resolve()), what]).encode()).hexdigest()[:32]
    parent = cache_folder() / "checkpoints"
    parent.mkdir(exist_ok=True, mode=0o700)
    return parent / name


@dataclass(frozen=True)
class Inputs:
    """What a network is trained on: ``rows`` in files, and which pictures that is.

    ``weighting`` says how classes are weighted, see `headstart.learn.class_weights`.
    """

    train: Dataset
    val: Dataset
    rows: Rows
    weighting: str


def inputs_in(files: Mapping[str, Path], read: Mapping[str, Dataset], class_weight: str) -> Inputs:
    """Return what is in the files of the train and the val part, made of the pictures that were ``read``."""
    train, val = read["train"], read["val"]
    labels = labels_of(train)
    weights, weighting = class_weights(labels, len(train.classes), class_weight)
    return Inputs(train, val, Rows(files["train"], labels, weights[labels], files["val"], labels_of(val)), weighting)


def files_in(folder: Path) -> dict[str, Path]:
    """Return the names of the files of the train and the val part in ``folder``."""
    return {part: folder / f"{part}.npy" for part in ("train", "val")}


def pixel_inputs(
    parts: Mapping[str, Dataset], geometry: Geometry, folder: Path, class_weight: str, listen: Listener
) -> Inputs:
    """Return the pixels of the train and the val part, decoded into files in ``folder``."""
    files = files_in(folder)
    read = {
        "train": pixels_in_file(parts["train"], geometry, files["train"], listen, stacked=True),
        "val": pixels_in_file(parts["val"], geometry, files["val"], listen),
    }
    return inputs_in(files, read, class_weight)


@dataclass(frozen=True)
class Start:
    """The weights that training starts from: those of the network, and its softmax layer's kernel and bias."""

    arrays: Mapping[str, NDArray[Any]]
    head: tuple[Floats, Floats]


@dataclass(frozen=True)
class Training:
    """A training to be done.

    ``purpose`` is its rule's name in `headstart.learn.rules`; ``source`` and ``split`` are the digest of the data and
    who learns; ``seconds`` is what it may take.
    """

    purpose: str
    network: Network
    inputs: Inputs
    options: TrainSettings | PretrainSettings
    source: str
    split: Split
    seconds: float | None
    start: Start | None = None


def network_trained(training: Training, listen: Listener) -> Trained:
    """Return the trained network; a training that was killed goes on where its checkpoint is."""
    options, rows, start = training.options, training.inputs.rows, training.start
    plan = plan_for(training.purpose, len(rows.train_labels), options, options.seed)
    if training.network.start:
        plan = replace(plan, augment="none")  # what is stored can't be changed any more: views were drawn instead
    return trained(
        training.network,
        plan,
        rows,
        start_arrays=start.arrays if start else None,
        start_head=start.head if start else None,
        checkpoint=checkpoint_folder(options.out, training.purpose),
        identity={
            "dataset": training.source,
            "split": training.split.sides_sha256,
            "class_weight": training.inputs.weighting,
            "start": content_sha256(start.arrays) if start else None,
        },
        budget_seconds=training.seconds,
        listen=listen,
    )


def learnt_by_network(given: Given, wish: Wish, inputs: Inputs, done: Trained, listen: Listener) -> Learned:
    """Return what a network has learnt, with the features by which its val and test part are judged.

    They come from the engine that predicts, so what is judged is what is kept. The head's temperature is that of the
    val part (Guo et al. 2017), by which training was stopped too.

    Parameters
    ----------
    given
        What there was.
    wish
        The network that was trained.
    inputs
        What it was trained on.
    done
        What came of it; the arrays of the whole network, also of what was frozen.
    listen
        Told of the progress.
    """
    seconds = Seconds()
    record = sized(wish.record, wish.recipe.sizes[0], wish.recipe.layer)
    made = network_with(record, wish.recipe.layer, done.arrays, listen)
    setup = Setup(wish.recipe, (made,), wish.engine, wish.precision)
    features = extracted(given.part("val", "test"), setup, given.store, listen, training=inputs.train)
    seconds.end("features")
    val = vectors_for(features, of_sides(features.dataset, given.split, "val").records)
    head = DenseHead(((done.kernel, done.bias),))
    labels = labels_of(val.dataset)
    temperature = temperature_for(head.scores(val.matrix()), labels, np.ones(len(labels), np.float32))
    cooled = head.cooled(temperature)
    return Learned(
        dataset=_readable(given.dataset, inputs.train, features.dataset),
        features=features,
        origin=WeightsOrigin("trained", f"trained here, {given.way.name}"),
        head=cooled,
        val_head=cooled,
        chosen={"temperature": temperature},
        class_weight=inputs.weighting,
        seconds=seconds.spent,
        training=done.facts | {"sentence": sentence(done.facts)},
        warnings=() if done.facts["converged"] else (sentence(done.facts),),
    )


def _readable(dataset: Dataset, *parts: Dataset) -> Dataset:
    """Return the pictures of ``dataset`` that are in one of the ``parts``, with what these skipped."""
    skipped = {each for part in parts for each in part.skipped} - set(dataset.skipped)
    return dataset.without(sorted(skipped, key=lambda each: each.path))
