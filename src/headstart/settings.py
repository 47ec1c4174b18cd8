"""One frozen dataclass per job. The command line, the Python keywords and the results file are made from these."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from headstart.addresses import Address, place_named

_MAY_BE_ADDRESSES = ("data", "source", "cluster_store")


def _accept_strings(settings: Any, *names: str) -> None:  # noqa: ANN401 - any settings dataclass
    """Turn strings into paths where a path is meant, as Python callers write them; some may be at an address."""
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, str):
            object.__setattr__(settings, name, place_named(value) if name in _MAY_BE_ADDRESSES else Path(value))


def _accept_tuples(settings: Any, *names: str) -> None:  # noqa: ANN401 - any settings dataclass
    """Turn one value, or a list of values, into a tuple of them, as Python callers write them."""
    for name in names:
        value = getattr(settings, name)
        object.__setattr__(settings, name, (value,) if isinstance(value, str | int) else tuple(value))


_SHARED = {
    "data": """
        The pictures: a folder with one sub-folder per class, or with train, val and test folders of such; a zip or
        tar of that; a CSV or JSONL list (path, label, and if you like split and group); or a Parquet file with the
        pictures inside. Or the address of any of these in object storage: s3://bucket/folder, gs://, az:// (needs
        the extra "cloud").""",
    "split": """
        A split.json of an earlier run: the same pictures are held out again.""",
    "fit": """
        How a picture becomes a square: squash (the whole picture, its aspect changed), crop (the middle) or pad
        (the whole picture with grey beside it).""",
    "group_by": """
        A regular expression, searched in the pictures' paths: those in which its capturing groups are the same (a
        patient, a recording) are never separated.""",
    "folds": """
        Cross-validation: cut the pictures into so many folds (at least 3), each the test part once.""",
    "exclude": """
        Leave out a class; may be given several times.""",
    "backbone": """
        The pretrained network; `headstart backbones` lists them. Or a folder that `headstart pretrain` wrote.""",
    "layer": """
        The layer whose output is the feature vector: avg_pool, or fc1 or fc2 of VGG16 and VGG19, or the end of a
        stage (`headstart backbones --json` lists them); several side by side with a plus, as in fc1+fc2.""",
    "pool": """
        What becomes of the map at the end of a stage, or of the last one, which avg_pool names: avg (its average),
        max, or none (the map itself).""",
    "scale": """
        Bring pictures to so many pixels a side, instead of the network's own size; given several times, the network
        looks at each picture in each size.""",
    "combine": """
        What becomes of the vectors of several scales: stack (side by side) or average.""",
    "flip": """
        Take the mean of each picture's vector and its mirror image's.""",
    "l2": """
        Bring each layer's part of the vector, and then the whole, to length 1.""",
    "engine": """
        What runs the network: openvino, keras (TensorFlow, torch or JAX, whatever is installed), or auto: keras
        where there is a GPU or no OpenVINO.""",
    "precision": """
        What the network computes in: f32, bf16, f16, int8 (needs the extra "int8"), or auto: for many pictures the
        fastest of what the processor can do by itself, measured. Less than f32 is compared with f32 on training
        pictures, and isn't used if it loses too much.""",
    "weights": """
        imagenet, none (random, to see what pretraining brings), a weight file (.weights.h5, .h5, .safetensors)
        or a model folder that headstart wrote.""",
    "epochs": """
        How often each training picture is seen; a number that suits their number, if none is named.""",
    "learning_rate": """
        The highest learning rate, that of the new layers.""",
    "batch_size": """
        Pictures in a step.""",
    "augment": """
        How pictures are changed at each look: none, light (mirrored, shifted) or strong (zoomed, other colours, a
        part covered too); fine-tune takes that many drawn views instead, see --views.""",
    "label_smoothing": """
        Take so much of the target away from the true class and spread it over all, in [0, 1).""",
    "budget": """
        Time that may be spent in all, as in 90s, 5m or 1h30m: what fits is told at the start, and Ctrl-C keeps the
        best so far.""",
    "blocks": """
        Depth of the small VGG: how often two convolutions are followed by a halving of the picture.""",
    "width": """
        Filters of the small VGG's first block; each block has twice as many as the one before.""",
    "offline": """
        Never download a weight file.""",
    "cache": """
        Folder in which feature vectors are kept, so that no picture is computed twice; HEADSTART_CACHE, or the
        platform's own place, if none is named.""",
    "no_cache": """
        Neither take feature vectors from the cache nor keep them there.""",
    "dedupe_test": """
        Take pictures of a ready-made test part that have a copy or near copy in another part out of it.""",
    "resplit": """
        Set ready-made parts aside and split anew, copies kept together.""",
}
"""What options mean that mean the same in every command."""

