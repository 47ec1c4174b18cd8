"""Features computed on a cluster and brought into the store, from where every job takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headstart.addresses import Address
from headstart.cluster.extraction import extracted_on
from headstart.data.inspect import dataset_of, record_of
from headstart.data.records import Dataset, Listing, Skipped
from headstart.errors import UserError
from headstart.features.engine import engine_name
from headstart.features.extractor import extractor_of
from headstart.features.store import FeatureStore
from headstart.jobs.extraction import Features
from headstart.jobs.setup import Setup, Wish
from headstart.networks.cuts import cut_of
from headstart.progress import Listener


def check_cluster(on: str | None, shards: Path | Address | None, wish: Wish) -> None:
    """Raise `UserError` unless the options of a cluster go together, and with the features that are asked for."""
    check_named_together(on, shards)
    if on is None:
        return
    if wish.precision not in ("auto", "f32"):
        raise UserError(f"--on {on} computes in f32; leave out --precision {wish.precision}.")
    if wish.engine != "openvino":
        raise UserError(f"--on {on} computes with OpenVINO; leave out --engine {wish.engine}.")
    if cut_of(wish.record, wish.recipe.layer).is_map:
        raise UserError(f"--on {on} computes vectors; leave out --pool none.")


def check_named_together(on: str | None, shards: Path | Address | None) -> None:
    """Raise `UserError` if a cluster is named and no place for its vectors, or the other way round."""
    if on is None and shards is not None:
        raise UserError(f"--cluster-store {shards} is for --on ray; name both, or neither.")
    if on is not None and shards is None:
        raise UserError(
            f"--on {on} needs --cluster-store: an address or a shared folder where the nodes write vectors."
        )


def extracted_on_cluster(
    listing: Listing,
    setup: Setup,
    views: tuple[str, ...],
    store: FeatureStore,
    listen: Listener,
    *,
    on: str,
    shards: Path | Address,
) -> Features:
    """Return the features of the readable pictures of ``listing``, computed in f32 on the cluster ``on``.

    Parameters
    ----------
    listing
        Pictures that nobody has read yet.
    setup
        What makes features.
    views
        What is taken for a picture.
    store
        Where the vectors are brought.
    listen
        Told of the plan and the progress.
    on
        ``ray``, or ``ray://HOST:PORT``.
    shards
        Where the nodes write vectors, and where a later run finds them.

    Raises
    ------
    UserError, MissingError
        As `headstart.cluster.extraction.extracted_on`.
    """
    features = Features(_as_dataset(listing, {}, {}), setup, setup.networks, views, store)
    contents: dict[str, str] = {}
    failed: dict[str, str] = {}
    for look in features.looks():
        extractor = extractor_of(features.network(look), look, engine_name(setup.engine))
        with extracted_on(on, listing, features.network(look), extractor, store=shards, listen=listen) as computed:
            for some in computed:
                made = {row.sha256: row.vector for row in some.rows if row.vector is not None}
                store.put(extractor, made)
                for picture, row in zip(some.pictures, some.rows, strict=True):
                    if row.reason:
                        failed[picture.path] = row.reason
                    elif contents.setdefault(picture.path, row.sha256) != row.sha256:
                        failed[picture.path] = "changed"
    return replace(features, dataset=_as_dataset(listing, contents, failed))


def _as_dataset(listing: Listing, contents: dict[str, str], failed: dict[str, str]) -> Dataset:
    """Return the pictures that a vector was made of, with their contents, and with why the others are skipped."""
    records = [
        record_of(each, contents[each.path])
        for each in listing.pictures
        if each.path in contents and each.path not in failed
    ]
    skipped = [*listing.skipped, *(Skipped(path, reason) for path, reason in failed.items())]
    return dataset_of(listing, records, skipped)
