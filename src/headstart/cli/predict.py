"""``headstart predict``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.addresses import Address
from headstart.documents import showable
from headstart.settings import PredictSettings

if TYPE_CHECKING:
    from headstart.jobs.predict import Receiver
    from headstart.jobs.predicting.rows import Document, Form


def predict(
    model: Path,
    /,
    *images: Annotated[Address | Path, Parameter(json_list=False)],
    stdin: Annotated[bool, Parameter(name="-")] = False,
    top: int = 3,
    out: Path | None = None,
    format: str | None = None,
    json: bool = False,
    on: str | None = None,
    cluster_store: Address | Path | None = None,
) -> None:
    """Name the classes of pictures.

    Parameters
    ----------
    model
        Model folder that `headstart train` wrote.
    images
        Picture files; folders, for every file in and below them; patterns in quotes, as in 'shots/**/*.jpg'; zip or tar
        archives; addresses in object storage (needs the extra "cloud").
    stdin
        Read the pictures from standard input, a path or an address a line, and answer while they come.
    top
        How many classes to name per picture.
    out
        File to write rows to as they come, .csv or .jsonl: new, or one whose run was interrupted, which the same
        command finishes. A picture that changed meanwhile isn't noticed.
    format
        table, csv or jsonl; a table, if none is named, and in a file what its name ends in. CSV is for programs: a name
        that begins with = stays as it is.
    json
        Print one JSON list on stdout, at the end.
    on
        Compute features on a cluster: ray (this machine's, or one that is started on it) or ray://HOST:PORT; needs the
        extra "cluster", and pictures in one folder or at one address that all nodes can read.
    cluster_store
        Where the nodes of a cluster write vectors, and where a later run finds them: an address in object storage, or a
        folder that they share.
    """
    from headstart.cli.printing import print_json
    from headstart.errors import UserError
    from headstart.jobs.predict import check_predict, format_of, run_predict
    from headstart.jobs.predicting.out_file import StoppedError, beside
    from headstart.jobs.predicting.rows import FORMS
    from headstart.progress import on_stderr

    settings = PredictSettings(
        model, images, stdin=stdin, top=top, out=out, format=format, on=on, cluster_store=cluster_store
    )
    check_predict(settings)
    if json and (out or format):
        raise UserError("--json prints one list on stdout; leave it out, or --out and --format.")
    documents: list[Document] = []
    name = format_of(settings)
    receive = documents.extend if json else _rows(FORMS[name](top)) if name in FORMS else _table()
    with on_stderr() as listen:
        try:
            document = run_predict(settings, listen, receive)
        except KeyboardInterrupt:
            if out and beside(out.resolve()).exists():
                raise StoppedError(
                    f"interrupted; what is known is in {out}, and the same command goes on from there."
                ) from None
            raise
    if json:
        print_json(documents)
    elif out:
        print(f"{document['pictures']} rows: {out}")


def _rows(form: Form) -> Receiver:
    """Return what writes rows to stdout, as the bytes that names have, and at once."""
    sys.stdout.flush()
    left = form.header()

    def write(documents: list[Document]) -> None:
        nonlocal left
        sys.stdout.buffer.write(left + form.lines(documents))
        sys.stdout.buffer.flush()
        left = b""

    return write


def _table() -> Receiver:
    """Return what prints a line per picture; names are as wide as the widest so far."""
    from rich.cells import cell_len, set_cell_size

    width = 0

    def write(documents: list[Document]) -> None:
        nonlocal width
        rows = [(showable(each["path"]), showable(_classes(each))) for each in documents]
        if not width:
            rows.insert(0, ("picture", "classes"))
        width = max(width, *(cell_len(path) for path, _ in rows))
        print("\n".join(f"{set_cell_size(path, width)}  {classes}" for path, classes in rows), flush=True)

    return write


def _classes(document: Document) -> str:
    if "error" in document:
        return str(document["error"])
    return "  ".join(f"{each['class']} {each['probability']:.3f}" for each in document["top"])
