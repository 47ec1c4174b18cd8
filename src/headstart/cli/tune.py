"""``headstart tune``."""

from __future__ import annotations

import shlex
from typing import Annotated

from cyclopts import Parameter

from headstart.settings import TuneSettings


def tune(settings: Annotated[TuneSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Search for settings that are better than the fixed rule's, and write a model with the best of them to --out.

    The search goes on where it was ended or killed if the same command is given again.

    Parameters
    ----------
    json
        Print what was found as one JSON document.
    """
    from headstart.cli.printing import print_figures, print_json, print_table
    from headstart.jobs.tune import run_tune
    from headstart.jobs.tuning.found import MODEL
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_tune(settings, listen)
    if json:
        print_json(document)
        return
    model, split = document["model"], document["split"]
    rows = [
        (words, f"{document[whose]['log_loss']:.4f}", f"{document[whose]['accuracy']:.3f}")
        for words, whose in (("the fixed rule", "default_val"), (f"trial {document['trial']}, the best", "val"))
    ]
    print_table(f"{document['approach']} on {split['val']} val pictures", ("", "log loss", "accuracy"), rows)
    counts = document["trials"]
    print(
        f"\n{counts['complete']} trials were completed, {counts['pruned']} ended early, {counts['failed']} failed. "
        f"{document['val_sentence']}\n"
    )
    print_figures(model["test"], f"{model['id']} on {split['test']} held-out pictures")
    if document["importance"]:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in document["importance"].items())
        print(f"\nWhat mattered (share of the differences in val log loss): {shares}.")
    else:
        print("\nWhat mattered can't be told: too few trials were completed, or all of them did the same.")
    print(f"\nAgain:  {document['command']}")
    out = shlex.quote(str(settings.out / MODEL))
    print(f"Model:  {settings.out / MODEL}\nNext:   headstart predict {out} IMAGE...")
