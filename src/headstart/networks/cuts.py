"""Where a network is cut, and what leaves it: one text says it, the same everywhere.

``avg_pool`` is the last map averaged over its positions, ``fc2`` a layer that gives a vector already,
``block4_pool:max`` the map at the end of a stage, pooled; several joined with ``+`` stand side by side in the vector,
``block4_pool:avg+avg_pool``. ``block4_pool:none`` is the map itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from headstart.errors import UserError, check_choice
from headstart.networks.backbones import Backbone

POOLS = ("avg", "max", "none")
"""What becomes of a map: its average, its maximum over all positions, or itself."""

AVERAGE = "avg_pool"
"""The layer that every backbone has: its last map, averaged over its positions."""


@dataclass(frozen=True)
class Tap:
    """A layer of the network, and how its map is pooled; None for a layer that gives a vector already."""

    layer: str
    pool: str | None


@dataclass(frozen=True)
class Cut:
    """The taps of a network, in the order of the vector's parts; ``needs_top`` if only the whole network has one."""

    taps: tuple[Tap, ...]
    needs_top: bool

    @property
    def is_map(self) -> bool:
        """Whether a map leaves the network, and no vector."""
        return self.taps[0].pool == "none"


def cut_of(record: Backbone, text: str) -> Cut:
    """Return the cut that ``text`` names, see the top of this module.

    Raises
    ------
    UserError
        If the backbone has no such layer, or the layers don't go together.
    """
    parts = text.split("+")
    taps = tuple(_tap(record, part) for part in parts)
    if len(set(taps)) < len(taps):
        raise UserError(f"--layer {text}: the same layer stands there twice.")
    if len(taps) > 1 and any(tap.pool == "none" for tap in taps):
        raise UserError(f"--layer {text}: a map can't be part of a vector; choose --pool avg or max, or one layer.")
    tops = {layer.name for layer in record.layers if layer.needs_top}
    return Cut(taps, any(tap.layer in tops for tap in taps))


def cut_text(record: Backbone, layers: str, pool: str) -> str:
    """Return the text of a cut at ``layers``, names joined with ``+``, whose maps are pooled by ``pool``.

    Raises
    ------
    UserError
        For a name or a way of pooling that there isn't, or for layers that have nothing to pool.
    """
    check_choice("--pool", pool, POOLS)
    names = layers.split("+")
    if pool != "avg" and not any(_pooled(record, name, pool) != name for name in names):
        raise UserError(f"--pool {pool}: {layers} of {record.name} is a vector already; leave --pool out.")
    text = "+".join(_pooled(record, name, pool) for name in names)
    cut_of(record, text)
    return text


def sized(record: Backbone, size: int, text: str) -> Backbone:
    """Return ``record`` with pictures of ``size`` pixels a side instead of its own, for the cut ``text``.

    Raises
    ------
    UserError
        If the network can't work on that size.
    """
    if size == record.image_size:
        return record
    if cut_of(record, text).needs_top:
        raise UserError(
            f"--scale {size}: {text} of {record.name} works on pictures of {record.image_size} pixels alone; choose "
            "avg_pool or a stage."
        )
    if not record.least_size <= size <= _LARGEST_SIZE:
        raise UserError(f"--scale {size}: choose from {record.least_size} to {_LARGEST_SIZE} pixels.")
    return replace(record, image_size=size)


_LARGEST_SIZE = 1024


def _pooled(record: Backbone, name: str, pool: str) -> str:
    if name == AVERAGE and pool != "avg":
        name = record.stages[-1]
    if name in record.maps:
        return f"{name}:{pool}"
    return AVERAGE if name == record.stages[-1] else name


def _tap(record: Backbone, part: str) -> Tap:
    name, _, pool = part.partition(":")
    if name in record.maps and pool in POOLS:
        return Tap(name, pool)
    if part == AVERAGE:
        return Tap(record.stages[-1], None if record.ends_in_vector else "avg")
    return Tap(record.layer(part).name, None)
