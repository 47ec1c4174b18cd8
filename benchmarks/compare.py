"""`headstart train` and `headstart compare` beside the script of the Keras guide, and how fast a large report is."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.figure import Figure
from benchmarks.parts import Right, difference, shares, sides_of, spread
from benchmarks.pictures import MOBILENET
from benchmarks.runs import HEADSTART, run
from headstart.data.workers import end_workers
from headstart.jobs.pictures import pictures_of
from headstart.learn.approaches import COMPARED, approach
from headstart.progress import silent
from headstart.ship.bundle import read_predictions

SEEDS = range(2)
PICTURES, EPOCHS = 1_200, 10
NETWORK = "mobilenet"
UNTRAINED = tuple(name for name in COMPARED if not approach(name).trains_a_network)
"""What `compare` does by itself, without scratch and fine-tune."""

GUIDE, TRAIN, COMPARE, ALL = "guide", "train", "compare", "compare with all"

REPORTED = (
    *("handcrafted+svm", "handcrafted+tree", "handcrafted+forest", "handcrafted+logistic"),
    *("frozen+logistic", "frozen+svm", "frozen+ridge", "frozen+lda", "frozen+knn", "frozen+forest"),
)
CLASSES, A_CLASS = 100, 10
"""What the large report is of."""

_MEMORY = "< 3,000 MB"
_LOOK_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Split:
    """Pictures for headstart, the same cut into ``parts`` train, val and test for the script, and the seed of that."""

    data: Path
    parts: Path
    seed: int


@dataclass(frozen=True)
class Side:
    """What a command took, and how good it was.

    ``seconds`` from start to end; ``megabytes`` of all its processes together, at the peak; ``approach`` whose
    predictions count: for a comparison the winner's; ``right`` which test pictures those got right; ``not_run`` which
    approaches of a comparison weren't done, and so cost less than they should.
    """

    seconds: float
    megabytes: float
    approach: str
    right: Right
    not_run: tuple[str, ...] = ()


Round = dict[str, Side]
"""Every side once, on the same split."""


def compare(pictures: Path, budget: str | None = None) -> list[Figure]:
    """Compare `headstart train` and `headstart compare` with what people do today, the script of the Keras guide.

    1,200 pictures, as many from each class, at 224 px, and MobileNet from a weight file. The script
    (`benchmarks/guide.py`) runs the frozen network again in each of 10 epochs, to train a head of 256 units with
    dropout. Each side is timed from the start of its process to the end, headstart with an empty cache. The sides take
    turns: two rounds with a split each (seeds 0 and 1), the same for all sides. Seconds and ratios are medians of the
    rounds; test pictures of the rounds are pooled; a comparison is as accurate as its winner, which is chosen on val.
    Memory is the peak of all processes of a command together, where pages that two of them share count twice. The
    comparison with scratch and fine-tune is made once, on seed 0, and has as much time in all as the script took, if
    the command names no other.
    """
    if not MOBILENET.is_file():
        sys.exit(f"There is no {MOBILENET}, the weights that both sides start from.")
    with tempfile.TemporaryDirectory() as place:
        data = Path(place, "pictures")
        _link_some(pictures, data)
        rounds = [_round(data, Path(place, f"seed {seed}"), seed) for seed in SEEDS]
        time_for_all = budget or f"{_seconds(rounds, GUIDE):.0f}s"
        rest = ("--backbones", NETWORK, "--weights", MOBILENET, "--budget", time_for_all)
        split = Split(data, Path(place, f"seed {SEEDS[0]}", "parts"), SEEDS[0])
        with_all = {GUIDE: rounds[0][GUIDE], ALL: _headstart(ALL, split, Path(place, "all"), "compare", *rest)}
    return [
        Figure(
            f"the script of the guide: test accuracy, seeds 0 and 1 ({_seconds(rounds, GUIDE):,.0f} s, "
            f"{_megabytes(rounds, GUIDE):,.0f} MB)",
            spread(shares([each[GUIDE].right for each in rounds])),
        ),
        *_beside("`headstart train`", TRAIN, rounds, "≤ 0.15"),
        *_beside("`headstart compare`, without scratch and fine-tune", COMPARE, rounds, "≤ 0.5"),
        *_beside(
            f"`headstart compare --budget {time_for_all}`, scratch and fine-tune too,", ALL, [with_all], "aim: 1.0"
        ),
    ]


def _link_some(pictures: Path, data: Path) -> None:
    """Link `PICTURES` pictures, as many from each class."""
    folders = sorted(folder for folder in pictures.iterdir() if folder.is_dir())
    for folder in folders:
        (data / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[: PICTURES // len(folders)]:
            (data / folder.name / file.name).symlink_to(file.resolve())


def _round(data: Path, place: Path, seed: int) -> Round:
    split = _linked_parts(data, place / "parts", seed)
    network = ("--weights", MOBILENET)
    untrained = ("--approaches", ",".join(UNTRAINED), "--backbones", NETWORK)
    frozen = ("--approach", "frozen+logistic", "--backbone", NETWORK)
    return {
        GUIDE: _guide(split, place),
        TRAIN: _headstart(TRAIN, split, place / "model", "train", *frozen, *network),
        COMPARE: _headstart(COMPARE, split, place / "run", "compare", *untrained, *network),
    }


def _linked_parts(data: Path, parts: Path, seed: int) -> Split:
    """Link the pictures as folders train, val and test, split as headstart will do it."""
    with pictures_of(data, silent) as read:
        for side, part in sides_of(read, read.dataset, seed).items():
            for name in part.classes:
                (parts / side / name).mkdir(parents=True)
            for record in part.records:
                (parts / side / record.path).symlink_to((data / record.path).resolve())
    end_workers()
    return Split(data, parts, seed)


def _guide(split: Split, place: Path) -> Side:
    model, table, cache = place / "guide.keras", place / "guide.csv", place / "cache of the guide"
    script = (sys.executable, "-m", "benchmarks.guide")
    spent = _spent(GUIDE, (*script, "train", split.parts, MOBILENET, model, EPOCHS), cache)
    _spent(f"{GUIDE}'s predictions", (*script, "predict", model, split.parts / "test", table), cache)
    return Side(*spent, GUIDE, _right(table, GUIDE, split))


def _headstart(name: str, split: Split, out: Path, command: str, *options: object) -> Side:
    whole = (HEADSTART, command, split.data, "--out", out, "--seed", split.seed, *options)
    spent = _spent(name, whole, out.with_name(f"cache of {name}"))
    told = out if command == "compare" else out / "run"
    results = json.loads((told / "results.json").read_text(encoding="utf-8"))
    judged = results["verdict"]["winner"] if command == "compare" else results["approaches"][0]["id"]
    not_run = tuple(str(each["id"]) for each in results.get("not_run", []))
    return Side(*spent, judged, _right(told / "predictions.csv", judged, split), not_run)


def _right(table: Path, judged: str, split: Split) -> Right:
    """Return which test pictures the approach ``judged`` got right, in the order of their paths."""
    right = {row.path: row.label == row.predicted for row in read_predictions(table) if row.approach == judged}
    test = split.parts / "test"
    wanted = sorted(file.relative_to(test).as_posix() for file in test.glob("*/*"))
    if sorted(right) != wanted:
        sys.exit(f"{judged} was tested on other pictures than those in {test}")
    return np.array([right[path] for path in wanted])


def _seconds(rounds: Sequence[Round], side: str) -> float:
    return statistics.median(each[side].seconds for each in rounds)


def _megabytes(rounds: Sequence[Round], side: str) -> float:
    return max(each[side].megabytes for each in rounds)


def _beside(what: str, side: str, rounds: Sequence[Round], target: str) -> list[Figure]:
    """Return how a side compares with the guide: its time, how good it is, and its memory."""
    ratio = statistics.median(each[side].seconds / each[GUIDE].seconds for each in rounds)
    ours, theirs = ([each[name].right for each in rounds] for name in (side, GUIDE))
    approaches = ", ".join(dict.fromkeys(each[side].approach for each in rounds))
    missing = ", ".join(dict.fromkeys(name for each in rounds for name in each[side].not_run))
    times = f"{_seconds(rounds, side):,.0f} and {_seconds(rounds, GUIDE):,.0f} s"
    return [
        Figure(
            f"time of {what} against the script ({times}{f'; without {missing}' if missing else ''})",
            f"{ratio:.2f}",
            target,
        ),
        Figure(f"its accuracy ({approaches}: {spread(shares(ours))})", str(difference(ours, theirs)), "no lower"),
        Figure("its memory", f"{_megabytes(rounds, side):,.0f} MB", _MEMORY),
    ]


def _spent(name: str, command: Sequence[object], cache: Path) -> tuple[float, float]:
    """Run a command in a process of its own; return its seconds, and the peak of its processes' memory in MB."""
    print(f"{name} …", file=sys.stderr)
    with tempfile.TemporaryFile("w+") as output:
        since = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HEADSTART_CACHE": str(cache)},
        )
        peaks: list[float] = []
        watcher = threading.Thread(target=_watch_all, args=(child.pid, peaks))
        watcher.start()
        status = child.wait()
        seconds = time.perf_counter() - since
        watcher.join()
        if status:
            output.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{output.read()[-2000:]}")
    print(f"{name}: {seconds:.1f} s, {max(peaks):,.0f} MB", file=sys.stderr)
    return seconds, max(peaks)


