"""``headstart export``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from headstart.settings import ExportSettings


def export(settings: Annotated[ExportSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Write a model for another runtime, from pixels to probabilities, with an example; compared with the model first.

    Parameters
    ----------
    json
        Print the export's manifest and what was found as one JSON document.
    """
    from headstart.cli.printing import print_json
    from headstart.jobs.export import run_export
    from headstart.progress import on_stderr
    from headstart.sizes import in_words

    with on_stderr() as listen:
        document = run_export(settings, listen)
    if json:
        print_json(document)
        return
    size = sum(entry["bytes"] for entry in document["files"].values())
    print(f"{_found(document['agreement'], document['precision'])}\n")
    print(f"Export: {settings.out} ({document['to']} in {document['precision']}, {in_words(size)})")
    print(f"Next:   python {shlex.quote(str(settings.out / 'example.py'))} IMAGE...")


def _found(found: Mapping[str, Any], precision: str) -> str:
    """Return in sentences how the export compares with its model."""
    pictures, other = found["pictures"], found["pictures"] - found["same_class"]
    tested = "1 test picture" if pictures == 1 else f"{pictures} test pictures"
    classes = "the same class on all" if not other else f"another class on {other}"
    within = f"probabilities within {found['largest_difference']:.1g}"
    if precision == "f32":
        edges, ties = found["edges"], found["ties"]
        lines = [f"It agrees with the model on {tested}: {classes}, {within}."]
        lines += [f"{ties} of them are ties, where either class may come first."] if ties else []
        lines += [f"{edges} of them are on an edge, where the model's own answer jumps by a rounding."] if edges else []
    else:
        accuracy = found["accuracy"]
        lines = [
            f"In {precision} it says {classes} of {tested}, {within}.",
            f"Accuracy on them: {accuracy['model']['value']:.3f} before, {accuracy['export']['value']:.3f} after "
            f"({accuracy['export']['low']:.3f} – {accuracy['export']['high']:.3f}); p = {accuracy['p_value']:.2g}.",
        ]
    if own := found.get("own_precision"):
        same = (
            "the same class on all"
            if own["same_class"] == pictures
            else f"another class on {pictures - own['same_class']}"
        )
        lines.append(
            f"The model itself runs in {own['precision']}: beside that, {same}, probabilities within "
            f"{own['largest_difference']:.1g}."
        )
    return "\n".join(lines)
