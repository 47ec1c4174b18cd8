"""``headstart cache``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import CacheSettings

_DEFAULTS = CacheSettings()


def cache(settings: Annotated[CacheSettings, Parameter(name="*")] = _DEFAULTS, *, json: bool = False) -> None:
    """Show, verify or prune the store of feature vectors.

    Parameters
    ----------
    json
        Print what the store holds as one JSON document.
    """
    from headstart.cli.printing import print_json, print_table
    from headstart.jobs.cache import run_cache
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_cache(settings, listen)
    if json:
        print_json(document)
        return
    verified = ", all as they were stored" if document["verified"] else ""
    print(f"{document['vectors']} vectors, {document['bytes'] / 1e6:.1f} MB, in {document['folder']}{verified}")
    if document["extractors"]:
        rows = [
            (
                f"{made['backbone']} {made['layer']}",
                made["weights"][:8],
                f"{made['size']} {made['fit']}",
                str(made["vectors"]),
                f"{made['bytes'] / 1e6:.1f}",
                made["used"],
            )
            for made in document["extractors"]
        ]
        print_table("", ("", "weights", "pixels", "vectors", "MB", "last used"), rows)
