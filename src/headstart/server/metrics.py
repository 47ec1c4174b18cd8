"""What the server counts and measures, for Prometheus, in a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters and histograms of one server."""

    def __init__(self, waiting: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "headstart_requests", "Requests that were answered.", ("route", "status"), registry=self._registry
        )
        self._pictures = Counter(
            "headstart_pictures",
            "Pictures, by what came of them: answered, or the code of an error.",
            ("outcome",),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "headstart_request_seconds",
            "From the head of a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._stage_seconds = Histogram(
            "headstart_stage_seconds",
            "What a picture took in a stage, waiting included: decode or engine.",
            ("stage",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        Gauge(
            "headstart_pictures_in_work", "Pictures that wait or are worked on.", registry=self._registry
        ).set_function(waiting)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Note a request that was answered; ``route`` is one of ours, never what a client wrote."""
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_picture(self, outcome: str) -> None:
        """Note what came of a picture."""
        self._pictures.labels(outcome).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        since = time.perf_counter()
        try:
            yield
        finally:
            self._stage_seconds.labels(name).observe(time.perf_counter() - since)

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self._registry)
