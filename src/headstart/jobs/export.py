"""``headstart export``: a model for other runtimes, called exported only after it said there what it says here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from headstart.data.decode import DECODER
from headstart.data.sources import opened
from headstart.errors import UserError, check_choice
from headstart.folders import check_out, folder_in_place_of, scratch_folder
from headstart.jobs.exporting.example import answers_of_example
from headstart.jobs.exporting.judged import judged
from headstart.jobs.exporting.pictures import Calibration, calibration_of, held_out, pictures_to_compare, place_for
from headstart.jobs.exporting.reference import reference_of
from headstart.manifests import EXPORT, MANIFEST, MODEL, read_manifest
from headstart.progress import Listener
from headstart.settings import ExportSettings
from headstart.ship.bundle import Bundle, read_bundle
from headstart.ship.exports.folder import Export, files_in, files_written, inputs_of, seal, write_beside_graph
from headstart.ship.exports.formats import FORMATS
from headstart.ship.exports.write import check_exportable, check_installed, write_graph


def run_export(settings: ExportSettings, listen: Listener) -> dict[str, Any]:
    """Write a model as a graph from pixels to probabilities, compare the two, and return the export's manifest.

    The graph is run by the example beside it, on up to 100 of the model's test pictures. In f32 it must agree with the
    model on all of them; in less, its accuracy must not be lower by more than chance. Else nothing is written. What
    was found is the field ``agreement`` (``docs/exports.md``).

    Raises
    ------
    UserError
        For a model, a format or data that the user can put right; for a precision that costs accuracy.
    MissingError
        If something isn't installed.
    HeadstartError
        If the export doesn't agree with the model.
    """
    check_choice("--format", settings.format, tuple(FORMATS))
    form = FORMATS[settings.format]
    check_installed(form, settings.precision)
    bundle = read_bundle(settings.model)
    check_exportable(bundle, form)
    held = held_out(settings.model)
    data = place_for(settings, bundle)
    check_out(settings.out, data, files_written(settings.out), MANIFEST)
    facts = _facts(bundle, settings.model)
    inputs = inputs_of(bundle.recipe.sizes, bundle.recipe.fit)
    with scratch_folder() as scratch:
        seen, folder = scratch / "pictures", scratch / "export"
        seen.mkdir()
        folder.mkdir()
        calibration: Calibration | None = None
        with opened(data, listen) as listing:
            dataset = pictures_to_compare(listing, held, bundle.classes, seen, listen)
            if settings.precision == "int8":
                calibration = calibration_of(listing, held.split, inputs, listen)
        reference = reference_of(bundle, dataset, listen)
        write_graph(settings.model, form, settings.precision, folder, listen, calibration)
        export = Export(folder, form.name, settings.precision, bundle.classes, inputs, facts)
        write_beside_graph(export, DECODER)
        said = answers_of_example(export, [seen / str(record.file) for record in reference.records], listen)
        found = judged(bundle, export, reference, said, listen)
        seal(export, DECODER, found)
        settings.out.parent.mkdir(parents=True, exist_ok=True)
        with folder_in_place_of(settings.out) as partial:
            _copy(folder, partial)
        return read_manifest(folder, EXPORT) | {"agreement": found}


def _copy(folder: Path, to: Path) -> None:
    """Copy an export; a disk that is full is told by the system's own error."""
    for name in (MANIFEST, *files_in(folder)):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, to / name)


def _facts(bundle: Bundle, model: Path) -> dict[str, Any]:
    """Return what an export says of the model that it was made of."""
    try:
        return {
            "approach": bundle.facts["approach"],
            "backbone": bundle.backbone.name,
            "head": bundle.head.kind,
            "precision": bundle.precision,
            "accuracy": bundle.facts["test"]["accuracy"],
            "pictures": bundle.facts["test"]["pictures"],
            "chance": bundle.facts["test"]["chance"],
            "headstart": bundle.facts["headstart"],
            "manifest_sha256": read_manifest(model, MODEL)["manifest_sha256"],
        }
    except (KeyError, TypeError) as error:
        raise UserError(f"{model} is refused: its manifest lacks or spoils {error}; train again.") from None
