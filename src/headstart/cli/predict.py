"""``headstart predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headstart.settings import PredictSettings


def predict(
    model: Path, /, *images: Annotated[Path, Parameter(json_list=False)], top: int = 3, json: bool = False
) -> None:
    """Name the classes of picture files.

    Parameters
    ----------
    model
        Model folder that `headstart train` wrote.
    images
        Picture files.
    top
        How many classes to name per picture.
    json
        Print one JSON list on stdout.
    """
    from headstart.cli.printing import print_json, print_table
    from headstart.errors import UserError
    from headstart.jobs.predict import run_predict
    from headstart.progress import on_stderr

    if not images:
        raise UserError("predict needs at least one picture file: headstart predict MODEL IMAGE...")
    with on_stderr() as listen:
        documents = run_predict(PredictSettings(model, images, top=top), listen)
    if json:
        print_json(documents)
        return
    rows = [
        (d["path"], d["error"])
        if "error" in d
        else (d["path"], "  ".join(f"{t['class']} {t['probability']:.3f}" for t in d["top"]))
        for d in documents
    ]
    print_table("", ("picture", "classes"), rows)
