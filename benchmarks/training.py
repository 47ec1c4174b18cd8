"""Our training loop against Keras' own ``fit`` on the same network: speed, and what comes of it."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import ROUNDS, Figure, seconds_of
from benchmarks.multiply_adds import multiply_adds
from benchmarks.parts import difference, parts_of, sides_of
from benchmarks.pictures import TRASHNET, unpacked
from benchmarks.rows import network_of, rows_by
from headstart.data.decode import Geometry
from headstart.jobs.learning.from_scratch import small_network
from headstart.jobs.learning.given import labels_of
from headstart.jobs.pictures import pictures_of
from headstart.jobs.pixels import pixels_in_file
from headstart.learn.heads import DenseHead
from headstart.learn.logistic import fit_logistic
from headstart.learn.rules import DROPOUT, plan_for
from headstart.learn.training.plan import Network, Plan, Trained
from headstart.learn.training.rates import decayed_adam, stages_above
from headstart.learn.training.schedule import learning_rate
from headstart.learn.training.training import Rows, trained
from headstart.networks.backbones import DEFAULT, Backbone, backbone
from headstart.networks.classifier import preprocessed, whole_network
from headstart.networks.converted import network_with
from headstart.networks.cuts import AVERAGE
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import layer_names, variables
from headstart.progress import silent
from headstart.settings import TrainingOptions

LAST_STAGES = {"mobilenet_v2": 192, "efficientnet_lite0": 192, "vgg16": 96}
"""Networks whose last stage is fine-tuned, and on how many pictures."""

CLASSES = 6
EPOCHS = 3
"""Of ours in a round, so that enough steps come after those that compile; Keras compiles before the rounds."""

SCRATCH_SIDE, SCRATCH_PICTURES = 64, 640
TUNED_EPOCHS = 4


def training(pictures: Path) -> list[Figure]:
    """Compare the pictures per second of our loop with those of Keras' `Model.fit`, fed from memory.

    fine-tune: the last stage alone, on stored maps, against the whole network on pixels with the same layers trained.
    The multiply-adds allow: a pass forward through the whole network and twice that through the last stage for its
    gradients, against three times the last stage. scratch: the same network; ours changes the pictures at each look.
    Both sides have the same batch size, optimizer and random weights; ours is the child process of `train`.
    """
    figures = [figure for name, n in LAST_STAGES.items() for figure in _last_stage(name, n)]
    return [*figures, _from_scratch()]


def _last_stage(name: str, n: int) -> list[Figure]:
    record = backbone(name)
    cut, side = record.stages[-2], record.image_size
    network = Network(name, side, cut, CLASSES, DROPOUT["fine-tune"], batch_statistics=False)
    plan = replace(plan_for("fine-tune", n, TrainingOptions(epochs=EPOCHS), seed=0), augment="none")
    theirs = _keras(record, network, plan)
    shape = layer_names(theirs.whole)[cut].output.shape[1:]
    maps = np.random.default_rng(0).random((n, *shape), np.float32).astype(np.float16)
    ours, keras = _rates(network, plan, maps, theirs)
    whole, last = multiply_adds(theirs.whole.layers), multiply_adds(theirs.layers)
    ratio, allowed = ours / keras, (whole + 2 * last) / (3 * last)
    what = f"{name}: fine-tuning after {cut}, {n} pictures of {side} px, batches of {plan.batch_size}"
    return [
        Figure(
            f"{what}: stored maps ({ours:.0f} pictures/s) against Keras on pixels ({keras:.1f})",
            f"{ratio:.1f}",
            f"{allowed:.1f} by multiply-adds",
        ),
        Figure(
            f"{name}: share of what the multiply-adds allow ({whole / 1e6:,.0f} M a picture forward in all, "
            f"{last / 1e6:,.0f} M of them after {cut})",
            f"{ratio / allowed:.2f}",
            "≥ 0.8",
        ),
    ]


def _from_scratch() -> Figure:
    record = small_network(TrainingOptions(), SCRATCH_SIDE)
    network = Network(record.name, SCRATCH_SIDE, None, CLASSES, DROPOUT["scratch"], batch_statistics=True)
    plan = plan_for("scratch", SCRATCH_PICTURES, TrainingOptions(epochs=EPOCHS), seed=0)
    pixels = _noise(SCRATCH_PICTURES, SCRATCH_SIDE)
    ours, keras = _rates(network, plan, pixels, _keras(record, network, plan))
    return Figure(
        f"scratch, {record.name}, {SCRATCH_PICTURES} pictures of {SCRATCH_SIDE} px: with augmentation {plan.augment} "
        f"({ours:.0f} pictures/s) against Keras without ({keras:.0f})",
        f"{ours / keras:.2f}",
        "≥ 0.9",
    )


@dataclass(frozen=True)
class _Keras:
    """Keras' side: the compiled model from uint8 pixels to logits, its parts, and the layers that are trained."""

    model: Any
    whole: Any
    head: Any
    layers: list[Any]

    def fit(self, pixels: NDArray[np.uint8], labels: NDArray[np.intp], plan: Plan, **options: Any) -> None:  # noqa: ANN401
        """Fit the model as ``plan`` says, but for augmentation."""
        targets = np.eye(self.head.units, dtype=np.float32)[labels]
        self.model.fit(pixels, targets, batch_size=plan.batch_size, verbose=0, **options)


