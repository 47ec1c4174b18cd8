"""What a client may know of a model that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart import __version__

_FACTS = ("approach", "backbone", "head", "features", "precision", "decoder", "headstart", "dataset_sha256")
_FIGURES = ("accuracy", "pictures", "chance")


def facts_of(told: Mapping[str, Any], test: Mapping[str, Any], classes: Sequence[str], engine: str) -> dict[str, Any]:
    """Return what a client may know of a model: nothing that names a place.

    Parameters
    ----------
    told
        What is known of it; of that, what `_FACTS` lists is passed on.
    test
        Its figures on the test pictures.
    classes
        Their names, in the order of the probabilities.
    engine
        Name and version of what runs it.
    """
    return {
        **{name: told[name] for name in _FACTS if name in told},
        "test": {name: test[name] for name in _FIGURES if name in test},
        "served_by": {"headstart": __version__, "engine": engine},
        "classes": list(classes),
    }
