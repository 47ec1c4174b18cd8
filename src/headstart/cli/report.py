"""``headstart report``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import ReportSettings


def report(settings: Annotated[ReportSettings, Parameter(name="*")]) -> None:
    """Draw the report of a finished comparison again from what is stored in RUN: nothing is computed anew."""
    from headstart.documents import showable
    from headstart.jobs.comparing.place import REPORT
    from headstart.jobs.report import run_report
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        results = run_report(settings, listen)
    print(f"{showable(results['verdict']['sentence'])}\n\nReport: {settings.run / REPORT}")
