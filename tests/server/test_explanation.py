"""Where the model looked in one picture: exact or estimated, in time or not at all, and others aren't kept waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from eyes import CORNERS, lightest_quarter, red_eye, red_quarters
from headstart.features.attention import log_odds
from headstart.progress import silent
from headstart.server import explanation
from headstart.server.explanation import TOO_MANY, TOO_SLOW, Explainer, Explanation
from headstart.server.refusals import Refused, RefusedError
from headstart.server.service import Answered, Service
from headstart.settings import ServeSettings
from headstart.ship.bundle import Bundle, write_model

T = TypeVar("T")


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Pictures that are black but for a red quarter, by the corner that it is in."""
    root = tmp_path_factory.mktemp("red")
    red_quarters(root)
    return {corner: (root / "red" / f"{corner}.png").read_bytes() for corner in CORNERS}


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """What was started, to be closed at last."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def asked(bundle: Bundle, folder: Path, services: list[Service], ask: Callable[[Service], Coroutine[Any, Any, T]]) -> T:
    """Serve ``bundle`` in this process, and return what ``ask`` gets from that."""
    write_model(folder / "model", bundle)

    async def served() -> T:
        service = Service(ServeSettings(folder / "model"))
        services.append(service)
        await service.load(folder / "model", silent)
        return await ask(service)

    return asyncio.run(served())


async def answer_of(service: Service, picture: bytes) -> Answered:
    [answered] = await service.answer([picture])
    assert isinstance(answered, Answered)
    return answered


@pytest.mark.parametrize(("recipe", "method"), [({}, "cam"), ({"flip": True}, "occlusion")])
def test_a_model_that_sees_red_is_shown_to_look_at_the_red(
    tmp_path: Path, services: list[Service], red: dict[str, bytes], recipe: dict[str, Any], method: str
) -> None:
    async def ask(service: Service) -> dict[str, Explanation]:
        explainer = Explainer(service)
        return {
            corner: await explainer.explanation(await answer_of(service, picture)) for corner, picture in red.items()
        }

    found = asked(red_eye(**recipe), tmp_path, services, ask)

    assert {(own.label, own.method) for own in found.values()} == {("red", method)}
    for corner, own in found.items():
        drawn = tmp_path / f"{corner}.jpg"
        drawn.write_bytes(own.overlay)
        assert lightest_quarter(drawn) == corner


def test_an_estimate_made_of_probabilities_is_that_made_of_scores(tmp_path: Path, services: list[Service]) -> None:
    async def ask(service: Service) -> tuple[Any, Any]:
        looking = service.model.looking
        assert looking
        squares = [{32: np.random.default_rng(i).integers(0, 256, (32, 32, 3)).astype(np.uint8)} for i in range(5)]
        odds, _ = await Explainer(service)._odds(squares, 1)
        return odds, log_odds(looking.scores(squares), 1)

    own, expected = asked(red_eye(flip=True), tmp_path, services, ask)
    assert own == pytest.approx(expected, rel=1e-3)


def refusal_of(call: Coroutine[Any, Any, object]) -> Coroutine[Any, Any, Refused | None]:
    async def refused() -> Refused | None:
        try:
            await call
        except RefusedError as error:
            return error.refused
        return None

    return refused()


def test_a_network_that_is_too_slow_is_not_explained(
    tmp_path: Path, services: list[Service], red: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "SECONDS", 1e-9)

    async def ask(service: Service) -> Refused | None:
        answered = await answer_of(service, red["top left"])
        return await refusal_of(Explainer(service).explanation(answered))

    assert asked(red_eye(flip=True), tmp_path, services, ask) == TOO_SLOW


def test_when_too_many_wait_the_others_are_refused_at_once(
    tmp_path: Path, services: list[Service], red: dict[str, bytes]
) -> None:
    async def ask(service: Service) -> list[Refused | None]:
        explainer, answered = Explainer(service), await answer_of(service, red["top left"])
        calls = [refusal_of(explainer.explanation(answered)) for _ in range(explanation.MOST_WAITING + 3)]
        return list(await asyncio.gather(*calls))

    said = asked(red_eye(), tmp_path, services, ask)
    assert said == [None] * explanation.MOST_WAITING + [TOO_MANY] * 3


def test_a_picture_is_answered_while_another_is_explained(
    tmp_path: Path, services: list[Service], red: dict[str, bytes]
) -> None:
    async def ask(service: Service) -> bool:
        answered = await answer_of(service, red["top left"])
        explaining = asyncio.ensure_future(Explainer(service).explanation(answered))
        await asyncio.sleep(0)
        await service.with_engine(lambda: None)
        await service.with_engine(lambda: None)
        was_done = explaining.done()
        await explaining
        return was_done

    assert asked(red_eye(flip=True), tmp_path, services, ask) is False


def test_who_goes_away_leaves_his_place_to_the_next(
    tmp_path: Path, services: list[Service], red: dict[str, bytes]
) -> None:
    async def ask(service: Service) -> Explanation:
        explainer, answered = Explainer(service), await answer_of(service, red["top left"])
        for _ in range(explanation.MOST_WAITING + 1):
            gone = asyncio.ensure_future(explainer.explanation(answered))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.wait([gone])
        return await explainer.explanation(answered)

    assert asked(red_eye(flip=True), tmp_path, services, ask).label == "red"
