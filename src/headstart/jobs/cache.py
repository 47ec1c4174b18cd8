"""``headstart cache``: what the feature store holds, whether it is whole, and making it smaller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.errors import UserError
from headstart.features.store import FeatureStore, Held, opened_store, store_file
from headstart.folders import cache_folder
from headstart.progress import Listener, Said
from headstart.settings import CacheSettings
from headstart.sizes import bytes_of

FORMAT = 1


def run_cache(settings: CacheSettings, listen: Listener) -> dict[str, Any]:
    """Return what the feature store holds, after verifying or pruning it if that is asked for.

    Raises
    ------
    UserError
        If the store is damaged, or a setting can't be.
    MissingError
        If nothing can be written there.
    """
    most = None if settings.prune_size is None else bytes_of(settings.prune_size, "--prune-size")
    if settings.prune_days is not None and settings.prune_days < 0:
        raise UserError(f"--prune-days {settings.prune_days}: name a number of days, 0 for all that isn't of today.")
    folder = settings.cache or cache_folder()
    held: list[Held] = []
    pruned = None
    if store_file(folder).exists():
        with opened_store(folder) as store:
            if settings.verify:
                _verify(store, store_file(folder))
            if settings.prune_days is not None or most is not None:
                pruned = store.prune(unused_days=settings.prune_days, most_bytes=most)
                listen(Said(f"Removed {pruned} vectors."))
            held = store.held()
    elif settings.cache:
        raise UserError(f"--cache {folder}: no feature vectors are kept there.")
    return {
        "format": FORMAT,
        "folder": str(folder),
        "vectors": sum(each.vectors for each in held),
        "bytes": sum(each.bytes for each in held),
        "pruned": pruned,
        "verified": settings.verify,
        "extractors": [_document(each) for each in held],
    }


def _verify(store: FeatureStore, file: Path) -> None:
    damaged = store.damaged()
    if damaged:
        raise UserError(
            f"{damaged} of the vectors in {file} aren't what was stored; delete the folder {file.parent}: everything "
            "in it can be computed again."
        )


def _document(held: Held) -> dict[str, Any]:
    return {**held.facts, "vectors": held.vectors, "bytes": held.bytes, "used": held.used.isoformat()}