def _keras(record: Backbone, network: Network, plan: Plan) -> _Keras:
    """Return the whole network with a head, and what is trained as our loop trains it."""
    keras = import_keras()
    record = replace(record, image_size=network.image_size)
    whole = whole_network(record, include_top=False)
    stages = stages_above(whole, record)
    layers = {name: layer for name, layer in layer_names(whole).items() if network.start is None or stages[name] == 1}
    for layer in whole.layers:
        layer.trainable = any(layer is own for own in layers.values())
    pixels = keras.Input((network.image_size, network.image_size, 3), dtype="uint8")
    features = whole(
        preprocessed(keras.ops.cast(pixels, "float32"), record), training=None if network.batch_statistics else False
    )
    head = keras.layers.Dense(network.n_classes)
    model = keras.Model(pixels, head(keras.layers.Dropout(network.dropout)(features)))
    below = {id(each): stages[name] for name, layer in layers.items() for each in layer.variables}
    trainable = model.trainable_variables
    model.compile(
        optimizer=decayed_adam(
            [plan.stage_decay ** below.get(id(each), 0) for each in trainable],
            [plan.weight_decay if each.path.endswith("kernel") else 0.0 for each in trainable],
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=plan.label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,  # XLA is slower on a CPU
    )
    model.optimizer.learning_rate = plan.learning_rate
    return _Keras(model, whole, head, list(layers.values()))


def _rates(network: Network, plan: Plan, inputs: NDArray[Any], theirs: _Keras) -> tuple[float, float]:
    """Return the pictures per second of our loop on ``inputs`` and of Keras on as many pixels, medians of rounds."""
    n, side = len(inputs), network.image_size
    labels = np.arange(n) % CLASSES
    pixels = _noise(n, side)
    theirs.fit(pixels[: 2 * plan.batch_size], labels[: 2 * plan.batch_size], plan)  # compiles
    ours, keras = [], []
    with tempfile.TemporaryDirectory() as place:
        rows = _rows(Path(place), inputs, labels, inputs[: plan.batch_size], labels[: plan.batch_size])
        for _ in range(ROUNDS):
            keras.append(n / seconds_of(partial(theirs.fit, pixels, labels, plan)))
            ours.append(_train(network, plan, rows).facts["pictures_per_second"])
    return statistics.median(ours), statistics.median(keras)


def _noise(n: int, side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), np.uint8)


def _rows(  # noqa: PLR0917 - two parts of a split
    folder: Path,
    train: NDArray[Any],
    labels: NDArray[np.intp],
    val: NDArray[Any],
    val_labels: NDArray[np.intp],
    weights: NDArray[np.float32] | None = None,
) -> Rows:
    """Return what our loop learns from, written to ``folder``."""
    np.save(folder / "train.npy", train[:, np.newaxis])
    np.save(folder / "val.npy", val)
    own = np.ones(len(labels), np.float32) if weights is None else weights
    return Rows(folder / "train.npy", labels, own, folder / "val.npy", val_labels)


def _train(network: Network, plan: Plan, rows: Rows, **start: Any) -> Trained:  # noqa: ANN401
    begin = {"start_arrays": None, "start_head": None} | start
    return trained(network, plan, rows, **begin, checkpoint=None, identity={}, budget_seconds=None, listen=silent)


