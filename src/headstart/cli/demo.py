"""``headstart demo``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from headstart.settings import DemoSettings

_DEFAULTS = DemoSettings()


def demo(settings: Annotated[DemoSettings, Parameter(name="*")] = _DEFAULTS) -> None:
    """Show in under 90 seconds what a head start is worth, on photos that come with installed packages."""
    from headstart.cli.printing import print_comparison
    from headstart.jobs.demo.run import run_demo
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_demo(settings, listen)
    photos, digits = document["photos"], document["digits"]
    classes, split = len(photos["dataset"]["classes"]), photos["split"]
    print(
        f"How much is a head start worth? {classes} photos, {split['train'] // classes} training patches each from the "
        f"left half,\n{split['test']} test patches from the right half, every approach on the same ones:\n"
    )
    print_comparison(photos)
    print("(Twenty patches of one photo are not twenty photos: all this holds for patches of these photos.)")
    if digits:
        _print(
            f"\nPretrained on your own source: a small network learns the digits 0-4 ({digits['source_pictures']} "
            f"pictures),\nthen 5-9 from {digits['per_class']} pictures each; {digits['test_pictures']} test pictures:",
            digits,
        )
    place = shlex.quote(str(settings.out))
    print(
        f"\nThe report is {place}/run/report.html: open it in a browser. Go on with:\n"
        f"  headstart predict {place}/run/model {place}/photos/test/coffee/00.png\n"
        "  headstart compare YOUR_FOLDER --out my-run\n"
        "  headstart train YOUR_FOLDER --out my-model"
    )


def _print(title: str, table: Mapping[str, Any]) -> None:
    from headstart.cli.printing import print_table

    rows = [
        (row["name"], f"{a['value']:.3f}", f"{a['low']:.3f} – {a['high']:.3f}")
        for row in table["rows"]
        for a in [row["accuracy"]]
    ]
    print(f"{title}\n")
    print_table("", ("", "accuracy", "95 % interval"), [*rows, ("chance", f"{table['chance']:.3f}", "")])
    print()
    for sentence in table["sentences"]:
        print(sentence)
