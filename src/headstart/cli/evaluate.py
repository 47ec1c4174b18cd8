"""``headstart evaluate``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import EvaluateSettings


def evaluate(settings: Annotated[EvaluateSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Judge a model on all pictures in DATA, matched to its classes by name.

    Parameters
    ----------
    json
        Print the figures as one JSON document.
    """
    from headstart.cli.printing import print_figures, print_json
    from headstart.jobs.evaluate import run_evaluate
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_evaluate(settings, listen)
    if json:
        print_json(document)
    else:
        print_figures(document["figures"], f"{settings.model} on {document['pictures']} pictures")
