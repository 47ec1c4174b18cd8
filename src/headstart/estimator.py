"""`train` as a scikit-learn estimator: rows are pictures, and what is computed of one is computed once."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted

from headstart.addresses import is_address
from headstart.data.draw import drawn_sides, units_of
from headstart.data.facts import FACTS
from headstart.data.inspect import Inspected, inspected
from headstart.data.records import Dataset, Listed, Listing, PictureRecord, Skipped
from headstart.data.split import Split
from headstart.data.together import together
from headstart.data.views import WHOLE
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.folders import file_digest, scratch_folder
from headstart.jobs.extraction import Features, store_of
from headstart.jobs.learning import FAMILIES, Given
from headstart.jobs.learning.given import probabilities
from headstart.jobs.learning.options import budget_of, check_options
from headstart.jobs.learning.training import checkpoint_folder, deadline_of
from headstart.jobs.pictures import Pictures
from headstart.jobs.setup import Setup
from headstart.learn.approaches import Approach, approach
from headstart.learn.heads import Head
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Event, Listener, Said, on_stderr, silent
from headstart.settings import TrainSettings

_OPTIONS = {"square": "fit", "random_state": "seed"}
"""The options of `train` that have another name here, where ``fit`` is a method."""

_NO_OPTIONS = ("validation_fraction", "verbose")

_VALIDATION_FRACTION = 0.2
_PRECISION = "f32"

_MOST_KNOWN = 100_000
"""Pictures whose facts are remembered: some 30 MB."""

_known: dict[str, NDArray[np.void]] = {}
"""The facts of each content that was looked at: a search over settings fits the same pictures a hundred times."""


class RowsError(UserError, ValueError):
    """X or y can't be used as they are: for scikit-learn that is a ValueError."""


class HeadstartWarning(UserWarning):
    """What a fit warns of, such as a training that ended before it converged, or a cache that can't be used."""


@dataclass(frozen=True)
class _Fitted:
    """What predicts: plain data, with the networks as files in the cache."""

    setup: Setup
    networks: tuple[ConvertedNetwork, ...]
    head: Head


class TransferClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A picture classifier by transfer learning, as a scikit-learn estimator.

    It goes the same way as `headstart.train` and `headstart.evaluate`: the same decoding, networks, store of feature
    vectors and heads. So ``cross_val_score``, ``GridSearchCV`` and ``Pipeline`` work on pictures, and the vector of
    a picture is computed once for all folds and settings that want the same one. Unlike `headstart.train` it holds
    out no test part: that is what scikit-learn's splitters are for. Copies and near copies of a picture are kept
    together inside a fit, but a splitter doesn't know them: where your pictures have groups, use ``GroupKFold``.

    Rows are pictures: a sequence of paths (a list, a 1-D array, a pandas Series), or uint8 pixels in [0, 255]: RGB
    ``(n, height, width, 3)``, grey ``(n, height, width)``, or a list of such pictures of different sizes. Pixels of
    other types are refused: floats in [0, 1] taken for [0, 255] would be black pictures.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        The pretrained network, see `headstart.backbones`, or a folder that `headstart.pretrain` wrote.
    approach : str, default="frozen+logistic"
        How to learn: frozen+HEAD (logistic, svm, ridge, lda, tree, forest, knn, mlp), handcrafted+HEAD (svm,
        logistic, tree, forest), fine-tune or scratch. frozen+mlp, fine-tune and scratch need the extra "train". As
        in `headstart.train`, options that mean nothing to an approach are refused if they aren't at their default.
    weights : str, default="imagenet"
        imagenet, none (random), a weight file or a model folder.
    layer : str, default="avg_pool"
        The layer whose output is the feature vector.
    pool : str, default="avg"
        What becomes of the map at the end of a stage: avg or max.
    square : str, default="squash"
        How a picture becomes a square: squash, crop or pad. (The option ``fit`` of `headstart.train`.)
    scale : int or tuple of int, default=()
        Sides in pixels that pictures are brought to; the network's own if empty.
    combine : str, default="stack"
        What becomes of the vectors of several scales: stack or average.
    flip : bool, default=False
        Take the mean of each picture's vector and its mirror image's.
    l2 : bool, default=False
        Bring vectors to length 1.
    engine : str, default="auto"
        What runs the network: openvino, keras or auto.
    precision : str, default="f32"
        What the network computes in: f32, bf16, f16, int8 or auto. All but f32 are compared with f32 on the pictures
        of each fit, so that folds may differ; that is why auto isn't the default here.
    class_weight : str, default="auto"
        What a picture counts: balanced, none, or auto: balanced where a class has 4 times the pictures of another.
    epochs : int, default=None
        scratch, fine-tune: how often each picture is seen, at least 1; None for a number that suits the data.
    learning_rate : float, default=None
        scratch, fine-tune: the highest learning rate, in (0, 1]; None for the approach's own.
    batch_size : int, default=None
        scratch, fine-tune: pictures in a step, at least 1; None for the approach's own.
    augment : str, default=None
        scratch, fine-tune: how pictures are changed at each look: none, light or strong; None for the approach's own.
    label_smoothing : float, default=None
        scratch, fine-tune: in [0, 1); None for the approach's own.
    budget : str, default=None
        scratch, fine-tune: time that each fit may take, as in 90s or 5m; None is 10m for scratch, else no limit.
    blocks : int, default=None
        scratch: depth of the small network, at least 1.
    width : int, default=None
        scratch: filters of its first block, at least 1.
    unfreeze : int, default=None
        fine-tune: how many of the network's last stages are trained, at least 1.
    views : int, default=None
        fine-tune: views of each picture to learn from, at least 1.
    map_budget : str, default="2GB"
        fine-tune: what the maps at the end of the frozen stages may take in the cache.
    validation_fraction : float, default=0.2
        scratch, fine-tune: the share of the pictures given to `fit`, in (0, 1), by which training is stopped; drawn
        by class and by content.
    random_state : int, RandomState or None, default=0
        Seed of what is drawn: folds inside a fit, the validation part, random weights, the training.
    offline : bool, default=False
        Never download a weight file.
    cache : str or Path, default=None
        Folder in which feature vectors are kept; HEADSTART_CACHE, or the platform's own place, if None.
    no_cache : bool, default=False
        Keep no vectors: each fit and each prediction computes its own.
    verbose : bool, default=False
        Write what happens, and on a terminal a bar, to stderr. Warnings are Python warnings of the category
        `headstart.estimator.HeadstartWarning` in any case.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted: the columns of `predict_proba`.
    chosen_ : dict
        The hyper-parameters that were chosen, with the figures by which, and how classes were weighted.
    training_ : dict or None
        How the training of a network went: its epochs, and whether it converged. None for heads on vectors.

    Notes
    -----
    A fitted estimator can be copied and pickled (as always: load no pickles of others), but its network stays in
    the cache of the machine that fitted it. To keep a model or give it away, use `headstart.train`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from headstart import TransferClassifier
    >>> from sklearn.model_selection import cross_val_score
    >>> paths = sorted(Path("pictures").glob("*/*.jpg"))
    >>> labels = [path.parent.name for path in paths]
    >>> cross_val_score(TransferClassifier(), paths, labels, cv=5)  # doctest: +SKIP
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        approach: str = "frozen+logistic",
        *,
        weights: str = "imagenet",
        layer: str = "avg_pool",
        pool: str = "avg",
        square: str = "squash",
        scale: int | tuple[int, ...] = (),
        combine: str = "stack",
        flip: bool = False,
        l2: bool = False,
        engine: str = "auto",
        precision: str = _PRECISION,
        class_weight: str = "auto",
        epochs: int | None = None,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        augment: str | None = None,
        label_smoothing: float | None = None,
        budget: str | None = None,
        blocks: int | None = None,
        width: int | None = None,
        unfreeze: int | None = None,
        views: int | None = None,
        map_budget: str = "2GB",
        validation_fraction: float = _VALIDATION_FRACTION,
        random_state: int | np.random.RandomState | None = 0,
        offline: bool = False,
        cache: str | Path | None = None,
        no_cache: bool = False,
        verbose: bool = False,
    ) -> None:
        self.backbone = backbone
        self.approach = approach
        self.weights = weights
        self.layer = layer
        self.pool = pool
        self.square = square
        self.scale = scale
        self.combine = combine
        self.flip = flip
        self.l2 = l2
        self.engine = engine
        self.precision = precision
        self.class_weight = class_weight
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.augment = augment
        self.label_smoothing = label_smoothing
        self.budget = budget
        self.blocks = blocks
        self.width = width
        self.unfreeze = unfreeze
        self.views = views
        self.map_budget = map_budget
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.offline = offline
        self.cache = cache
        self.no_cache = no_cache
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803, ANN401 - scikit-learn's name, and any array-like
        """Learn from pictures and their labels.

        Parameters
        ----------
        X
            ``(n_pictures,)`` paths, or pixels, see the class.
        y
            ``(n_pictures,)`` labels of at least two classes: strings, whole numbers, or anything else that sorts.

        Raises
        ------
        RowsError
            For rows or labels that can't be meant, and for a picture that can't be read: a row can't be skipped
            here. It is a UserError and a ValueError.
        UserError
            For options that can't be meant.
        MissingError
            If weights can't be had, or an approach needs what isn't installed.
        """
        with self._listening() as listen, scratch_folder() as folder:
            way = approach(self.approach)
            settings = self._settings(folder, way)
            check_options(settings, way)
            self._check_validation_fraction(way.trains_a_network)
            deadline = deadline_of(budget_of(settings, way))
            family = FAMILIES[way.family]
            wish = family.wish(settings)
            way.check_installed()
            classes, labels = _classes_and_positions(y)
            pictures = _looked_at(_dataset(X, folder, listen, classes, labels), listen)
            dataset = pictures.dataset
            sides = dict.fromkeys((record.sha256 for record in dataset.records), "train")
            if way.trains_a_network:
                sides |= self._held_out(pictures, settings.seed)
            with (
                store_of(settings.cache, settings.no_cache, folder, listen) as store,
                _without_checkpoint(settings, way),
            ):
                given = Given(
                    settings=settings,
                    way=way,
                    wish=wish,
                    dataset=dataset,
                    split=Split(sides, settings.seed, "all of X, less what stops a training", dataset.sha256),
                    units=pictures.units(),
                    sides=pictures.shorter_sides(),
                    store=store,
                    deadline=deadline,
                )
                learned = family.learn(given, listen)
            _check_all_read(learned.dataset.skipped)
            for text in learned.warnings:
                listen(Said(f"Warning: {text}"))
        self.classes_ = classes
        self.chosen_ = learned.chosen | {"class_weight": learned.class_weight}
        self.training_ = learned.training
        self._fitted = _Fitted(learned.features.setup, learned.features.networks, learned.head)
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803, ANN401 - scikit-learn's name, and any array-like
        """Return the most likely label of each picture, ``(n_pictures,)``, of the type of ``classes_``.

        Arguments and errors as for `predict_proba`.
        """
        proba = self.predict_proba(X)
        return np.asarray(self.classes_[proba.argmax(axis=1)])

    def predict_proba(self, X: Any) -> NDArray[np.float32]:  # noqa: N803, ANN401 - as above
        """Return the probability of each class, ``(n_pictures, n_classes)`` float32; rows sum to 1.

        Parameters
        ----------
        X
            ``(n_pictures,)`` paths, or pixels, see the class.

        Raises
        ------
        NotFittedError
            Before `fit`.
        RowsError
            For rows that are no pictures, a UserError and a ValueError.
        MissingError
            If the network is no longer in the cache.
        """
        check_is_fitted(self)
        fitted = self._fitted
        with self._listening() as listen, scratch_folder() as folder:
            gone = [each.folder for each in fitted.networks if each.files and not each.folder.is_dir()]
            if gone:
                raise MissingError(f"The fitted network isn't in the cache any more ({gone[0]}); fit anew.")
            dataset = _dataset(X, folder, listen)
            cache = None if self.cache is None else Path(self.cache)
            with store_of(cache, self.no_cache, folder, listen) as store:
                features = Features(dataset, fitted.setup, fitted.networks, (WHOLE,), store).complete(listen)
                _check_all_read(features.dataset.skipped)
                return probabilities(fitted.head, features)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.non_deterministic = self.random_state is None
        return tags

    def _settings(self, folder: Path, way: Approach) -> TrainSettings:
        """Return the parameters as the settings of `train`; nothing is written to its ``out`` in ``folder``."""
        values = {_OPTIONS.get(name, name): value for name, value in self.get_params().items()}
        for name in _NO_OPTIONS:
            del values[name]
        if self.precision == _PRECISION and not way.takes("precision"):
            del values["precision"]
        values |= {"backbone": str(self.backbone), "weights": str(self.weights), "seed": _seed(self.random_state)}
        return TrainSettings(folder, out=folder / "model", **values)

    def _check_validation_fraction(self, is_used: bool) -> None:
        if not 0 < self.validation_fraction < 1:
            raise UserError(f"--validation-fraction {self.validation_fraction}: a number between 0 and 1.")
        if not is_used and self.validation_fraction != _VALIDATION_FRACTION:
            raise UserError(
                f"--validation-fraction means nothing to {self.approach}; leave it out (it is for fine-tune, scratch)."
            )

    def _held_out(self, pictures: Pictures, seed: int) -> dict[str, str]:
        """Return the side of each content by which a training is stopped."""
        units = units_of(pictures.dataset, pictures.together.units)
        sides = drawn_sides(units, {"val": self.validation_fraction}, seed)
        if not sides:
            raise UserError(
                f"{self.approach} holds out pictures to stop its training by, which needs at least 3 different ones "
                "of a class; give more pictures, or take a frozen+... approach."
            )
        return sides

    @contextmanager
    def _listening(self) -> Iterator[Listener]:
        """Yield who listens to a job. What it warns of becomes Python warnings at the end, so that none can break it.

        Both name parameters as they are written here.
        """
        warned: list[str] = []
        with ExitStack() as stack:
            told = stack.enter_context(on_stderr()) if self.verbose else silent

            def listen(event: Event) -> None:
                told(event)
                if isinstance(event, Said) and event.text.startswith("Warning: "):
                    warned.append(event.text.removeprefix("Warning: "))

            try:
                yield listen
            except HeadstartError as error:
                error.args = (_as_parameters(str(error), self.get_params()),)
                raise
        for text in dict.fromkeys(warned):
            warnings.warn(_as_parameters(text, self.get_params()), HeadstartWarning, stacklevel=4)


