"""What makes a vector of a picture, and the fingerprint that tells it from everything else that does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version

from headstart.data.decode import DECODER, Geometry
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork


@dataclass(frozen=True)
class Extractor:
    """Everything that a vector depends on beside the picture's content.

    ``weights`` is the digest of the network's arrays, ``network`` the key under which it lies converted in the cache,
    which covers the versions of what defines and converts it. ``scaling`` is what the network does to pixels first,
    ``decoder`` and ``engine`` are the names and versions of what makes the pixels, and what runs the network.
    """

    backbone: str
    weights: str
    layer: str
    network: str
    size: int
    fit: str
    scaling: str
    decoder: str
    precision: str
    engine: str

    @property
    def facts(self) -> str:
        """The fields as one JSON object, always in the same order."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def fingerprint(self) -> str:
        """A digest of all fields: vectors of another fingerprint are never taken for this one's."""
        return fingerprint_of(self.facts)


def fingerprint_of(facts: str) -> str:
    """Return the fingerprint of the extractor with these `Extractor.facts`."""
    return hashlib.sha256(facts.encode()).hexdigest()


def extractor_of(network: ConvertedNetwork, geometry: Geometry, engine: str) -> Extractor:
    """Return what makes vectors when ``engine`` runs ``network`` on pictures brought to ``geometry``."""
    return Extractor(
        backbone=network.backbone,
        weights=network.content_sha256,
        layer=network.layer,
        network=network.folder.name,
        size=geometry.size,
        fit=geometry.fit,
        scaling=json.dumps(asdict(backbone(network.backbone).preprocessing)),
        # Pillow's own way of decoding and resizing may change with its version.
        decoder=f"{DECODER}, pillow {version('pillow')}",
        precision="f32",
        engine=engine,
    )
