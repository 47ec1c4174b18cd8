"""The routes of the server, and what stands before them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from headstart import __version__
from headstart.server.answers import checked_top, model_in_brief, prediction
from headstart.server.examples import PREDICT_DOCS, READING_DOCS
from headstart.server.guard import Guarded, allowed_by
from headstart.server.limits import Bounded, limits_of
from headstart.server.metrics import CONTENT_TYPE
from headstart.server.refusals import (
    STARTING,
    Refused,
    RefusedError,
    json_response,
    on_http_error,
    on_refused,
    refusal_response,
)
from headstart.server.service import Service
from headstart.server.uploads import pictures_in
from headstart.server.watched import Watched

T = TypeVar("T")


def app_of(service: Service) -> FastAPI:
    """Return the application: the routes, guarded, bounded and watched."""
    from headstart.server.page import page_routes

    settings = service.settings
    app = FastAPI(
        title="headstart",
        version=__version__,
        description="Names the classes of pictures, with probabilities.",
        docs_url=None,  # pages that load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            RefusedError: on_refused,
            RequestValidationError: _on_invalid,
            HTTPException: on_http_error,
        },
    )
    _add_routes(app, service)
    app.include_router(page_routes(service))
    app.add_middleware(Bounded, limits=limits_of(settings))
    app.add_middleware(Guarded, allowed=allowed_by(settings))
    app.add_middleware(Watched, metrics=service.metrics)  # the last one is asked first
    return app


def _add_routes(app: FastAPI, service: Service) -> None:
    limits = limits_of(service.settings)

    @app.post("/v1/predict", **PREDICT_DOCS)
    async def predict(request: Request, top: Annotated[int | None, Query(ge=1)] = None) -> Response:
        """Name the classes of a picture, or of several in a form; one that can't be used gets an error in its place."""
        model = service.model
        count = checked_top(model, top, service.settings.top)
        contents = await pictures_in(request, limits)
        answers = await while_connected(request, service.answer(contents))
        if len(answers) == 1 and isinstance(answers[0], Refused):
            return json_response(answers[0].document(), answers[0].status)
        predictions = [prediction(model, each, count) for each in answers]
        return json_response({"predictions": predictions, "model": model_in_brief(model)})

    @app.get("/v1/model", **READING_DOCS["model"])
    async def model() -> Response:
        """Tell what the model is: its classes, what it was made by and how good it was on its test pictures."""
        return json_response(service.model.facts)

    @app.get("/healthz", **READING_DOCS["healthz"])
    async def healthz() -> Response:
        """Tell that the server is alive."""
        return json_response({"status": "alive"})

    @app.get("/readyz", **READING_DOCS["readyz"])
    async def readyz() -> Response:
        """Tell whether pictures are answered: not before the model is loaded, nor while the server stops."""
        return json_response({"status": "ready"}) if service.is_ready else refusal_response(STARTING)

    @app.get("/metrics", **READING_DOCS["metrics"])
    async def metrics() -> Response:
        """Tell what was counted and measured, as Prometheus reads it."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``, which is given up as soon as the client of ``request`` has gone.

    Raises
    ------
    ClientDisconnect
        If it has.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientDisconnect
        return doing.result()
    finally:
        for task in (doing, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request whose parameters aren't what they should be."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what this is registered for
    told = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return refusal_response(Refused("bad-request", f"{told}."[:500], 422))
