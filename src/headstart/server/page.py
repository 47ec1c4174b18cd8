"""The page at ``/``: a picture in, its class in words and pictures out; with a form alone where no script runs.

Every address on it is our own, its texts are escaped by the template engine, and the script puts on the page what the
server wrote: names of classes are strangers' text wherever they come from.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from fastapi import APIRouter, HTTPException, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from headstart.report.page import shortened, shown
from headstart.server.app import while_connected
from headstart.server.explanation import Explainer, Explanation
from headstart.server.guard import has_token
from headstart.server.limits import limits_of
from headstart.server.page_words import Alike, Card, bars, doubt, looked, model_words, more_classes
from headstart.server.pictures import SIDE, data_address, jpeg_of, shown_square
from headstart.server.refusals import Refused, RefusedError, json_response
from headstart.server.service import Answered, Service
from headstart.server.similar import carried, similar_pictures
from headstart.server.uploads import pictures_in
from headstart.ship.neighbours import Similar

MOST_EXPLAINED = 4
"""Pictures of one form that are explained; the script sends each in a form of its own."""

STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that the page loads, and their types."""

NO_SIMILAR = Refused("no-training-pictures", "This model carries no training pictures (train --with-neighbours).", 404)

_FOR_A_YEAR = "public, max-age=31536000, immutable"
_FIRST_ONLY = f"Where it looked is shown for the first {MOST_EXPLAINED} pictures of a form."


class Page:
    """Makes the page of a service, and what belongs to its answers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._explainer = Explainer(service)
        self._limits = limits_of(service.settings)

    def page(self, cards: list[Card], told: str = "", status: int = 200) -> Response:
        """Return the whole page with the answers in ``cards``; ``told`` is what else there is to say."""
        model = self._service.model
        words = model_words(model.facts, model.classes, carried(model))
        most = self._service.settings.max_pictures
        return _html("page.html", status, model=words, answers=cards, told=told, most_pictures=most, side=SIDE)

    async def answered(self, request: Request, part: str) -> Response:
        """Answer a form with pictures: the whole page for ``part`` "page", else the answers alone.

        For "answer" they are what takes no time; "whole" adds where the model looked and what the pictures are like.
        """
        try:
            contents = await pictures_in(request, self._limits)
            cards = await while_connected(request, self._cards(contents, is_quick=part == "answer"))
        except RefusedError as error:
            if part != "page":
                raise
            return self.page([], error.refused.message, error.refused.status)
        return self.page(cards) if part == "page" else _html("answers.html", 200, answers=cards, side=SIDE)

    async def explained(self, request: Request) -> Response:
        """Return where the model looked in the one picture that was sent, as JSON."""
        found = await while_connected(request, self._explainer.explanation(await self._one(request)))
        document = {"class": found.label, "method": found.method, "overlay": data_address(found.overlay)}
        return json_response(document)

    async def similar(self, request: Request) -> Response:
        """Return the training pictures that are most like the one that was sent, as JSON."""
        if not carried(self._service.model):
            raise RefusedError(NO_SIMILAR)
        classes = self._service.model.classes
        found = await similar_pictures(self._service, await self._one(request))
        return json_response(
            {
                "similar": [
                    {"class": classes[own.label], "similarity": own.cosine, "picture": data_address(own.thumbnail)}
                    for own in found
                ]
            }
        )

    async def _cards(self, contents: Sequence[bytes], *, is_quick: bool) -> list[Card]:
        found = await self._service.answer(contents)
        return [await self._card(each, number, len(found), is_quick=is_quick) for number, each in enumerate(found, 1)]

    async def _one(self, request: Request) -> Answered:
        contents = await pictures_in(request, self._limits)
        if len(contents) > 1:
            raise RefusedError(Refused("too-many-pictures", "Send one picture for this.", 422))
        [found] = await self._service.answer(contents)
        if isinstance(found, Refused):
            raise RefusedError(found)
        return found

    async def _card(self, found: Answered | Refused, number: int, count: int, *, is_quick: bool) -> Card:
        name = f"Picture {number} of {count}" if count > 1 else ""
        if isinstance(found, Refused):
            return Card(name, error=found.message)
        model, settings = self._service.model, self._service.settings
        overlay = said = ""
        if not is_quick:
            overlay, said = await self._looked(found, number)
        return Card(
            name,
            picture=data_address(jpeg_of(shown_square(found.squares))),
            fit=model.geometries[0].fit,
            overlay=overlay,
            looked=said,
            top=bars(model.classes, found.probabilities, settings.top),
            doubt=doubt(float(found.probabilities.max()), settings.unsure_below),
            more=more_classes(len(model.classes) - settings.top),
            similar=() if is_quick else self._alike(await similar_pictures(self._service, found)),
        )

    async def _looked(self, found: Answered, number: int) -> tuple[str, str]:
        """Return the address of what shows where the model looked, and what is to be said of it."""
        if number > MOST_EXPLAINED:
            return "", _FIRST_ONLY
        try:
            explanation: Explanation = await self._explainer.explanation(found)
        except RefusedError as error:
            return "", error.refused.message
        return data_address(explanation.overlay), looked(explanation.method, explanation.label)

    def _alike(self, found: list[Similar]) -> tuple[Alike, ...]:
        classes = self._service.model.classes
        return tuple(
            Alike(shortened(classes[own.label]), data_address(own.thumbnail), f"{own.cosine:.2f}") for own in found
        )


def page_routes(service: Service) -> APIRouter:
    """Return the routes of the page, and of what it shows beside answers."""
    router, page = APIRouter(), Page(service)

    @router.get("/", include_in_schema=False)
    async def empty(request: Request) -> Response:
        is_open = has_token(request.headers, service.settings.token)
        return page.page([]) if is_open else _html("locked.html", 200)

    @router.post("/", include_in_schema=False)
    async def answered(request: Request, part: str = "page") -> Response:
        return await page.answered(request, part)

    @router.get("/static/{name}", include_in_schema=False)
    async def static(name: str, v: str = "") -> Response:
        return _static_file(name, v)

    @router.post("/v1/explain", summary="Where the model looked in a picture")
    async def explained(request: Request) -> Response:
        """Return the most likely class and, as a JPEG file in a data: address, what counted for it."""
        return await page.explained(request)

    @router.post("/v1/similar", summary="Training pictures that are like a picture")
    async def similar(request: Request) -> Response:
        """Return the training pictures that are most alike, where the model carries some."""
        return await page.similar(request)

    return router


def _static_file(name: str, version: str) -> Response:
    if name not in STATIC:
        raise HTTPException(404)
    content, digest = _static(name)
    # The page names the version; what is kept under another name than the content's would be stale some day.
    kept = _FOR_A_YEAR if version == digest else "no-cache"
    return Response(content, media_type=STATIC[name], headers={"Cache-Control": kept})


def _html(template: str, status: int, **values: object) -> Response:
    text = _environment().get_template(template).render(values)
    return Response(text.encode(), status, media_type="text/html; charset=utf-8")


@functools.cache
def _static(name: str) -> tuple[bytes, str]:
    """Return what is in a file of `STATIC`, and the beginning of its digest."""
    content = (files("headstart.server") / "static" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:16]


def _static_address(name: str) -> str:
    return f"static/{name}?v={_static(name)[1]}"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("headstart.server"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = _static_address
    return environment
