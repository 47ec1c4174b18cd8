"""Whole commands, as a user starts them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.figure import Figure

HEADSTART = str(Path(sys.executable).with_name("headstart"))


def run(*arguments: object) -> tuple[float, float, str]:
    """Run headstart; return seconds, its largest memory in MB (its workers' not included), and its stdout."""
    since = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen([HEADSTART, *map(str, arguments)], stdout=output, stderr=subprocess.DEVNULL)
        peaks: list[float] = []
        watcher = threading.Thread(target=watch, args=(child.pid, peaks))
        watcher.start()
        status = child.wait()
        seconds = time.perf_counter() - since
        watcher.join()
        if status:
            sys.exit(f"headstart {' '.join(map(str, arguments))} failed")
        output.seek(0)
        return seconds, max(peaks, default=0.0), output.read()


def watch(pid: int, peaks: list[float]) -> None:
    """Note the peak memory of a process in MB until it ends.

    What the system says of it afterwards would begin with that of its parent.
    """
    while True:
        try:
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return
        held = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
        if not held:
            return  # it ended, and waits to be reaped
        peaks += held
        time.sleep(0.02)


def help_text(pictures: Path) -> list[Figure]:
    """Measure ``headstart --help``, the median of 5."""
    seconds = statistics.median(run("--help")[0] for _ in range(5))
    return [Figure("`headstart --help`", f"{seconds:.2f} s", "< 0.5 s")]


def predict(pictures: Path) -> list[Figure]:
    """Measure ``headstart predict`` of one picture with a cached conversion, the median of 5."""
    classes = sorted(folder for folder in pictures.iterdir() if folder.is_dir())[:2]
    with tempfile.TemporaryDirectory() as place:
        small, model = Path(place, "pictures"), Path(place, "model")
        for folder in classes:
            (small / folder.name).mkdir(parents=True)
            for file in sorted(folder.iterdir())[:10]:
                (small / folder.name / file.name).symlink_to(file.resolve())
        run("train", small, "--out", model)
        picture = next(classes[0].iterdir())
        seconds = statistics.median(run("predict", model, picture)[0] for _ in range(5))
    return [Figure("`headstart predict` of one picture, start to answer", f"{seconds:.2f} s", "< 2 s")]


def train(pictures: Path) -> list[Figure]:
    """Measure ``headstart train`` with the default backbone, with an empty feature store and again."""
    with tempfile.TemporaryDirectory() as place:
        options = ("--cache", Path(place, "cache"), "--json")
        seconds, megabytes, output = run("train", pictures, "--out", Path(place, "model"), *options)
        again, _, _ = run("train", pictures, "--out", Path(place, "again"), "--seed", "1", *options)
    results = json.loads(output)
    (entry,) = results["approaches"]
    n = results["dataset"]["pictures"]
    return [
        Figure(f"`headstart train` on {n:,} pictures", f"{seconds:.0f} s"),
        Figure("of it features and head", f"{entry['seconds']['features']:.0f} s and {entry['seconds']['fit']:.1f} s"),
        Figure("the same again with another seed, features from the store", f"{again:.0f} s"),
        Figure("its memory", f"{megabytes:,.0f} MB", "< 2,000 MB"),
        Figure("its test accuracy, seed 0", f"{entry['test']['accuracy']['value']:.3f}"),
    ]


def demo(pictures: Path) -> list[Figure]:
    """Measure ``headstart demo``."""
    with tempfile.TemporaryDirectory() as place:
        seconds, _, _ = run("demo", "--out", Path(place, "demo"))
    return [Figure("`headstart demo`", f"{seconds:.0f} s", "< 60 s")]