def maps(pictures: Path) -> list[Figure]:
    """Compare what fine-tuning from stored maps reaches with Keras' `Model.fit` of the same stage within the whole.

    EfficientNet-Lite0 on TrashNet, its last stage, seed 0: the same pictures, in one view, the same head to start from,
    epochs, rates and weights of classes; of both sides, the epoch with the best validation loss.
    """
    record = backbone(DEFAULT)
    cut, side = record.stages[-2], record.image_size
    frozen = network_of()
    with unpacked(TRASHNET) as data, pictures_of(data, silent) as read, tempfile.TemporaryDirectory() as place:
        dataset, features = rows_by(frozen, read.dataset)
        sides, parts = sides_of(read, dataset, 0), parts_of(read, dataset, features, 0)
        labels = {part: labels_of(own) for part, own in sides.items()}
        head = fit_logistic(parts.train, silent).head
        assert isinstance(head, DenseHead)  # noqa: S101 - logistic has one
        network = Network(DEFAULT, side, cut, parts.train.n_classes, DROPOUT["fine-tune"], batch_statistics=False)
        plan = plan_for("fine-tune", len(labels["train"]), TrainingOptions(epochs=TUNED_EPOCHS), seed=0)
        plan = replace(plan, augment="none")

        of_maps = network_of(layer=f"{cut}:none")
        stored = {part: rows_by(of_maps, sides[part])[1].reshape(-1, *of_maps.parts[0]) for part in ("train", "val")}
        rows = _rows(Path(place), stored["train"], labels["train"], stored["val"], labels["val"], parts.train.weights)
        done = _train(network, plan, rows, start_arrays=frozen.arrays(), start_head=head.layers[0])
        tuned = network_with(record, AVERAGE, frozen.arrays() | done.arrays, silent)
        _, vectors = rows_by(tuned, sides["test"])
        ours = DenseHead(((done.kernel, done.bias),)).scores(vectors).argmax(axis=1) == labels["test"]

        files = {part: Path(place, f"{part}-pixels.npy") for part in sides}
        for part, own in sides.items():
            pixels_in_file(own, Geometry(side), files[part], silent)
        pixels = {part: np.load(file) for part, file in files.items()}
    model = _keras(record, network, plan)
    _fit_whole(model, plan, pixels, labels, parts.train.weights, frozen.arrays(), head)
    theirs = model.model.predict(pixels["test"], batch_size=plan.batch_size, verbose=0).argmax(axis=1) == labels["test"]
    n, epochs = len(labels["train"]), f"{TUNED_EPOCHS} epochs"
    return [
        Figure("trashnet_112, the head on the frozen network", f"{parts.right(head).mean():.3f}"),
        Figure(f"fine-tuned after {cut} from stored maps ({n:,} pictures, {epochs})", f"{ours.mean():.3f}"),
        Figure(f"the same by Model.fit of the whole network ({n:,} pictures, {epochs})", f"{theirs.mean():.3f}"),
        Figure("from stored maps against the whole network", str(difference([ours], [theirs])), "p > 0.05"),
    ]


def _fit_whole(  # noqa: PLR0917 - what our side is given
    theirs: _Keras,
    plan: Plan,
    pixels: Mapping[str, NDArray[np.uint8]],
    labels: Mapping[str, NDArray[np.intp]],
    weights: NDArray[np.float32],
    arrays: Mapping[str, NDArray[Any]],
    head: DenseHead,
) -> None:
    """Train Keras' side from the weights, and by the rates, that ours has."""
    keras = import_keras()
    for name, variable in variables(theirs.whole).items():
        variable.assign(arrays[name])
    for variable, value in zip((theirs.head.kernel, theirs.head.bias), head.layers[0], strict=True):
        variable.assign(value)
    step = itertools.count()
    steps = plan.epochs * -(-len(labels["train"]) // plan.batch_size)

    def set_rate(batch: int, logs: object = None) -> None:
        theirs.model.optimizer.learning_rate = learning_rate(plan.schedule, plan.learning_rate, next(step) / steps)

    theirs.fit(
        pixels["train"],
        labels["train"],
        plan,
        epochs=plan.epochs,
        sample_weight=weights,
        validation_data=(pixels["val"], np.eye(theirs.head.units, dtype=np.float32)[labels["val"]]),
        callbacks=[
            keras.callbacks.LambdaCallback(on_train_batch_begin=set_rate),
            keras.callbacks.EarlyStopping(patience=plan.epochs, restore_best_weights=True),
        ],
    )
