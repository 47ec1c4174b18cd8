"""``headstart features``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.settings import FeaturesSettings


def features(settings: Annotated[FeaturesSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Write a feature vector of each picture in DATA, made by a frozen network, to a file.

    Parameters
    ----------
    json
        Print what was written as one JSON document.
    """
    from headstart.cli.printing import print_json
    from headstart.jobs.features import run_features
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_features(settings, listen)
    if json:
        print_json(document)
    else:
        kind = "vectors" if len(document["shape"]) == 1 else "maps"
        size = " × ".join(map(str, document["shape"]))
        print(f"{document['pictures'] * document['views']} {kind} of {size} numbers: {settings.out}")