@contextmanager
def _without_checkpoint(settings: TrainSettings, way: Approach) -> Iterator[None]:
    """Leave no checkpoint of a training that ended early: no later fit could know that it is its own."""
    try:
        yield
    finally:
        if way.trains_a_network:
            shutil.rmtree(checkpoint_folder(settings.out, way.family), ignore_errors=True)


def _as_parameters(text: str, known: dict[str, Any]) -> str:
    """Return a sentence with options of the command line as the parameters that they are here."""
    parameters = {option: name for name, option in _OPTIONS.items()}

    def name(option: re.Match[str]) -> str:
        own = option[1].replace("-", "_")
        own = parameters.get(own, own)
        return own if own in known else option[0]

    return re.sub(r"--([a-z0-9]+(?:-[a-z0-9]+)*)", name, text)


def _seed(random_state: int | np.random.RandomState | None) -> int:
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _classes_and_positions(y: Any) -> tuple[NDArray[Any], NDArray[np.intp]]:  # noqa: ANN401 - any array-like
    """Return the sorted classes of labels, and the position of each label's class, ``(n_pictures,)``."""
    if y is None:
        raise RowsError("TransferClassifier requires y to be passed, but the target y is None; give the labels.")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = column_or_1d(labels, warn=True)
    if labels.ndim != 1:
        raise RowsError(f"y has the shape {labels.shape}; give one label per picture, (n_pictures,).")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.floor(labels))).all():
        raise RowsError("y is continuous, or holds NaN; labels are names or whole numbers.")
    try:
        classes, positions = np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels})
        raise RowsError(f"y holds labels that can't be sorted ({', '.join(kinds)}); use one kind of them.") from None
    if len(labels) and len(classes) < 2:
        raise RowsError(f"y holds one class only ({classes[0]}); at least two are needed.")
    return classes, positions


