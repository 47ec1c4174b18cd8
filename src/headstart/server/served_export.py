"""An export to OpenVINO's format, served by OpenVINO alone: no Keras, no scikit-learn, not even our own head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.child import silence_openvino_telemetry
from headstart.data.decode import DECODER, Geometry
from headstart.errors import UserError
from headstart.features.engine import engine_name, run_on
from headstart.jobs.looking import Looking, Squares
from headstart.learn.heads import Floats
from headstart.server.facts import facts_of
from headstart.ship.bundle import Bundle
from headstart.ship.exports.folder import Export, read_export
from headstart.ship.neighbours import Neighbours

FORMAT = "openvino"
"""The one format of exports that is served."""


@dataclass(frozen=True)
class ServedExport:
    """An export that OpenVINO runs, one picture a request, several requests at once; see `headstart.server.served`."""

    export: Export
    classes: tuple[str, ...]
    geometries: tuple[Geometry, ...]
    facts: dict[str, Any]
    queue: Any
    """OpenVINO's, of requests."""
    bundle: Bundle | None = None
    looking: Looking | None = None
    neighbours: Neighbours | None = None

    @property
    def parallel(self) -> int:
        """How many pictures are worked on at once."""
        return len(self.queue)

    def probabilities(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
        """Yield positions and probabilities; see `headstart.server.served.Served`."""
        shown = ({each.name: own[each.size][np.newaxis] for each in self.export.inputs} for own in pictures)
        return run_on(self.queue, enumerate(shown))


def served_export(path: Path) -> ServedExport:
    """Return the export in the folder ``path``, checked and compiled.

    Raises
    ------
    UserError
        If it is damaged, of another format than OpenVINO's, or made for another way of decoding.
    """
    export = read_export(path)
    if export.to != FORMAT:
        raise UserError(
            f"{path} is an export to {export.to}; serve runs model folders and exports to {FORMAT} alone. Export again "
            f"with --format {FORMAT}, or use the example.py in the folder."
        )
    geometries = tuple(Geometry(each.size, each.fit) for each in export.inputs)
    told = {**export.facts, "precision": export.precision, "decoder": DECODER}
    facts = facts_of(told, export.facts, export.classes, engine_name(FORMAT))
    return ServedExport(export, export.classes, geometries, facts, _compiled(export))


def _compiled(export: Export) -> Any:  # noqa: ANN401 - OpenVINO's queue
    silence_openvino_telemetry()
    import openvino as ov

    core = ov.Core()
    try:
        model = core.read_model(export.graph)
    except RuntimeError:
        raise UserError(f"{export.folder} is refused: OpenVINO can't read its graph; export again.") from None
    taken = {each.get_any_name(): (each.element_type, each.partial_shape) for each in model.inputs}
    expected = {each.name: (ov.Type.u8, ov.PartialShape([1, each.size, each.size, 3])) for each in export.inputs}
    given = [each.partial_shape for each in model.outputs]
    if taken != expected or given != [ov.PartialShape([1, len(export.classes)])]:
        raise UserError(f"{export.folder} is refused: its graph isn't one that its manifest tells of; export again.")
    # The precision must be asked for: on processors with bf16 OpenVINO would silently use that.
    options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    return ov.AsyncInferQueue(core.compile_model(model, "CPU", options))
