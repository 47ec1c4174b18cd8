"""``headstart fix``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import FixSettings


def fix(settings: Annotated[FixSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Write a cleaned copy of DATA, without exact duplicates and unreadable files; the original is never touched.

    Parameters
    ----------
    json
        Print what was left out as one JSON document.
    """
    from headstart.cli.printing import print_json
    from headstart.data.sources.names import FIX_REPORT
    from headstart.jobs.fix import run_fix
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_fix(settings, listen)
    if json:
        print_json(document)
        return
    decide = document["to_decide"]
    print(
        f"Kept {document['kept']} pictures; left out {len(document['left_out'])} copies and "
        f"{len(document['skipped'])} files that can't be used. The list: {settings.out / FIX_REPORT}"
    )
    if decide:
        print(f"\n{len(decide)} pictures stand in several classes and were left out under all of them; decide:")
        for group in decide[:10]:
            print(f"  {' = '.join(group)}")
        if len(decide) > 10:
            print(f"  … and {len(decide) - 10} more")
