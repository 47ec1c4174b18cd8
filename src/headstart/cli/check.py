"""``headstart check``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import CheckSettings


def check(settings: Annotated[CheckSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Find what is broken, duplicated, leaking or suspicious in DATA, before a minute is spent on training.

    Parameters
    ----------
    json
        Print everything that was found as one JSON document.
    """
    from headstart.cli.printing import print_findings, print_json
    from headstart.jobs.check import PAGE, run_check
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_check(settings, listen)
    if json:
        print_json(document)
    else:
        print_findings(document)
        if settings.out:
            print(f"\nPage: {settings.out / PAGE}")