def _dataset(
    X: Any,  # noqa: N803, ANN401 - any array-like
    folder: Path,
    listen: Listener,
    classes: NDArray[Any] | None = None,
    labels: NDArray[np.intp] | None = None,
) -> Dataset:
    """Return the rows as pictures, in their order, known by content; a content may stand in several rows.

    Parameters
    ----------
    X
        See `TransferClassifier`.
    folder
        Where pixels become files.
    listen
        Told of the progress.
    classes, labels
        What `_classes_and_positions` gives; None where labels don't matter.
    """
    files, names = _files(X, folder)
    known: tuple[str, ...] = ("",) if classes is None else tuple(map(str, classes))
    positions = np.zeros(len(files), np.intp) if labels is None else labels
    if len(positions) != len(files):
        raise RowsError(f"X has {len(files)} pictures and y has {len(positions)} labels; give one label per picture.")
    if not files:
        raise RowsError("X is empty; give at least one picture.")
    if len(set(known)) < len(known):
        raise RowsError("y holds labels that are written alike; give each class a name of its own.")
    with ThreadPoolExecutor() as pool:
        contents = list(pool.map(_content, files))
    if unread := [position for position, content in enumerate(contents) if content is None]:
        listed = tuple(Listed(names[position], "", file=str(files[position])) for position in unread)
        _check_all_read(inspected(Listing(folder, listed, name="X"), listen).dataset.skipped)
        raise RowsError(f"{names[unread[0]]} changed while it was read; try again.")
    records = (
        PictureRecord(name, known[position], str(content), file=str(file))
        for name, position, content, file in zip(names, positions, contents, files, strict=True)
    )
    return Dataset(folder, known, tuple(records), name="X")