S = TypeVar("S")


def _with_shared_options(settings_class: type[S]) -> type[S]:
    """Add to the docstring of a settings class what its shared options mean."""
    names = [f.name for f in dataclasses.fields(settings_class) if f.name in _SHARED]  # type: ignore[arg-type]
    entries = "".join(f"    {name}{_SHARED[name]}\n" for name in names)
    heading = "" if "    Parameters\n" in str(settings_class.__doc__) else "\n    Parameters\n    ----------\n"
    settings_class.__doc__ = f"{str(settings_class.__doc__).rstrip()}\n{heading}{entries}    "
    return settings_class


@dataclass(frozen=True)
class DataOptions:
    """The pictures: the first field of every settings class, and so the first argument of every command."""

    data: Address | Path


@dataclass(frozen=True)
class FeatureOptions(DataOptions):
    """What feature vectors are made of and by, in every command that makes them."""

    backbone: str = field(default="efficientnet_lite0", kw_only=True)
    layer: str = field(default="avg_pool", kw_only=True)
    pool: str = field(default="avg", kw_only=True)
    weights: str = field(default="imagenet", kw_only=True)
    fit: str = field(default="squash", kw_only=True)
    scale: tuple[int, ...] = field(default=(), kw_only=True)
    combine: str = field(default="stack", kw_only=True)
    flip: bool = field(default=False, kw_only=True)
    l2: bool = field(default=False, kw_only=True)
    engine: str = field(default="auto", kw_only=True)
    precision: str = field(default="auto", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    offline: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained, in every command that trains one; None leaves it to a rule by the data's size."""

    epochs: int | None = field(default=None, kw_only=True)
    learning_rate: float | None = field(default=None, kw_only=True)
    batch_size: int | None = field(default=None, kw_only=True)
    augment: str | None = field(default=None, kw_only=True)
    label_smoothing: float | None = field(default=None, kw_only=True)
    budget: str | None = field(default=None, kw_only=True)
    blocks: int | None = field(default=None, kw_only=True)
    width: int | None = field(default=None, kw_only=True)


@_with_shared_options
@dataclass(frozen=True)
class TrainSettings(TrainingOptions, FeatureOptions):
    """The settings of ``train``.

    Parameters
    ----------
    out
        Folder to write the model to: new, empty, or written by headstart before.
    approach
        How to learn: frozen+HEAD (a head on a pretrained network's features: logistic, svm, ridge, lda, tree, forest,
        knn or mlp), fine-tune (that network's last stages too), handcrafted+HEAD (svm, logistic, tree or forest, on
        features that need no network), or scratch (a small network, trained from nothing). mlp, fine-tune and scratch
        need the extra "train".
    class_weight
        What a picture counts: balanced (each class the same in all), none (each picture the same), or auto: balanced
        where a class has 4 times the pictures of another.
    refit
        none, or train+val: fit the head once more, to the val part too, after what is chosen was chosen.
    unfreeze
        How many of the network's last stages fine-tune trains.
    views
        fine-tune: how many views of each picture to learn from: the picture itself, and parts of it drawn once.
    map_budget
        fine-tune: what the maps at the end of the frozen stages may take in the cache, as in 500MB.
    with_neighbours
        Keep small copies of training pictures in the model (2,000 at most, of each class alike), so that `headstart
        serve` can show those that are most like a picture. Whoever has the model then has them.
    seed
        Seed of the split, of random weights and of the training.
    """

    out: Path = field(kw_only=True)
    approach: str = field(default="frozen+logistic", kw_only=True)
    class_weight: str = field(default="auto", kw_only=True)
    refit: str = field(default="none", kw_only=True)
    unfreeze: int | None = field(default=None, kw_only=True)
    views: int | None = field(default=None, kw_only=True)
    map_budget: str = field(default="2GB", kw_only=True)
    with_neighbours: bool = field(default=False, kw_only=True)
    split: Path | None = field(default=None, kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    folds: int | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    dedupe_test: bool = field(default=False, kw_only=True)
    resplit: bool = field(default=False, kw_only=True)
    cache: Path | None = field(default=None, kw_only=True)
    no_cache: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out", "split", "cache")
        _accept_tuples(self, "exclude", "scale")


@_with_shared_options
@dataclass(frozen=True)
class PretrainSettings(TrainingOptions, DataOptions):
    """The settings of ``pretrain``.

    Parameters
    ----------
    out
        Folder to write the network to: new, empty, or written by `pretrain` before.
    arch
        What to train: small_vgg, or any network that `headstart backbones` lists, from random weights.
    scale
        Bring pictures to so many pixels a side; to one that suits them, if none is named.
    seed
        Seed of the split, of the first weights and of the training.
    """

    out: Path = field(kw_only=True)
    arch: str = field(default="small_vgg", kw_only=True)
    scale: int | None = field(default=None, kw_only=True)
    fit: str = field(default="squash", kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    seed: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out")
        _accept_tuples(self, "exclude")


@_with_shared_options
@dataclass(frozen=True)
class TuneSettings:
    """The settings of ``tune``. What is named is kept as it is, and not searched.

    Parameters
    ----------
    out
        Folder for the search and its model: new, empty, or written by `tune` before, which goes on then.
    approach
        How to learn, as for `train`; that decides what is searched.
    trials
        Settings to try at most, those of an earlier run in --out included.
    class_weight
        What a picture counts, as for `train`.
    map_budget
        fine-tune: what the maps at the end of the frozen stages may take in the cache, as in 500MB.
    seed
        Seed of the search, of the split, of random weights and of the trainings.
    """

    data: Address | Path
    out: Path = field(kw_only=True)
    approach: str = field(default="frozen+logistic", kw_only=True)
    budget: str = field(default="10m", kw_only=True)
    trials: int | None = field(default=None, kw_only=True)
    backbone: str = field(default="efficientnet_lite0", kw_only=True)
    weights: str = field(default="imagenet", kw_only=True)
    fit: str = field(default="squash", kw_only=True)
    class_weight: str = field(default="auto", kw_only=True)
    engine: str = field(default="auto", kw_only=True)
    precision: str = field(default="auto", kw_only=True)
    map_budget: str = field(default="2GB", kw_only=True)
    split: Path | None = field(default=None, kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    dedupe_test: bool = field(default=False, kw_only=True)
    resplit: bool = field(default=False, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    offline: bool = field(default=False, kw_only=True)
    cache: Path | None = field(default=None, kw_only=True)
    no_cache: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out", "split", "cache")
        _accept_tuples(self, "exclude")


@_with_shared_options
@dataclass(frozen=True)
class CompareSettings:
    """The settings of ``compare``.

    Parameters
    ----------
    out
        Folder for the report, the results and the best model: new, empty, or written by `compare` before, which goes
        on then.
    approaches
        What to compare, as for `train`, with commas between; a selection of every kind, if none is named.
    backbones
        The pretrained networks of frozen+HEAD and fine-tune, with commas between.
    weights
        imagenet, none or a weight file, as for `train`; with several backbones NAME=FILE, once for each that has its
        own.
    source
        Pretrain a small network on these pictures too, and compare what is made of it.
    budget
        Time for the whole comparison, as in 90s, 10m or 1h: what trains a network (scratch, fine-tune) shares what the
        others leave of it, and the report says whether that was enough.
    repeats
        Repeat all of it so often, each time with a split of its own: 5 or more allow to speak of the methods, and not
        only of these models.
    curve
        Learn from fewer pictures too, and say what more of them would bring.
    lang
        Language of the report: en, or zh for Simplified Chinese.
    no_pictures
        Leave pictures out of the report.
    class_weight
        What a picture counts, as for `train`.
    map_budget
        fine-tune: what the maps at the end of the frozen stages may take in the cache, as in 500MB.
    seed
        Seed of the split, of random weights and of the trainings.
    """

    data: Address | Path
    out: Path = field(kw_only=True)
    approaches: tuple[str, ...] = field(default=(), kw_only=True)
    backbones: tuple[str, ...] = field(default=("efficientnet_lite0",), kw_only=True)
    weights: tuple[str, ...] = field(default=(), kw_only=True)
    source: Address | Path | None = field(default=None, kw_only=True)
    budget: str = field(default="10m", kw_only=True)
    repeats: int = field(default=1, kw_only=True)
    curve: bool = field(default=False, kw_only=True)
    lang: str = field(default="en", kw_only=True)
    no_pictures: bool = field(default=False, kw_only=True)
    fit: str = field(default="squash", kw_only=True)
    class_weight: str = field(default="auto", kw_only=True)
    engine: str = field(default="auto", kw_only=True)
    precision: str = field(default="auto", kw_only=True)
    map_budget: str = field(default="2GB", kw_only=True)
    split: Path | None = field(default=None, kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    dedupe_test: bool = field(default=False, kw_only=True)
    resplit: bool = field(default=False, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    offline: bool = field(default=False, kw_only=True)
    cache: Path | None = field(default=None, kw_only=True)
    no_cache: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "source", "out", "split", "cache")
        _accept_tuples(self, "approaches", "backbones", "weights", "exclude")
        for name in ("approaches", "backbones"):
            parts = (part.strip() for value in getattr(self, name) for part in value.split(","))
            object.__setattr__(self, name, tuple(dict.fromkeys(part for part in parts if part)))


@_with_shared_options
@dataclass(frozen=True)
class ReportSettings:
    """The settings of ``report``.

    Parameters
    ----------
    run
        Folder that `compare` wrote.
    beside
        Another such folder, to be shown side by side with this one.
    lang
        Language of the report: en, or zh for Simplified Chinese.
    no_pictures
        Leave pictures out of the report.
    """

    run: Path
    beside: Path | None = field(default=None, kw_only=True)
    lang: str = field(default="en", kw_only=True)
    no_pictures: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "run", "beside")


@_with_shared_options
@dataclass(frozen=True)
class FeaturesSettings(FeatureOptions):
    """The settings of ``features``.

    Parameters
    ----------
    out
        File to write: .npz or .parquet; new, or one that `features` wrote.
    views
        How many views of each picture to write, a row each: the picture itself, and parts of it drawn at random.
    on
        Compute on a cluster: ray (this machine's, or one that is started on it) or ray://HOST:PORT; needs the extra
        "cluster", and pictures where all nodes can read them.
    cluster_store
        Where the nodes of a cluster write vectors, and where a later run finds them: an address in object storage, or a
        folder that they share.
    map_budget
        With ``--pool none``: what the maps of this run and those kept before may take in the cache, as in 500MB.
    seed
        Seed of random weights (``weights="none"``).
    """

    out: Path = field(kw_only=True)
    views: int = field(default=1, kw_only=True)
    on: str | None = field(default=None, kw_only=True)
    cluster_store: Address | Path | None = field(default=None, kw_only=True)
    map_budget: str = field(default="2GB", kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    cache: Path | None = field(default=None, kw_only=True)
    no_cache: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out", "cache", "cluster_store")
        _accept_tuples(self, "exclude", "scale")


@_with_shared_options
@dataclass(frozen=True)
class CacheSettings:
    """The settings of ``cache``.

    Parameters
    ----------
    verify
        Read every stored vector and compare it with its checksum.
    prune_days
        Remove vectors that weren't used for so many days.
    prune_size
        Remove the vectors unused longest until so much is left, as in 500MB or 2GB.
    """

    cache: Path | None = field(default=None, kw_only=True)
    verify: bool = field(default=False, kw_only=True)
    prune_days: int | None = field(default=None, kw_only=True)
    prune_size: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "cache")


@_with_shared_options
@dataclass(frozen=True)
class CheckSettings:
    """The settings of ``check``.

    Parameters
    ----------
    out
        Folder for the page check.html and the document check.json: new, empty, or written by `check` before.
    no_pictures
        Leave thumbnails out of the page.
    """

    data: Address | Path
    out: Path | None = field(default=None, kw_only=True)
    no_pictures: bool = field(default=False, kw_only=True)
    split: Path | None = field(default=None, kw_only=True)
    fit: str = field(default="squash", kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    folds: int | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out", "split")
        _accept_tuples(self, "exclude")


@_with_shared_options
@dataclass(frozen=True)
class FixSettings:
    """The settings of ``fix``.

    Parameters
    ----------
    out
        Folder for the cleaned copy: new or empty.
    """

    data: Address | Path
    out: Path = field(kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "data", "out")
        _accept_tuples(self, "exclude")


@_with_shared_options
@dataclass(frozen=True)
class EvaluateSettings:
    """The settings of ``evaluate``.

    Classes are matched to the model's by name. With ``split`` its test part alone is judged. ``fit`` is the model's;
    naming another one is refused.

    Parameters
    ----------
    model
        Model folder that `train` wrote.
    """

    model: Path
    data: Address | Path
    split: Path | None = field(default=None, kw_only=True)
    fit: str | None = field(default=None, kw_only=True)
    group_by: str | None = field(default=None, kw_only=True)
    exclude: tuple[str, ...] = field(default=(), kw_only=True)
    cache: Path | None = field(default=None, kw_only=True)
    no_cache: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "model", "data", "split", "cache")
        _accept_tuples(self, "exclude")


@dataclass(frozen=True)
class PredictSettings:
    """The settings of ``predict``.

    Parameters
    ----------
    model
        Model folder that `train` wrote.
    images
        Picture files; folders, for every file in and below them; patterns in quotes, as in 'shots/**/*.jpg'; zip or tar
        archives; addresses in object storage (needs the extra "cloud").
    stdin
        Read the pictures from standard input, a path or an address a line, and answer while they come.
    top
        How many classes to name per picture.
    out
        File to write rows to as they come, .csv or .jsonl: new, or one whose run was interrupted, which the same
        command finishes. A picture that changed meanwhile isn't noticed.
    format
        table, csv or jsonl; a table, if none is named, and in a file what its name ends in. The CSV file is for
        programs: a name that begins with = is left as it is.
    on
        Compute features on a cluster: ray (this machine's, or one that is started on it) or ray://HOST:PORT; needs the
        extra "cluster", and pictures in one folder or at one address that all nodes can read.
    cluster_store
        Where the nodes of a cluster write vectors, and where a later run finds them: an address in object storage, or a
        folder that they share.
    """

    model: Path
    images: tuple[Address | Path, ...] = ()
    stdin: bool = field(default=False, kw_only=True)
    top: int = field(default=3, kw_only=True)
    out: Path | None = field(default=None, kw_only=True)
    format: str | None = field(default=None, kw_only=True)
    on: str | None = field(default=None, kw_only=True)
    cluster_store: Address | Path | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "model", "out", "cluster_store")
        images = (place_named(image) if isinstance(image, str) else image for image in self.images)
        object.__setattr__(self, "images", tuple(images))


@dataclass(frozen=True)
class ServeSettings:
    """The settings of ``serve``.

    Parameters
    ----------
    model
        Model folder that `train` wrote, or folder that `export --format openvino` wrote.
    host
        The address to listen at; 0.0.0.0 or :: for all of this machine's.
    port
        The port to listen at; 0 for any free one.
    token
        What clients must send as "Authorization: Bearer TOKEN". Better said in HEADSTART_TOKEN: other users of this
        machine may see the command line.
    allow_host
        A name by which clients may call this server, beside localhost and HOST; may be given several times.
    allow_origin
        A web site, as in https://example.org, whose pages may ask this server; may be given several times.
    top
        How many classes to name per picture, if a request doesn't say.
    max_body
        The most that a request may send, as in 32MB.
    max_pictures
        The most pictures in a request.
    timeout
        Seconds in which a request must have been sent.
    queue
        How many pictures may be in work or wait for it; more are refused at once, with the status 429.
    unsure_below
        The page says that it isn't sure where the highest probability is below.
    """

    model: Path
    host: str = field(default="127.0.0.1", kw_only=True)
    port: int = field(default=8000, kw_only=True)
    token: str | None = field(default=None, kw_only=True, repr=False)
    allow_host: tuple[str, ...] = field(default=(), kw_only=True)
    allow_origin: tuple[str, ...] = field(default=(), kw_only=True)
    top: int = field(default=5, kw_only=True)
    max_body: str = field(default="32MB", kw_only=True)
    max_pictures: int = field(default=64, kw_only=True)
    timeout: float = field(default=30.0, kw_only=True)
    queue: int = field(default=256, kw_only=True)
    unsure_below: float = field(default=0.7, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "model")
        _accept_tuples(self, "allow_host", "allow_origin")


@dataclass(frozen=True)
class ExportSettings:
    """The settings of ``export``.

    Parameters
    ----------
    model
        Model folder that `train`, `compare` or `tune` wrote.
    format
        onnx, openvino, litert (TensorFlow Lite), saved-model (TensorFlow) or keras.
    out
        Folder to write the export to: new, empty, or written by `export` before.
    precision
        What its weights are kept in: f32, f16 or int8, where the format has it; below f32 it is judged by accuracy.
    data
        The pictures that the model was trained on, of which its test part is compared; where they were read last, if
        nothing is named.
    """

    model: Path
    format: str = field(kw_only=True)
    out: Path = field(kw_only=True)
    precision: str = field(default="f32", kw_only=True)
    data: Address | Path | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "model", "out", "data")


@dataclass(frozen=True)
class DemoSettings:
    """The settings of ``demo``.

    Parameters
    ----------
    out
        Folder for the demo's pictures and model: new, empty, or written by an earlier demo.
    """

    out: Path = field(default=Path("demo"), kw_only=True)

    def __post_init__(self) -> None:
        _accept_strings(self, "out")


def shared(settings: Any, other: type[Any], *, but: Collection[str] = ()) -> dict[str, Any]:  # noqa: ANN401
    """Return the options that mean the same to another settings class, as its keywords, without those in ``but``."""
    theirs = {each.name for each in dataclasses.fields(other)}
    ours = [each.name for each in dataclasses.fields(settings)]
    return {name: getattr(settings, name) for name in ours if name in theirs and name not in but}


def as_document(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any settings dataclass
    """Return settings as plain JSON values, without the paths of this machine and the addresses of data."""
    values = dataclasses.asdict(settings)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if not _is_path(value)
    }


def _is_path(value: object) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    return any(isinstance(each, Path | Address) for each in values)