def _watch_all(pid: int, peaks: list[float]) -> None:
    """Note what a process and all that descend from it hold in memory, in MB, until it ends."""
    while held := _resident(pid):
        peaks.append(held)
        time.sleep(_LOOK_EVERY)


def _resident(pid: int) -> float:
    """Return the MB that a process and its descendants hold, pages that they share counted in each; 0 if it ended."""
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
            parents[int(folder.name)] = int(state.split()[1])
            pages[int(folder.name)] = int((folder / "statm").read_text(encoding="ascii").split()[1])
        except OSError:
            continue  # it has just ended
    family = [pid]
    for each in family:
        family += [child for child, parent in parents.items() if parent == each]
    return sum(pages.get(each, 0) for each in family) * os.sysconf("SC_PAGE_SIZE") / 2**20


def report(pictures: Path) -> list[Figure]:
    """Measure `headstart report` on a comparison of 100 classes and 10 approaches, the median of 3, start-up included.

    The pictures are drawn at random: 10 a class, blocks of colours around one of the class's own.
    """
    with tempfile.TemporaryDirectory() as place:
        data, out = Path(place, "pictures"), Path(place, "run")
        _draw(data)
        run("compare", data, "--out", out, "--approaches", ",".join(REPORTED), "--cache", Path(place, "cache"))
        seconds = statistics.median(run("report", out)[0] for _ in range(3))
        megabytes = (out / "report.html").stat().st_size / 2**20
    return [
        Figure(f"`headstart report` of {CLASSES} classes and {len(REPORTED)} approaches", f"{seconds:.1f} s", "< 5 s"),
        Figure("the size of the page", f"{megabytes:.1f} MB", "< 5 MB"),
    ]


def _draw(data: Path) -> None:
    noise = np.random.default_rng(0)
    for number in range(CLASSES):
        folder = data / f"class {number:02}"
        folder.mkdir(parents=True)
        colour = noise.integers(0, 128, 3)
        for picture in range(A_CLASS):
            blocks = (colour + noise.integers(0, 128, (8, 8, 3))).astype(np.uint8)
            Image.fromarray(blocks).resize((64, 64), Image.Resampling.NEAREST).save(folder / f"{picture}.png")
