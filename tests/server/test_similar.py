"""What a served model carries of its training pictures: those most alike are found, what is damaged is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from headstart.errors import UserError
from headstart.progress import silent
from headstart.server.service import Answered, Service
from headstart.server.similar import SHOWN, carried, similar_pictures
from headstart.settings import ServeSettings
from headstart.ship.neighbours import NEIGHBOURS
from models import Trained, copied, train, write_alike

T = TypeVar("T")


@pytest.fixture(scope="module")
def carrying(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    place = tmp_path_factory.mktemp("carrying")
    return train(write_alike(place / "data", {"ant": 6, "bee": 6}), place / "model", with_neighbours=True)


def asked(model: Path, ask: Callable[[Service], Coroutine[Any, Any, T]]) -> T:
    """Serve ``model`` in this process, and return what ``ask`` gets from that."""

    async def served() -> T:
        service = Service(ServeSettings(model))
        await service.load(model, silent)
        try:
            return await ask(service)
        finally:
            service.close()

    return asyncio.run(served())


def test_a_training_picture_is_the_first_that_is_like_itself(carrying: Trained) -> None:
    async def ask(service: Service) -> list[float]:
        highest = []
        for file in sorted(carrying.data.rglob("*.png")):
            [answered] = await service.answer([file.read_bytes()])
            assert isinstance(answered, Answered)
            found = await similar_pictures(service, answered)
            assert len(found) == min(SHOWN, carried(service.model))
            highest.append(found[0].cosine)
        return highest

    cosines = asked(carrying.model, ask)
    assert sum(cosine > 0.99 for cosine in cosines) == carrying.entry["carries"] < len(cosines)


def test_a_model_that_carries_none_has_no_similar_pictures(trained: Trained) -> None:
    async def ask(service: Service) -> tuple[int, int]:
        [answered] = await service.answer([next(trained.data.rglob("*.png")).read_bytes()])
        assert isinstance(answered, Answered)
        return carried(service.model), len(await similar_pictures(service, answered))

    assert asked(trained.model, ask) == (0, 0)


def test_a_server_of_what_is_damaged_does_not_start(carrying: Trained, tmp_path: Path) -> None:
    model = copied(carrying, tmp_path / "model")
    (model / NEIGHBOURS).write_bytes(b"damaged")

    async def ask(service: Service) -> int:
        return carried(service.model)

    with pytest.raises(UserError, match=f"{NEIGHBOURS} isn't the file"):
        asked(model, ask)