def _content(file: Path) -> str | None:
    """Return the SHA-256 of a file; None if it can't be read, or is no file: a pipe would be waited for."""
    try:
        return file_digest(file) if file.is_file() else None
    except (OSError, ValueError):
        return None


def _looked_at(dataset: Dataset, listen: Listener) -> Pictures:
    """Return the pictures with their facts, and which belong together; each content is looked at once a program."""
    first = {record.sha256: record for record in reversed(dataset.records)}
    facts = {content: _known[content] for content in first if content in _known}
    new = tuple(
        Listed(record.path, record.label, file=record.file) for record in first.values() if record.sha256 not in facts
    )
    if new:
        looked = inspected(Listing(dataset.root, new, name=dataset.name), listen)
        _check_all_read(looked.dataset.skipped)
        found = dict(zip((record.sha256 for record in looked.dataset.records), looked.facts, strict=True))
        if len(_known) + len(found) > _MOST_KNOWN:
            _known.clear()
        _known.update(found)
        facts |= found
    if changed := [record.path for record in dataset.records if record.sha256 not in facts]:
        raise RowsError(f"{changed[0]} changed while it was read; try again.")
    rows = np.array([facts[record.sha256] for record in dataset.records], FACTS)
    return Pictures(Inspected(dataset, rows, ()), together(dataset, rows["thumb"]))


def _check_all_read(skipped: Sequence[Skipped]) -> None:
    """Raise `RowsError` if a picture couldn't be read."""
    if skipped:
        more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
        raise RowsError(
            f"{skipped[0].path}{more} can't be used as a picture: {skipped[0].reason}. Take it out of X and y; "
            "no row can be skipped here."
        )


def _files(X: Any, folder: Path) -> tuple[list[Path], list[str]]:  # noqa: N803, ANN401 - any array-like
    """Return a file for each row, and what it is called in messages; pixels are written to ``folder``."""
    if isinstance(X, str | Path):
        raise RowsError(f"X is one path ({X}); give a list of paths.")
    rows = X if isinstance(X, list | tuple) else _rows(np.asarray(X))
    files, names = [], []
    for position, row in enumerate(rows):
        if isinstance(row, str | Path):
            if is_address(str(row)):
                raise RowsError(f"X[{position}] is an address; give paths of files on this machine.")
            files.append(Path(row).absolute())
            names.append(str(row))
            continue
        # Lossless, and written in a hundredth of the time that a PNG takes.
        file = folder / f"{position}.bmp"
        Image.fromarray(_pixels(row, f"X[{position}]")).save(file)
        files.append(file)
        names.append(f"X[{position}]")
    return files, names


def _rows(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array whose rows are pictures; raise `RowsError` for one that is something else."""
    if array.ndim == 0:
        raise RowsError(f"X is {type(array.item()).__name__}; give a sequence of paths, or an array of pictures.")
    if array.dtype.kind in "OU" and array.ndim == 1:
        return array
    if array.ndim not in (3, 4) or array.dtype.kind in "OU":
        raise RowsError(
            f"X is an array of {array.dtype} and shape {array.shape}; give paths, (n,), or pixels, "
            "(n, height, width, 3) or (n, height, width)."
        )
    if array.ndim == 3 and array.shape[2] == 3:
        raise RowsError(f"X has the shape {array.shape}, which looks like one picture; give X[np.newaxis].")
    _check_uint8(array, "X")
    return array


def _pixels(row: Any, name: str) -> NDArray[np.uint8]:  # noqa: ANN401 - anything may be in a list
    """Return a row as ``(height, width, 3)`` or ``(height, width)`` uint8 pixels; raise `RowsError` if it is none."""
    if not isinstance(row, np.ndarray):
        way = "; give np.asarray(image.convert('RGB'))" if isinstance(row, Image.Image) else ""
        raise RowsError(f"{name} is {type(row).__name__}, neither a path nor an array of pixels{way}.")
    _check_uint8(row, name)
    if row.ndim == 3 and row.shape[2] == 1:
        row = row[:, :, 0]
    if not (row.ndim == 2 or (row.ndim == 3 and row.shape[2] == 3)) or 0 in row.shape:
        raise RowsError(f"{name} has the shape {row.shape}; a picture is (height, width, 3) or (height, width).")
    return np.ascontiguousarray(row)


def _check_uint8(array: NDArray[Any], name: str) -> None:
    if array.dtype == np.uint8:
        return
    way = (
        f"if yours lie in [0, 1], give ({name} * 255).round().astype('uint8')"
        if array.dtype.kind == "f"
        else f"if yours do, give {name}.astype('uint8')"
    )
    raise RowsError(f"{name} holds {array.dtype}; pixels must be uint8 from 0 to 255: {way}.")
