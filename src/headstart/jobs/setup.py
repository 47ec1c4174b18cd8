"""From options to networks that are ready to run: the same for every job that needs features."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.errors import UserError, check_choice
from headstart.features.engine import engine_kind
from headstart.features.recipe import COMBINATIONS, MOST_SIZES, Recipe
from headstart.jobs.pictures import check_fit
from headstart.jobs.precision import check_precision
from headstart.networks.backbone_folder import backbone_from
from headstart.networks.backbones import HANDCRAFTED, Backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.cuts import AVERAGE, cut_of, cut_text, sized
from headstart.networks.weights import WeightsOrigin, check_weights, find_weights
from headstart.progress import Listener, Said
from headstart.settings import FeatureOptions


@dataclass(frozen=True)
class Wish:
    """What features are asked for, checked as far as that costs nothing."""

    record: Backbone
    recipe: Recipe
    weights: str
    engine: str
    precision: str
    seed: int
    offline: bool


@dataclass(frozen=True)
class Setup:
    """What makes features: a recipe, and a network for each of its sizes, in f32.

    ``engine`` is what runs them (openvino or keras), ``precision`` what is asked for, see
    `headstart.jobs.precision`.
    """

    recipe: Recipe
    networks: tuple[ConvertedNetwork, ...]
    engine: str
    precision: str

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.recipe.dimension(self.networks[0].lengths)


def wish_of(options: FeatureOptions) -> Wish:
    """Return what the options ask for.

    Raises
    ------
    UserError
        For a name that isn't known, or options that don't go together.
    MissingError
        If weights, or what is to run the network, can't be had.
    """
    record, folder = backbone_from(options.backbone)
    weights = options.weights
    if folder and weights == "imagenet":
        weights = folder
    elif folder and weights != "none":
        raise UserError(f"--weights {weights}: {options.backbone} brings its own weights; leave --weights out.")
    layer = cut_text(record, options.layer, options.pool)
    check_fit(options.fit)
    check_choice("--combine", options.combine, COMBINATIONS)
    sizes = tuple(dict.fromkeys(options.scale)) or (record.image_size,)
    if len(sizes) > MOST_SIZES:
        raise UserError(f"--scale is given {len(sizes)} times; {MOST_SIZES} sizes are the most.")
    for size in sizes:
        sized(record, size, layer)
    if cut_of(record, layer).is_map and (options.flip or options.l2 or len(sizes) > 1):
        raise UserError("--pool none keeps maps as they are; leave out --flip, --l2 and a second --scale.")
    engine = engine_kind(options.engine)
    check_precision(options.precision, engine)
    check_weights(record, weights, layer=layer, offline=options.offline)
    recipe = Recipe(layer, options.fit, sizes, options.flip, options.combine, options.l2)
    return Wish(record, recipe, weights, engine, options.precision, options.seed, options.offline)


def handcrafted_wish(fit: str) -> Wish:
    """Return the wish for hand-crafted features; raise `UserError` if there is no such ``fit``."""
    check_fit(fit)
    recipe = Recipe(AVERAGE, fit, (HANDCRAFTED.image_size,))
    return Wish(HANDCRAFTED, recipe, "none", engine=HANDCRAFTED.name, precision="f32", seed=0, offline=True)


def setup_of(wish: Wish, listen: Listener) -> tuple[Setup, WeightsOrigin]:
    """Return networks ready to run, and where their weights come from; download them if need be and allowed."""
    record, recipe = wish.record, wish.recipe
    origin = find_weights(record, wish.weights, layer=recipe.layer, seed=wish.seed, offline=wish.offline, listen=listen)
    networks = tuple(
        network_from(sized(record, size, recipe.layer), recipe.layer, origin, listen) for size in recipe.sizes
    )
    setup = Setup(recipe, networks, wish.engine, wish.precision)
    for warning in weights_warnings(setup, origin):
        listen(Said(f"Warning: {warning}"))
    return setup, origin


def weights_warnings(setup: Setup, origin: WeightsOrigin) -> tuple[str, ...]:
    """Return what must be said of weights of ``origin`` that should be trained, and look as if they weren't."""
    network = setup.networks[0]
    if not network.untrained or origin.kind == "none":
        return ()
    return (
        f"{origin.name} holds no trained {network.backbone}: {network.untrained}. Nothing it shows comes from "
        "pretraining.",
    )
