"""What a network is computed in: the fastest that the processor can do, where that doesn't change the features much.

Rounded numbers are never used unseen: vectors of some training pictures are computed both ways and compared, by their
direction (cosine) and by what a linear classifier makes of them. The pictures by which int8 is calibrated are others.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, PictureRecord
from headstart.data.workers import Task, replies
from headstart.errors import MissingError, UserError, check_choice
from headstart.features.engine import Engine, Pixels, engine_for, engine_name, processor_name, reduced_precisions
from headstart.folders import cache_folder, file_in_place_of
from headstart.learn.logistic import fit_probe
from headstart.networks.converted import PRECISIONS, ConvertedNetwork, can_quantise, quantised, quantised_before
from headstart.progress import Entered, Listener, Said

CHOICES = ("auto", *PRECISIONS)
"""What can be asked for."""

FEWEST = 1000
"""Below so many vectors to compute, ``auto`` doesn't try: it would cost more than it could save."""

_COMPARED, _CLASSES = 128, 8
"""How many pictures are compared, and of how many classes at most: a probe is fitted to half of them."""

_FEWEST_OF_A_CLASS = 8
_LONGEST = 2**14  # vectors that a probe is fitted to; maps are longer
_CALIBRATED_BY, _FEWEST_CALIBRATED_BY = 300, 32
_TIMED, _ROUNDS = 8, 3
_FORMAT = 1
_LEAST_SECONDS = {"int8": 100.0, "else": 30.0}
"""What f32 would take before ``auto`` tries another: quantising for a trial takes some 10 seconds, others take 4."""

_LEAST_GAIN = 1.15
"""A precision that isn't faster by that isn't worth any loss."""

_LEAST_COSINE, _LEAST_COSINE_ALONE = 0.97, 0.995
_LEAST_AGREEMENT = 0.95
"""Measured: where bf16 agrees on .96 and more it costs no accuracy; where int8 agrees on .86 it costs a point."""

Rows = Callable[[Dataset, ConvertedNetwork], tuple[Dataset, NDArray[Any]]]
"""Computes vectors, or takes them from the store: the readable pictures and a row each."""


@dataclass(frozen=True)
class Compared:
    """What a precision loses: the mean cosine to f32, and the share of pictures on which a linear probe agrees.

    ``agreement`` is None where the pictures are too few to fit a probe to.
    """

    pictures: int
    cosine: float
    agreement: float | None

    @property
    def is_good(self) -> bool:
        """Whether that is little enough."""
        if self.agreement is None:
            return self.cosine >= _LEAST_COSINE_ALONE
        return self.cosine >= _LEAST_COSINE and self.agreement >= _LEAST_AGREEMENT

    def __str__(self) -> str:
        agreement = "" if self.agreement is None else f", a linear probe agrees on {self.agreement:.1%}"
        return f"on {self.pictures} training pictures its mean cosine to f32 is {self.cosine:.4f}{agreement}"


@dataclass(frozen=True)
class Chosen:
    """The precision that is used, and why.

    ``speed`` is pictures per second of each precision that was timed; ``compared`` what each that was compared loses.
    """

    precision: str
    calibration: str = ""
    speed: Mapping[str, float] | None = None
    compared: Mapping[str, Compared] | None = None

    def document(self) -> dict[str, Any]:
        """Return the choice as it stands in results."""
        return {name: value for name, value in asdict(self).items() if value}


F32 = Chosen("f32")


def check_precision(precision: str, engine: str) -> None:
    """Raise an error unless ``precision`` is one of `CHOICES` and can be had with ``engine``.

    Raises
    ------
    UserError
        For a name that isn't known.
    MissingError
        If the machine or the installation lacks what it needs.
    """
    check_choice("--precision", precision, CHOICES)
    if precision == "int8" and engine != "openvino":
        raise MissingError("--precision int8 runs with OpenVINO alone; leave out --engine keras.")
    if precision == "int8" and not can_quantise():
        raise MissingError("--precision int8 needs NNCF: pip install 'headstart[int8]'.")
    if precision in ("bf16", "f16") and precision not in reduced_precisions(engine):
        raise MissingError(
            f"--precision {precision}: what runs the network here ({engine}) doesn't compute in {precision} by itself; "
            "use auto or f32."
        )


@dataclass(frozen=True)
class Trial:
    """What a precision is tried with.

    Parameters
    ----------
    network
        In f32.
    engine
        What runs it.
    look
        What pictures are brought to.
    dataset
        Training pictures: some to calibrate by, others to compare.
    rows
        Gives vectors.
    """

    network: ConvertedNetwork
    engine: str
    look: Geometry
    dataset: Dataset
    rows: Rows


