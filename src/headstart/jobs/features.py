"""``headstart features``: a vector for each picture, in a file that other programs read."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.data.records import Dataset, skipped_sentence
from headstart.data.sources.parquet import required_pyarrow
from headstart.data.views import MOST_VIEWS, WHOLE, drawn
from headstart.documents import as_unicode
from headstart.errors import UserError
from headstart.features.store import FeatureStore
from headstart.folders import check_out_file, file_in_place_of
from headstart.jobs.extraction import Features, extracted, store_of, tell_room_for_maps
from headstart.jobs.on_cluster import check_cluster, extracted_on_cluster
from headstart.jobs.pictures import listed, pictures_of
from headstart.jobs.setup import Wish, setup_of, wish_of
from headstart.networks.cuts import cut_of
from headstart.progress import Listener, Said, silent
from headstart.settings import FeaturesSettings
from headstart.sizes import bytes_of

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
    with _features(settings, listen) as features:
        out = settings.out.resolve()  # a link stays, and what it leads to is replaced
        out.parent.mkdir(parents=True, exist_ok=True)
        with file_in_place_of(out) as partial:
            writer(features, partial)
    return {
        "format": FORMAT,
        "pictures": len(features.dataset.records),
        "views": settings.views,
        "shape": list(features.shape),
        "dtype": str(features.dtype),
        "classes": list(features.dataset.classes),
        "backbone": features.setup.networks[0].backbone,
        "features": features.setup.recipe.document(),
        "precision": features.precision.document(),
        "engine": features.engine,
        "skipped": [s.document() for s in features.dataset.skipped],
    }


def extract_features(
    data: str | Path | Address,
    *,
    listen: Listener = silent,
    **options: Any,  # noqa: ANN401 - the fields of the settings
) -> NDArray[np.float32]:
    """Return the feature vectors of the readable pictures of ``data``, ``(n_pictures, dimension)`` float32.

    The rows stand in the order of the data: classes by name, then files by name, numbers by value. With ``views``,
    there are so many rows of a picture, one after the other; with ``pool="none"`` there are maps,
    ``(n_pictures, height, width, channels)`` float16.

    Parameters
    ----------
    data
        As for `headstart.train`.
    listen
        Told of the progress, and of what is skipped.
    options
        The other fields of `headstart.settings.FeaturesSettings`: ``backbone``, ``weights``, ``fit`` …
    """
    settings = FeaturesSettings(data, out=Path(), **options)  # type: ignore[arg-type]  # as it is written
    with _features(settings, listen) as features:
        return features.matrix()


@contextmanager
def _features(settings: FeaturesSettings, listen: Listener) -> Iterator[Features]:
    """Yield the features that the settings ask for, all in the store, which is open until the end."""
    wish = wish_of(settings)
    views = _views(settings)
    check_cluster(settings.on, settings.cluster_store, wish)
    with ExitStack() as stack:
        store = stack.enter_context(store_of(settings.cache, settings.no_cache, settings.data, listen))
        if settings.on and settings.cluster_store:
            listing = stack.enter_context(listed(settings.data, listen, exclude=settings.exclude, fewest_classes=1))
            setup, _ = setup_of(wish, listen)
            features = extracted_on_cluster(
                listing, setup, views, store, listen, on=settings.on, shards=settings.cluster_store
            )
        else:
            features = stack.enter_context(_extracted_here(settings, wish, views, store, listen))
        left = features.dataset
        if not left.records:
            raise UserError(f"{left.name}: no picture can be read. {skipped_sentence(left.skipped)}")
        if left.skipped:
            listen(Said(f"Warning: {skipped_sentence(left.skipped)}"))
        yield features


@contextmanager
def _extracted_here(
    settings: FeaturesSettings, wish: Wish, views: tuple[str, ...], store: FeatureStore, listen: Listener
) -> Iterator[Features]:
    budget = bytes_of(settings.map_budget, "--map-budget")
    with pictures_of(settings.data, listen, exclude=settings.exclude, fewest_classes=1) as pictures:
        setup, _ = setup_of(wish, listen)
        dataset = pictures.dataset
        if cut_of(wish.record, wish.recipe.layer).is_map:
            tell_room_for_maps(dataset, setup, store, views=views, budget=budget, listen=listen)
        yield extracted(dataset, setup, store, listen, training=_training(dataset), views=views)


def _views(settings: FeaturesSettings) -> tuple[str, ...]:
    """Return the names of the views that are asked for, the picture itself first."""
    if not 1 <= settings.views <= MOST_VIEWS:
        raise UserError(f"--views {settings.views}: choose from 1 to {MOST_VIEWS}.")
    if settings.views > 1 and settings.flip:
        raise UserError("--views draws mirrored views among others; leave out --flip.")
    return (WHOLE, *(drawn(number) for number in range(1, settings.views)))


def _training(dataset: Dataset) -> Dataset:
    """Return the ready-made training part, or everything where there are no parts."""
    if all(record.part is None for record in dataset.records):
        return dataset
    return replace(dataset, records=tuple(record for record in dataset.records if record.part == "train"))


def _columns(features: Features) -> Arrays:
    """Return what stands beside the features, a row each."""
    dataset, views = features.dataset, len(features.views)
    columns: Arrays = {
        "labels": np.array([dataset.label_index(record) for record in dataset.records], np.int64),
        "paths": np.array([record.path for record in dataset.records], np.str_),
        "sha256": np.array([record.sha256 for record in dataset.records], np.str_),
    }
    if views > 1:
        columns = {name: np.repeat(column, views) for name, column in columns.items()}
        columns["views"] = np.tile(np.arange(views), len(dataset.records))
    return columns


def _writer(out: Path) -> Callable[[Features, Path], None]:
    writers = {".npz": _write_npz, ".parquet": _write_parquet}
    if out.suffix not in writers:
        raise UserError(f"--out {out}: name a file that ends in {' or '.join(writers)}.")
    if out.suffix == ".parquet":
        _pyarrow()
    return writers[out.suffix]


def _write_npz(features: Features, path: Path) -> None:
    """Write what `numpy.savez` would, without all features in memory."""
    columns = _columns(features)
    with zipfile.ZipFile(path, "w") as archive:
        with _member(archive, "features") as stream:
            header = {"descr": features.dtype.str, "fortran_order": False}
            shape = (len(columns["labels"]), *features.shape)
            np.lib.format.write_array_header_1_0(stream, header | {"shape": shape})
            for chunk in features.chunks():
                stream.write(np.ascontiguousarray(chunk).data)
        beside = columns | {"classes": np.array(features.dataset.classes, np.str_)}
        for name, column in sorted(beside.items(), key=lambda item: (*ARRAYS, "views").index(item[0])):
            with _member(archive, name) as stream:
                np.lib.format.write_array(stream, column, allow_pickle=False)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    # A ZipInfo of its own has no time of day: the same features are the same file.
    return archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True)


def _write_parquet(features: Features, path: Path) -> None:
    arrow, parquet = _pyarrow()
    columns = _columns(features)
    names = np.array(features.dataset.classes, np.str_)[columns["labels"]]
    beside = {
        "label": [as_unicode(name) for name in names],
        "path": [as_unicode(name) for name in columns["paths"]],
        "sha256": list(columns["sha256"]),
    }
    if "views" in columns:
        beside["view"] = columns["views"].tolist()
    # A map stands there flat; its shape is in the metadata.
    flat = arrow.list_(arrow.from_numpy_dtype(features.dtype), math.prod(features.shape))
    kinds = {"view": arrow.int64()}
    schema = arrow.schema(
        [("features", flat), *((name, kinds.get(name, arrow.string())) for name in beside)],
        metadata={"headstart": "features", "shape": json.dumps(features.shape)},
    )
    with parquet.ParquetWriter(path, schema) as writer:
        start = 0
        for chunk in features.chunks():
            end = start + len(chunk)
            some = {"features": arrow.FixedSizeListArray.from_arrays(arrow.array(chunk.ravel()), flat.list_size)}
            writer.write_table(
                arrow.table(some | {name: column[start:end] for name, column in beside.items()}, schema=schema)
            )
            start = end


def _pyarrow() -> Any:  # noqa: ANN401 - modules
    return required_pyarrow("A .parquet file needs pyarrow: pip install 'headstart[parquet]'.")


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
