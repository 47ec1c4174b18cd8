"""``headstart backbones``: the table of pretrained networks as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from headstart.networks.backbones import BACKBONES


def backbones() -> list[dict[str, Any]]:
    """Return a document per backbone, in the order of the table."""
    return [
        {
            "name": record.name,
            "image_size": record.image_size,
            "parameters": record.parameters,
            "top1": record.top1,
            "layers": [asdict(layer) for layer in record.layers],
            "stages": list(record.stages),
            "preprocessing": asdict(record.preprocessing),
            "weights": record.package or (record.weights.name if record.weights else None),
            "licence": record.licence,
            "paper": record.paper,
        }
        for record in BACKBONES.values()
    ]