def chosen(wish: str, trial: Trial, to_compute: int, listen: Listener) -> Chosen:
    """Return the precision in which the network of ``trial`` is computed; the choice is kept in the cache.

    Parameters
    ----------
    wish
        One of `CHOICES`.
    trial
        What it is tried with.
    to_compute
        How many vectors are missing in f32.
    listen
        Told what was chosen if it isn't f32, and what isn't used because it loses too much.
    """
    if wish == "f32" or not trial.dataset.records or (wish == "auto" and to_compute < FEWEST):
        return F32
    int8 = ["int8"] if trial.engine == "openvino" and can_quantise() else []
    names = (*reduced_precisions(trial.engine), *int8)
    if not names:
        return F32
    file = _kept_file(wish, trial, names)
    found = _kept(file, trial.network)
    if found is None:
        listen(Entered("choosing a precision"))
        speed = None
        if wish == "auto":
            seconds = to_compute / _speed(trial, (), listen)["f32"]
            names = tuple(name for name in names if seconds >= _LEAST_SECONDS.get(name, _LEAST_SECONDS["else"]))
            if not names:
                return F32
            speed = _speed(trial, names, listen)
        found = _first_good(_worth_trying(speed) if speed else [wish], speed, trial, listen)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        with file_in_place_of(file) as partial:
            partial.write_text(json.dumps(found.document()), encoding="utf-8")
    _tell(found, listen)
    return found


def in_precision(
    found: Chosen, network: ConvertedNetwork, look: Geometry, dataset: Dataset, listen: Listener
) -> ConvertedNetwork:
    """Return ``network``, which is in f32, in the precision ``found``; ``look`` and ``dataset`` as for `chosen`."""
    if found.precision != "int8":
        return replace(network, precision=found.precision)
    before = quantised_before(network, found.calibration)
    return before or _quantised(network, look, _calibrated_by(dataset), listen)


def as_trained(
    networks: Sequence[ConvertedNetwork], precision: str, calibration: str, engine: str, listen: Listener
) -> tuple[ConvertedNetwork, ...]:
    """Return ``networks`` in the precision that a model's features were computed in, or in f32, which is told."""
    if precision == "int8":
        before = [quantised_before(each, calibration) if engine == "openvino" else None for each in networks]
        found = tuple(each for each in before if each is not None)
    else:
        can = precision == "f32" or precision in reduced_precisions(engine)
        found = tuple(replace(each, precision=precision) for each in networks if can)
    if len(found) == len(networks):
        return found
    listen(
        Said(
            f"The model was trained on features in {precision}, which can't be had here; it runs in f32, and its "
            "probabilities may differ a little."
        )
    )
    return tuple(networks)


def compared_by(dataset: Dataset) -> set[str]:
    """Return the contents of the pictures of ``dataset`` that precisions are compared on, in f32 among others."""
    return {record.sha256 for record in _to_compare(dataset)}


def _first_good(names: Sequence[str], speed: Mapping[str, float] | None, trial: Trial, listen: Listener) -> Chosen:
    """Return the first of the precisions ``names`` that loses little, or f32."""
    compared: dict[str, Compared] = {}
    for name in names:
        reduced = in_precision(Chosen(name), trial.network, trial.look, trial.dataset, listen)
        compared[name] = comparison(trial, reduced)
        if compared[name].is_good:
            return Chosen(name, reduced.calibration, speed, compared)
    return Chosen("f32", "", speed, compared)


def _worth_trying(speed: Mapping[str, float]) -> list[str]:
    """Return the precisions that are faster than f32 by enough, the fastest first."""
    return sorted((name for name in speed if speed[name] >= _LEAST_GAIN * speed["f32"]), key=lambda name: -speed[name])


def _speed(trial: Trial, names: Iterable[str], listen: Listener) -> dict[str, float]:
    """Return pictures per second in f32 and in each of the precisions ``names``: medians of alternating rounds."""
    records = _by_content(trial.dataset)[:_TIMED]
    pixels = _pixels(trial.dataset, records, trial.look)
    engines = {"f32": engine_for(trial.network, trial.engine)}
    for name in names:
        # How fast 8-bit integers are doesn't depend on how well they are chosen.
        reduced = (
            _quantised(trial.network, trial.look, replace(trial.dataset, records=tuple(records)), listen)
            if name == "int8"
            else replace(trial.network, precision=name)
        )
        engines[name] = engine_for(reduced, trial.engine)
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(_ROUNDS + 1):
        for name, running in engines.items():
            spent = _seconds(running, pixels)
            if turn:  # the first warms up
                seconds[name].append(spent)
    return {name: round(len(pixels) / statistics.median(spent), 1) for name, spent in seconds.items()}


def _seconds(engine: Engine, pixels: Sequence[Pixels]) -> float:
    since = time.perf_counter()
    for _ in engine.vectors(enumerate(pixels)):
        pass
    return time.perf_counter() - since


