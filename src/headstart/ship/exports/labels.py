"""Class names, which are strangers' text, as lines of ``labels.txt`` and of what formats have in its place."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.documents import as_unicode


def labels_text(classes: Sequence[str]) -> str:
    """Return one line a class; a line break in a name is a space there, and what is no Unicode an escape."""
    return "".join(f"{' '.join(as_unicode(name).splitlines())}\n" for name in classes)
