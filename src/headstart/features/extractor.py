"""What makes a vector of a picture, and the fingerprint that tells it from everything else that does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version

from headstart.data.decode import DECODER, Geometry
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork
from headstart.networks.cuts import cut_of


@dataclass(frozen=True)
class Extractor:
    """Everything that a vector depends on beside the picture's content.

    ``weights`` is the digest of the network's arrays, ``network`` the key under which it lies converted in the cache,
    which covers the versions of what defines and converts it. ``scaling`` is what the network does to pixels first,
    ``decoder`` and ``engine`` are the names and versions of what makes the pixels, and what runs the network.
    ``view`` is what of the picture it sees. ``precision`` and ``calibration`` are the network's. ``dtype`` is what
    its numbers are kept as: float32, or float16 for maps.
    """

    backbone: str
    weights: str
    layer: str
    network: str
    size: int
    fit: str
    view: str
    scaling: str
    decoder: str
    precision: str
    calibration: str
    engine: str
    dtype: str

    @property
    def geometry(self) -> Geometry:
        """What pictures are brought to."""
        return Geometry(self.size, self.fit, self.view)

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
        view=geometry.view,
        scaling=json.dumps(asdict(backbone(network.backbone).preprocessing)),
        # Pillow's own way of decoding and resizing may change with its version.
        decoder=f"{DECODER}, pillow {version('pillow')}",
        precision=network.precision,
        calibration=network.calibration,
        engine=engine,
        dtype="float16" if cut_of(backbone(network.backbone), network.layer).is_map else "float32",
    )
