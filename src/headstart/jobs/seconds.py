"""Seconds per stage of a job."""

from __future__ import annotations

import time


class Seconds:
    """A stopwatch; ``spent`` holds the seconds of each stage that ended."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """Begin a stage."""
        self._since = time.perf_counter()

    def end(self, stage: str) -> None:
        """End the stage under its name, and begin the next."""
        self.spent[stage] = round(time.perf_counter() - self._since, 3)
        self.start()
