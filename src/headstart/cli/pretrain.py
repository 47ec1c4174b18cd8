"""``headstart pretrain``."""

from __future__ import annotations

import shlex
from typing import Annotated

from cyclopts import Parameter

from headstart.settings import PretrainSettings


def pretrain(settings: Annotated[PretrainSettings, Parameter(name="*")], *, json: bool = False) -> None:
    """Train a network on the pictures in DATA and write it to --out, to be given to other commands as --backbone.

    Parameters
    ----------
    json
        Print what was made as one JSON document.
    """
    from headstart.cli.printing import print_json
    from headstart.jobs.pretrain import run_pretrain
    from headstart.progress import on_stderr

    with on_stderr() as listen:
        document = run_pretrain(settings, listen)
    if json:
        print_json(document)
        return
    val, counts = document["val"], document["pictures"]
    print(
        f"{document['backbone']} at {document['image_size']} pixels, trained on {counts['train']} pictures of "
        f"{len(document['classes'])} classes: accuracy {val['accuracy']:.3f} on {counts['val']} pictures that it was "
        f"stopped by (chance {val['chance']:.3f}).\n{document['training']['sentence']}"
    )
    print(f"\nBackbone: {settings.out}")
    print(f"Next:     headstart train DATA --backbone {shlex.quote(str(settings.out))} --out MODEL")
