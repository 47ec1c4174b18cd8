"""The program beside each export that shows how to use it: one part for pictures, and one for each runtime.

It is written for people who have never seen headstart, and needs nothing of it. That its pixels are those of
`headstart.data.decode`, to the bit, is tested; that its answers are the model's is found out at each export.
"""

from __future__ import annotations

from headstart.ship.exports.formats import Format


def example_for(form: Format) -> str:
    """Return the text of ``example.py`` for exports of this format."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("headstart.ship.exports", "examples"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - Python, of which no part comes from the user
    )
    return environment.get_template("example.py.jinja").render(form=form, runtime=f"{form.name}.py.jinja")
