"""scratch: a small VGG-style network that has seen nothing but the train part."""

from __future__ import annotations

from dataclasses import replace

from headstart.data.decode import Geometry
from headstart.errors import UserError
from headstart.features.engine import engine_kind
from headstart.features.recipe import Recipe
from headstart.folders import scratch_folder
from headstart.jobs.learning.given import Given, Learned
from headstart.jobs.learning.training import (
    Inputs,
    Training,
    check_training_options,
    learnt_by_network,
    network_trained,
    pixel_inputs,
    seconds_to_judge,
)
from headstart.jobs.pictures import check_fit
from headstart.jobs.precision import check_precision
from headstart.jobs.seconds import Seconds
from headstart.jobs.setup import Wish
from headstart.learn import rules
from headstart.learn.approaches import SCRATCH
from headstart.learn.training.plan import Network, Trained
from headstart.networks.backbones import MOST_BLOCKS, MOST_FILTERS, Backbone, small_vgg_record
from headstart.networks.converted import network_from
from headstart.networks.cuts import AVERAGE, sized
from headstart.networks.weights import WeightsOrigin
from headstart.progress import Entered, Listener, silent
from headstart.settings import TrainingOptions, TrainSettings


def scratch_wish(settings: TrainSettings) -> Wish:
    """Return the wish of the settings, with the smallest network that may be meant: the data decides."""
    check_training_options(settings)
    check_fit(settings.fit)
    if len(settings.scale) > 1:
        raise UserError("--scale is given several times; scratch looks at pictures in one size.")
    engine = engine_kind(settings.engine)
    check_precision(settings.precision, engine)
    record = small_network(settings, settings.scale[0] if settings.scale else rules.SIDES[0])
    recipe = Recipe(AVERAGE, settings.fit, (record.image_size,))
    return Wish(record, recipe, "none", engine, settings.precision, settings.seed, offline=True)


def small_network(options: TrainingOptions, side: int) -> Backbone:
    """Return the small VGG for pictures of ``side`` pixels; raise `UserError` if it can't work on them."""
    blocks, width = options.blocks or rules.blocks_for(side), options.width or rules.WIDTH
    if blocks > MOST_BLOCKS:
        raise UserError(f"--blocks {blocks}: at most {MOST_BLOCKS}.")
    widest = MOST_FILTERS >> (blocks - 1)
    if width > widest:
        raise UserError(f"--width {width}: at most {widest} with {blocks} blocks.")
    return sized(small_vgg_record(blocks, width), side, AVERAGE)


def learnt_from_scratch(given: Given, listen: Listener) -> Learned:
    """Return a network trained on the train part alone; see `headstart.jobs.learning.Family`."""
    wish, seed = _sized_wish(given), given.settings.seed
    untrained = network_from(wish.record, AVERAGE, WeightsOrigin("none", "random", seed=seed), silent)
    reserved = seconds_to_judge(untrained, len(given.part("val", "test").records))
    inputs, done, spent = trained_from_scratch(given, reserved, listen)
    learned = learnt_by_network(given, wish, inputs, done, listen)
    return replace(learned, seconds=spent | learned.seconds)


def trained_from_scratch(given: Given, reserved: float, listen: Listener) -> tuple[Inputs, Trained, dict[str, float]]:
    """Return what a network was trained on, what came of it, and the seconds of each stage.

    ``reserved`` are the seconds that must be left at the deadline for what follows.
    """
    settings, wish = given.settings, _sized_wish(given)
    side, n_classes = wish.record.image_size, len(given.dataset.classes)
    seconds = Seconds()
    with scratch_folder() as folder:
        geometry = Geometry(side, settings.fit)
        inputs = pixel_inputs(given.to_train_on(), geometry, folder, settings.class_weight, listen)
        seconds.end("decode")
        network = Network(wish.record.name, side, None, n_classes, rules.DROPOUT[SCRATCH], batch_statistics=True)
        training = Training(
            SCRATCH, network, inputs, settings, given.dataset.sha256, given.split, given.seconds_left(reserved)
        )
        listen(Entered("training from scratch"))
        done = network_trained(training, listen)
        seconds.end("train")
    return inputs, done, seconds.spent


def _sized_wish(given: Given) -> Wish:
    """Return the wish with a network of the size that suits the pictures, unless the settings name one."""
    if given.settings.scale:
        return given.wish
    record = small_network(given.settings, rules.side_for(given.sides))
    return replace(given.wish, record=record, recipe=replace(given.wish.recipe, sizes=(record.image_size,)))
