"""Pages of one file: HTML with its style and pictures inside, without a script, for names that nobody has vetted.

Names of classes and files come from whoever made the data. On a page they are text and nothing else: every value
that a template prints goes through `shown` and is then escaped, so no template can forget either.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from headstart.documents import showable

LONGEST_NAME = 200
"""Characters of a name that a page shows; the document beside the page has all of them."""


def page(template: str, **values: object) -> str:
    """Return the page that ``template`` makes of ``values``: text that can be encoded as UTF-8, always."""
    return _environment().get_template(template).render(values)


def shown(value: object) -> object:
    """Return text with what can't be shown replaced by a sign for it; what is markup or no text, as it is."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return showable(value)


def shortened(name: str) -> str:
    """Return ``name`` with the middle of a very long one left out: both ends tell files apart."""
    if len(name) <= LONGEST_NAME:
        return name
    half = LONGEST_NAME // 2
    return f"{name[:half]} … {name[-half:]}"


def amount(number: int, one: str = "", several: str = "") -> str:
    """Return ``number`` with separators, and the word that belongs to it: ``1 note``, ``2,527 pictures``."""
    word = one if number == 1 else several or f"{one}s"
    return f"{number:,} {word}" if one else f"{number:,}"


def jpeg_address(content: bytes) -> Markup:
    """Return a ``data:`` address that holds a JPEG file; Base64 has no character that HTML would read."""
    return Markup("data:image/jpeg;base64,") + b64encode(content).decode("ascii")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("headstart.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "shortened": shortened}
    return environment
