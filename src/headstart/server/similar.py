"""The training pictures that are most like one that was asked about, where the served model carries some."""

from __future__ import annotations

import asyncio
from functools import partial

from headstart.server.service import Answered, Service
from headstart.ship.neighbours import Neighbours, Similar, read_neighbours, similar_to

SHOWN = 6
"""Pictures beside one."""


class SimilarPictures:
    """What the model of a service carries, read when it is first asked for."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reading = asyncio.Lock()
        self._is_read = False
        self._neighbours: Neighbours | None = None

    async def carried(self) -> int:
        """Return how many training pictures the model carries."""
        neighbours = await self._carried()
        return len(neighbours.labels) if neighbours else 0

    async def to(self, answered: Answered) -> list[Similar]:
        """Return the carried pictures that are most like this one, the most alike first; none if none are carried."""
        neighbours, looking = await self._carried(), self._service.model.looking
        if neighbours is None or looking is None:
            return []
        [vector] = await self._service.with_engine(partial(looking.vectors, [answered.squares]))
        return await asyncio.to_thread(similar_to, vector, neighbours, SHOWN)

    async def _carried(self) -> Neighbours | None:
        async with self._reading:
            bundle = self._service.model.bundle
            if bundle and not self._is_read:
                place, n_classes = self._service.settings.model, len(bundle.classes)
                self._neighbours = await asyncio.to_thread(read_neighbours, place, bundle.head.dimension, n_classes)
                self._is_read = True
            return self._neighbours
