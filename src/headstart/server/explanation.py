"""Why one answer: the places of a picture that counted for its most likely class, drawn within a couple of seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.features.attention import (
    grid_for,
    heat_of_activations,
    heat_of_drops,
    log_odds,
    occlusion_map,
    overlay,
    patches,
)
from headstart.jobs.attention import ActivationMaps, activation_maps, covered_squares
from headstart.jobs.looking import Squares
from headstart.learn.heads import Floats
from headstart.progress import silent
from headstart.server.pictures import jpeg_of, shown_square
from headstart.server.refusals import Refused, RefusedError
from headstart.server.service import Answered, Service

SECONDS = 2.0
"""What covering places of one picture may take, about."""

MOST_WAITING = 16
"""More who wait for an explanation are refused: each takes the engine for as long as dozens of answers."""

_AT_ONCE = 8
"""Looks after which the engine is free for others' pictures."""


TOO_SLOW = Refused("network-too-slow", "Where it looked isn't shown: this network is too slow here.", 503)
TOO_MANY = Refused("busy", "Where it looked isn't shown: too many others ask for that. Try again in a minute.", 429)


@dataclass(frozen=True)
class Explanation:
    """Where the model looked: ``method`` is cam (exact) or occlusion (places covered), ``overlay`` a JPEG file."""

    label: str
    method: str
    overlay: bytes


class Explainer:
    """Explains the answers of a service, one after the other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._maps: ActivationMaps | None = None
        self._looked_for_maps = False

    async def explanation(self, answered: Answered) -> Explanation:
        """Return why the picture got its most likely class.

        Raises
        ------
        RefusedError
            If the network is too slow here, or too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise RefusedError(TOO_MANY)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._explained(answered)
        finally:
            self._waiting -= 1

    async def _explained(self, answered: Answered) -> Explanation:
        position = int(answered.probabilities.argmax())
        maps = await self._exact_maps()
        heat = await (self._activations if maps else self._drops)(answered.squares, position)
        pixels = shown_square(answered.squares)
        drawn = await asyncio.to_thread(lambda: jpeg_of(overlay(pixels, heat)))
        return Explanation(self._service.model.classes[position], "cam" if maps else "occlusion", drawn)

    async def _exact_maps(self) -> ActivationMaps | None:
        looking = self._service.model.looking
        if looking and not self._looked_for_maps:
            # The first time a network may have to be converted: in a thread, for the engine's is needed by others.
            self._maps = await asyncio.to_thread(activation_maps, looking, silent)
            self._looked_for_maps = True
        return self._maps

    async def _activations(self, squares: Squares, position: int) -> Floats:
        maps = self._maps
        assert maps  # noqa: S101 - the caller's condition
        [drawn] = await self._service.with_engine(lambda: maps.of([squares], [position]))
        return heat_of_activations(drawn)

    async def _drops(self, squares: Squares, position: int) -> Floats:
        [odds, *_], seconds = await self._odds([squares] * _AT_ONCE, position)
        each = seconds / _AT_ONCE
        cells, _ = grid_for(1, SECONDS / each)
        if patches(cells) * each > 2 * SECONDS:
            raise RefusedError(TOO_SLOW)
        places = covered_squares(squares, cells)
        chunks = [await self._odds(places[i : i + _AT_ONCE], position) for i in range(0, len(places), _AT_ONCE)]
        return heat_of_drops(occlusion_map(float(odds), np.concatenate([some for some, _ in chunks]), cells))

    async def _odds(self, pictures: Sequence[Squares], position: int) -> tuple[Floats, float]:
        """Return the logarithmic odds of a class for each picture, ``(n,)`` float32, and the seconds that it took."""
        model = self._service.model

        def looked() -> tuple[dict[int, Floats], float]:
            began = time.monotonic()
            return dict(model.probabilities(pictures)), time.monotonic() - began

        rows, seconds = await self._service.with_engine(looked)
        proba = np.stack([rows[key] for key in range(len(rows))])
        # Logarithms of probabilities are scores, too. How far one is below 1 is known by the others, which are exact.
        return log_odds(np.log(np.maximum(proba, np.finfo(np.float32).smallest_subnormal)), position), seconds
