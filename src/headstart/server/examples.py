"""What the description of the server at ``/openapi.json`` says of its routes, with examples that are real answers."""

from __future__ import annotations

from typing import Any

from headstart.server.refusals import refused_picture

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "For programs: it doesn't change."},
                "message": {"type": "string", "description": "For people."},
            },
        }
    },
}
_FILE = {"type": "string", "format": "binary"}
_NAMED = {
    "type": "object",
    "required": ["class", "probability"],
    "properties": {
        "class": {"type": "string"},
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
_PREDICTION = {
    **_NAMED,
    "required": ["class", "probability", "top"],
    "properties": {
        **_NAMED["properties"],  # type: ignore[dict-item]
        "top": {"type": "array", "items": _NAMED, "description": "The most likely classes, the first one first."},
    },
}
_PREDICTIONS = {
    "type": "object",
    "required": ["predictions", "model"],
    "properties": {
        "predictions": {
            "type": "array",
            "items": {"oneOf": [_PREDICTION, _ERROR]},
            "description": "One for each picture, in the order in which they were sent.",
        },
        "model": {"type": "object"},
    },
}
_CAT = {
    "class": "cat",
    "probability": 0.9989029169082642,
    "top": [
        {"class": "cat", "probability": 0.9989029169082642},
        {"class": "dog", "probability": 0.0010970336152240634},
    ],
}
_BROKEN = refused_picture("unreadable").document()
_BRIEF = {"approach": "frozen+logistic", "backbone": "efficientnet_lite0", "precision": "f32", "headstart": "0.1.0"}
_WORDS = {
    400: "The body is empty, or a damaged form.",
    401: "The token is missing or wrong.",
    403: "Pages of that web site may not ask here.",
    408: "The request didn't come to its end in time.",
    413: "The body is too large, or holds too many pictures.",
    415: "The body is neither a picture nor a form with files.",
    421: "The server isn't called by that name.",
    422: "The picture, or a parameter, can't be used.",
    429: "The server has all the work that it takes at a time.",
    500: "The server failed.",
    503: "The model is being loaded, or the server stops.",
}


def error_docs(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of errors with these ``statuses``."""
    return {
        status: {"description": _WORDS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }


def _answer(example: object, schema: dict[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    return {
        200: {
            "description": "The answer.",
            "content": {"application/json": {"schema": schema or {"type": "object"}, "example": example}},
        }
    }


PREDICT_DOCS: dict[str, Any] = {
    "responses": {
        **_answer({"predictions": [_CAT, _BROKEN], "model": _BRIEF}, _PREDICTIONS),
        **error_docs(*_WORDS),
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "image/*": {"schema": _FILE},
                "application/octet-stream": {"schema": _FILE},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "array", "items": _FILE}},
                    }
                },
            },
        }
    },
}
"""Of the route that answers for pictures."""

READING_DOCS: dict[str, dict[str, Any]] = {
    "model": {
        "responses": _answer(
            {
                "approach": "frozen+logistic",
                "backbone": "efficientnet_lite0",
                "test": {"accuracy": {"value": 0.9875, "low": 0.9639, "high": 0.9957}, "pictures": 240, "chance": 0.5},
                "classes": ["cat", "dog"],
            }
        )
    },
    "healthz": {"responses": _answer({"status": "alive"})},
    "readyz": {"responses": {**_answer({"status": "ready"}), **error_docs(503)}},
    "metrics": {
        "responses": {
            200: {
                "description": "The text.",
                "content": {"text/plain": {"example": 'headstart_pictures_total{outcome="answered"} 1.0'}},
            }
        }
    },
}
"""Of the routes that tell something."""
