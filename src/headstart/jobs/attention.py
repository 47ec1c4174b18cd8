"""How much each place of one picture counts for a model's answer: exact where that can be had, else by covering places.

What the numbers mean, and the papers, are in `headstart.features.attention`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.features.attention import class_activation_map, covered
from headstart.features.engine import Engine, engine_for
from headstart.jobs.looking import Looking, Squares, outputs
from headstart.learn.heads import DenseHead, Floats
from headstart.networks.converted import network_with
from headstart.networks.cuts import cut_of, sized
from headstart.progress import Listener
from headstart.ship.bundle import Bundle


def averaged_stage(bundle: Bundle) -> str | None:
    """Return the stage whose map's average is all that a model's one dense layer sees; None if there is no such."""
    recipe, head = bundle.recipe, bundle.head
    taps = cut_of(bundle.backbone, recipe.layer).taps
    is_plain = len(taps) == len(recipe.looks()) == 1 and not recipe.l2
    is_linear = isinstance(head, DenseHead) and len(head.layers) == 1
    return taps[0].layer if is_plain and is_linear and taps[0].pool == "avg" else None


@dataclass(frozen=True)
class ActivationMaps:
    """What draws class activation maps of a model, see `headstart.features.attention.class_activation_map`.

    ``engine`` runs its network up to the map before the average, which has ``shape`` (height, width, channels);
    ``kernel`` is the dense layer on that average, ``(channels, n_classes)`` float32. Pictures are seen at ``size``.
    """

    engine: Engine
    shape: tuple[int, ...]
    kernel: Floats
    size: int

    def of(self, pictures: Sequence[Squares], positions: Sequence[int]) -> list[Floats]:
        """Return the map of each picture for the class at its position, ``(height, width)`` float32."""
        maps = outputs(self.engine, (squares[self.size] for squares in pictures))
        return [
            class_activation_map(each.reshape(self.shape), self.kernel[:, position])
            for each, position in zip(maps, positions, strict=True)
        ]


def activation_maps(looking: Looking, listen: Listener) -> ActivationMaps | None:
    """Return what draws class activation maps of the model, its network converted if it wasn't; None if it has none."""
    bundle = looking.bundle
    stage = averaged_stage(bundle)
    if stage is None:
        return None
    assert isinstance(bundle.head, DenseHead)  # noqa: S101 - else no stage is averaged
    kernel, _ = bundle.head.layers[0]
    size, cut = bundle.recipe.sizes[0], f"{stage}:none"
    network = network_with(sized(bundle.backbone, size, cut), cut, bundle.backbone_arrays, listen)
    return ActivationMaps(engine_for(network, looking.kind), network.parts[0], kernel, size)


def covered_squares(squares: Squares, cells: int) -> list[Squares]:
    """Return a picture with a grey patch in each place, see `headstart.features.attention.covered`."""
    by_size = [covered(pixels, cells) for pixels in squares.values()]
    return [dict(zip(squares, at_place, strict=True)) for at_place in zip(*by_size, strict=True)]
