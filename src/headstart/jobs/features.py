"""``headstart features``: a vector for each picture, in a file that other programs read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import skipped_sentence
from headstart.errors import MissingError, UserError
from headstart.folders import check_out_file, file_in_place_of
from headstart.jobs.extraction import Features, extracted, store_of
from headstart.jobs.pictures import check_fit, pictures_of
from headstart.networks.backbones import backbone
from headstart.networks.converted import network_from
from headstart.networks.weights import check_weights, find_weights
from headstart.progress import Listener, Said, silent
from headstart.settings import FeaturesSettings

FORMAT = 1
ARRAYS = ("features", "labels", "classes", "paths", "sha256")
"""What stands in a file of features."""

Arrays = dict[str, NDArray[Any]]


def run_features(settings: FeaturesSettings, listen: Listener) -> dict[str, Any]:
    """Write the feature vector of every readable picture to a file, and return what is in it.

    What is computed is kept in the store at once: a run that was killed goes on where it was.

    Raises
    ------
    UserError
        For settings or data that the user can put right.
    MissingError
        If weights can't be had, or pyarrow for a Parquet file.
    """
    writer = _writer(settings.out)
    check_out_file(settings.out, settings.data, _is_ours)
    features = _features(settings, listen)
    arrays = _arrays(features)
    out = settings.out.resolve()  # a link stays, and what it leads to is replaced
    out.parent.mkdir(parents=True, exist_ok=True)
    with file_in_place_of(out) as partial:
        writer(arrays, partial)
    return {
        "format": FORMAT,
        "pictures": len(features.matrix),
        "dimension": features.matrix.shape[1],
        "classes": list(features.dataset.classes),
        "backbone": settings.backbone,
        "layer": settings.layer,
        "engine": features.engine,
        "skipped": [s.document() for s in features.dataset.skipped],
    }


def extract_features(
    data: str | Path,
    *,
    listen: Listener = silent,
    **options: Any,  # noqa: ANN401 - the fields of the settings
) -> NDArray[np.float32]:
    """Return the feature vectors of the readable pictures of ``data``, ``(n_pictures, dimension)`` float32.

    The rows stand in the order of the data: classes by name, then files by name, numbers by value.

    Parameters
    ----------
    data
        As for `headstart.train`.
    listen
        Told of the progress, and of what is skipped.
    options
        The other fields of `headstart.settings.FeaturesSettings`: ``backbone``, ``weights``, ``fit`` …
    """
    return _features(FeaturesSettings(Path(data), out=Path(), **options), listen).matrix


def _features(settings: FeaturesSettings, listen: Listener) -> Features:
    record = backbone(settings.backbone)
    layer = record.layer(settings.layer)
    check_fit(settings.fit)
    check_weights(record, settings.weights, layer=layer.name, offline=settings.offline)
    with (
        store_of(settings.cache, settings.no_cache, settings.data, listen) as store,
        pictures_of(settings.data, listen, exclude=settings.exclude, fewest_classes=1) as pictures,
    ):
        origin = find_weights(
            record, settings.weights, layer=layer.name, seed=settings.seed, offline=settings.offline, listen=listen
        )
        network = network_from(record, layer.name, origin, listen)
        features = extracted(pictures.dataset, network, Geometry(record.image_size, settings.fit), store, listen)
    dataset = features.dataset
    if not dataset.records:
        raise UserError(f"{dataset.name}: no picture can be read. {skipped_sentence(dataset.skipped)}")
    if dataset.skipped:
        listen(Said(f"Warning: {skipped_sentence(dataset.skipped)}"))
    return features


def _arrays(features: Features) -> Arrays:
    dataset = features.dataset
    return {
        "features": features.matrix,
        "labels": np.array([dataset.label_index(record) for record in dataset.records], np.int64),
        "classes": np.array(dataset.classes, np.str_),
        "paths": np.array([record.path for record in dataset.records], np.str_),
        "sha256": np.array([record.sha256 for record in dataset.records], np.str_),
    }


def _writer(out: Path) -> Callable[[Arrays, Path], None]:
    writers = {".npz": _write_npz, ".parquet": _write_parquet}
    if out.suffix not in writers:
        raise UserError(f"--out {out}: name a file that ends in {' or '.join(writers)}.")
    if out.suffix == ".parquet":
        _pyarrow()
    return writers[out.suffix]


def _write_npz(arrays: Arrays, path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # taken for another option


def _write_parquet(arrays: Arrays, path: Path) -> None:
    arrow, parquet = _pyarrow()
    features = arrays["features"]
    names = arrays["classes"][arrays["labels"]]
    table = arrow.table(
        {
            "features": arrow.FixedSizeListArray.from_arrays(arrow.array(features.ravel()), features.shape[1]),
            "label": [_text(name) for name in names],
            "path": [_text(name) for name in arrays["paths"]],
            "sha256": list(arrays["sha256"]),
        }
    )
    parquet.write_table(table.replace_schema_metadata({"headstart": "features"}), path)


def _text(name: str) -> str:
    """Return a name that may be no Unicode with what is none as an escape: Parquet has only UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _pyarrow() -> Any:  # noqa: ANN401 - modules
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingError("A .parquet file needs pyarrow: pip install 'headstart[parquet]'.") from None
    return pyarrow, parquet


def _is_ours(file: Path) -> bool:
    """Return whether an existing file was written by this job."""
    if file.suffix == ".parquet":
        _, parquet = _pyarrow()
        try:
            return (parquet.read_schema(file).metadata or {}).get(b"headstart") == b"features"
        except Exception:  # pyarrow raises many kinds for what is no Parquet
            return False
    try:
        with zipfile.ZipFile(file) as archive:
            return {f"{name}.npy" for name in ARRAYS} <= set(archive.namelist())
    except Exception:  # zipfile raises several kinds for what is no archive, or a damaged one
        return False
