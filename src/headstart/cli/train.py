"""``headstart train``."""

from __future__ import annotations

import shlex
from typing import Annotated

from cyclopts import Parameter

from headstart.settings import TrainSettings


def train(settings: Annotated[TrainSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Train a classifier on the pictures in DATA, judge it on held-out ones, and write the model to --out.

    Parameters
    ----------
    json
        Print the results as one JSON document.
    """
    from headstart.cli.printing import print_figures, print_json
    from headstart.jobs.train import run_train
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        results = run_train(settings, listen)
    if json:
        print_json(results)
        return
    entry, split = results["approaches"][0], results["split"]
    title = f"{entry['id']} on {split['test']} held-out pictures of {len(results['dataset']['classes'])} classes"
    print_figures(entry["test"], title)
    if "training" in entry:
        kept = entry["chosen"].get("kept", "")
        print(f"\nOf its network, {entry['training']['sentence']}{f' The {kept} one is kept.' if kept else ''}")
    if "folds" in entry:
        folds = entry["folds"]
        print(
            f"\n{folds['count']} folds, each judged by a head that was fitted without it: mean accuracy "
            f"{folds['mean_accuracy']:.3f} ({folds['lowest_accuracy']:.3f} – {folds['highest_accuracy']:.3f}). "
            "The model and the figures above are of the first."
        )
    print(f"\nModel: {settings.out}\nNext:  headstart predict {shlex.quote(str(settings.out))} IMAGE...")
