"""What a client may know of a model: what it is and how good, and no place."""

from __future__ import annotations

from headstart import __version__
from headstart.server.facts import facts_of


def test_what_is_known_is_told_and_everything_else_is_kept() -> None:
    told = {"approach": "frozen+knn", "settings": {"data": "/secret"}, "weights": {"name": "/secret/file"}}
    test = {"accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}, "pictures": 10, "per_class": {"ant": {}}}
    assert facts_of(told, test, ("ant", "bee"), "openvino 1") == {
        "approach": "frozen+knn",
        "test": {"accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}, "pictures": 10},
        "served_by": {"headstart": __version__, "engine": "openvino 1"},
        "classes": ["ant", "bee"],
    }
