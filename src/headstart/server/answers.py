"""What the model says of a picture, as a JSON document."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.server.refusals import Refused, RefusedError
from headstart.server.served import Served
from headstart.server.service import Answered

_OF_MODEL = ("approach", "backbone", "precision", "headstart")


def prediction(model: Served, answered: Answered | Refused, top: int) -> dict[str, Any]:
    """Return the most likely classes of a picture with their probabilities, ``top`` of them; or the error."""
    if isinstance(answered, Refused):
        return answered.document()
    order = np.argsort(-answered.probabilities, kind="stable")[:top]
    named = [{"class": model.classes[i], "probability": float(answered.probabilities[i])} for i in order]
    return {**named[0], "top": named}


def model_in_brief(model: Served) -> dict[str, Any]:
    """Return what is told of the model beside its answers."""
    return {name: model.facts[name] for name in _OF_MODEL if name in model.facts}


def checked_top(model: Served, asked: int | None, usual: int) -> int:
    """Return how many classes to name; raise `RefusedError` if so many were ``asked`` for that there aren't."""
    most = len(model.classes)
    if asked is not None and not 1 <= asked <= most:
        message = f"top={asked}: the model has {most} classes; ask for 1 to {most}."
        raise RefusedError(Refused("bad-request", message, 422))
    return asked or min(usual, most)
