"""``headstart demo``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import DemoSettings


def demo(settings: Annotated[DemoSettings, Parameter(name="*")] = DemoSettings()) -> None:  # noqa: B008 - frozen
    """Show in under a minute what a head start is worth, on photos that come with installed packages."""
