"""``headstart predict``: a model and picture files in, classes with probabilities out."""

from __future__ import annotations

from typing import Any

from headstart.errors import UserError
from headstart.jobs.classifier import Prediction, load
from headstart.progress import Listener
from headstart.settings import PredictSettings


def run_predict(settings: PredictSettings, listen: Listener) -> list[dict[str, Any]]:
    """Return a document per picture, in the order given: ``path`` and ``class``, ``probability``, ``top`` or ``error``.

    Raises
    ------
    UserError
        If the model can't be used, or none of the pictures.
    """
    if settings.top < 1:
        raise UserError(f"--top {settings.top}: name at least 1 class per picture.")
    model = load(settings.model, listen)
    predictions = model.predict(settings.images, top=settings.top, listen=listen)
    if all(p.error for p in predictions):
        first = predictions[0]
        raise UserError(f"None of the {len(predictions)} pictures can be used (first: {first.path}: {first.error}).")
    return [document(p) for p in predictions]


def document(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction as plain JSON values."""
    path = prediction.path.as_posix()
    if prediction.error:
        return {"path": path, "error": prediction.error}
    return {
        "path": path,
        "class": prediction.label,
        "probability": prediction.probability,
        "top": [{"class": name, "probability": p} for name, p in prediction.top],
    }
