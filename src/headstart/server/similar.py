"""The training pictures that are most like one that was asked about, where the served model carries some."""

from __future__ import annotations

import asyncio
from functools import partial

from headstart.server.served import Served
from headstart.server.service import Answered, Service
from headstart.ship.neighbours import Similar, similar_to

SHOWN = 6
"""Pictures beside one."""


def carried(model: Served) -> int:
    """Return how many training pictures the model carries."""
    return len(model.neighbours.labels) if model.neighbours else 0


async def similar_pictures(service: Service, answered: Answered) -> list[Similar]:
    """Return the carried pictures that are most like this one, the most alike first; none if none are carried."""
    neighbours, looking = service.model.neighbours, service.model.looking
    if neighbours is None or looking is None:
        return []
    [vector] = await service.with_engine(partial(looking.vectors, [answered.squares]))
    return await asyncio.to_thread(similar_to, vector, neighbours, SHOWN)