def comparison(trial: Trial, reduced: ConvertedNetwork) -> Compared:
    """Return what ``reduced`` loses against the trial's network, of which it is a faster form."""
    some = replace(trial.dataset, records=tuple(_to_compare(trial.dataset)))
    readable, exact = trial.rows(some, trial.network)
    left, rounded = trial.rows(readable, reduced)
    kept = {record.path for record in left.records}
    exact = exact[[record.path in kept for record in readable.records]].astype(np.float32)
    rounded = rounded.astype(np.float32)  # maps come as float16
    labels = np.array([left.label_index(record) for record in left.records])
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rounded, axis=1)
    cosine = float(np.mean((exact * rounded).sum(axis=1) / np.where(lengths > 0, lengths, 1)))
    return Compared(len(labels), cosine, _agreement(exact, rounded, labels))


def _agreement(exact: NDArray[np.float32], rounded: NDArray[np.float32], labels: NDArray[np.intp]) -> float | None:
    """Return on which share of the pictures two probes agree, each fitted to its own vectors of the other half."""
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2 or np.bincount(numbers).min() < _FEWEST_OF_A_CLASS or exact.shape[1] > _LONGEST:
        return None
    halves = np.arange(len(labels)) % 2 == 0
    agreed = []
    for fitted in (halves, ~halves):
        answers = [
            fit_probe(matrix[fitted], numbers[fitted], len(classes)).predict_proba(matrix[~fitted]).argmax(axis=1)
            for matrix in (exact, rounded)
        ]
        agreed.append(answers[0] == answers[1])
    return float(np.mean(np.concatenate(agreed)))


def _quantised(network: ConvertedNetwork, look: Geometry, dataset: Dataset, listen: Listener) -> ConvertedNetwork:
    """Return ``network`` in int8, calibrated by all of ``dataset``."""
    contents = sorted(record.sha256 for record in dataset.records)
    calibration = hashlib.sha256(json.dumps([contents, look.fit]).encode()).hexdigest()
    before = quantised_before(network, calibration)
    return before or quantised(network, np.stack(_pixels(dataset, dataset.records, look)), calibration, listen)


def _calibrated_by(dataset: Dataset) -> Dataset:
    """Return pictures that nothing is compared on, if there are enough of those."""
    records, compared = _by_content(dataset), compared_by(dataset)
    others = [record for record in records if record.sha256 not in compared]
    some = others if len(others) >= _FEWEST_CALIBRATED_BY else records
    return replace(dataset, records=tuple(some[:_CALIBRATED_BY]))


def _to_compare(dataset: Dataset) -> list[PictureRecord]:
    """Return some pictures of each of the largest classes, class by class."""
    of_class: dict[str, list[PictureRecord]] = {}
    for record in _by_content(dataset):
        of_class.setdefault(record.label, []).append(record)
    largest = sorted(of_class.values(), key=lambda records: (-len(records), records[0].label))[:_CLASSES]
    return [record for records in largest for record in records[: _COMPARED // len(largest)]]


def _by_content(dataset: Dataset) -> list[PictureRecord]:
    """Return one record of each content, in an order that has nothing to do with names or classes."""
    return [record for _, record in sorted({record.sha256: record for record in dataset.records}.items())]


def _pixels(dataset: Dataset, records: Sequence[PictureRecord], look: Geometry) -> list[Pixels]:
    tasks = [Task(dataset.file(record), "pixels", look, record.sha256) for record in records]
    shape = (look.size, look.size, 3)
    found = [np.frombuffer(reply.payload, np.uint8).reshape(shape) for reply in replies(tasks) if not reply.reason]
    if not found:
        raise UserError(f"{dataset.name}: none of the pictures can be read any more.")
    return found


def _tell(found: Chosen, listen: Listener) -> None:
    for name, compared in (found.compared or {}).items():
        if name != found.precision:
            listen(Said(f"{name} isn't used: {compared}."))
    if found.precision != "f32" and found.compared:
        speed = found.speed or {}
        gain = f", {speed[found.precision] / speed['f32']:.1f} × as fast as f32 here" if speed else ""
        listen(Said(f"Features are computed in {found.precision}{gain}; {found.compared[found.precision]}."))


def _kept_file(wish: str, trial: Trial, names: Sequence[str]) -> Path:
    """Return where the choice is kept: for this network, processor, and pictures of these classes."""
    facts = [_FORMAT, wish, trial.network.folder.name, trial.look.fit, sorted(trial.dataset.counts())]
    machine = [engine_name(trial.engine), processor_name(trial.engine), names]
    digest = hashlib.sha256(json.dumps([facts, machine]).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_folder() / "precision" / f"{digest}.json"


def _kept(file: Path, network: ConvertedNetwork) -> Chosen | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        compared = {name: Compared(**each) for name, each in document.pop("compared", {}).items()}
        found = Chosen(**document, compared=compared)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    lost = found.precision == "int8" and quantised_before(network, found.calibration) is None
    return None if lost or found.precision not in PRECISIONS else found
