"""``headstart compare``."""

from __future__ import annotations

import shlex
from typing import Annotated

from cyclopts import Parameter

from headstart.settings import CompareSettings


def compare(settings: Annotated[CompareSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Compare ways to learn on the same held-out pictures in DATA, and say what may be claimed of them.

    Writes a report, the results and the best model to --out. The comparison goes on where it was ended or killed if the
    same command is given again, and approaches can be added later.

    Parameters
    ----------
    json
        Print the results as one JSON document.
    """
    from headstart.cli.printing import print_comparison, print_json
    from headstart.cli.standings import standings_on_stderr
    from headstart.errors import MissingError
    from headstart.jobs.compare import run_compare
    from headstart.jobs.comparing.place import MODEL, REPORT

    with standings_on_stderr() as listen:
        results = run_compare(settings, listen)
    if json:
        print_json(results)
    else:
        print_comparison(results)
        print(f"\nReport: {settings.out / REPORT}")
    if results["verdict"]["winner"] is None:
        raise MissingError(f"No approach could be run; {settings.out / REPORT} says why of each.")
    if not json:
        model = settings.out / MODEL
        print(f"Model:  {model}\nNext:   headstart predict {shlex.quote(str(model))} IMAGE...")
