"""``python -m benchmarks [NAME...] [--pictures FOLDER]``: measure, and print one table of figures and targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.accuracy import accuracy
from benchmarks.audit import check, memory
from benchmarks.figure import Figure
from benchmarks.install import install
from benchmarks.pictures import benchmark_pictures
from benchmarks.runs import demo, help_text, predict, train
from benchmarks.speed import engine, features, head

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "help": help_text,
    "predict": predict,
    "check": check,
    "memory": memory,
    "features": features,
    "engine": engine,
    "head": head,
    "train": train,
    "accuracy": accuracy,
    "demo": demo,
    "install": install,
}


def main() -> None:
    """Run the benchmarks that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pictures", type=Path, help="folder with one sub-folder of pictures per class")
    arguments = parser.parse_args()
    with benchmark_pictures(arguments.pictures) as pictures:
        print("| what | measured | target |\n|---|---|---|")
        for name in arguments.names or BENCHMARKS:
            print(f"measuring {name} …", file=sys.stderr)
            for figure in BENCHMARKS[name](pictures):
                print(f"| {figure.what} (`{name}`) | {figure.measured} | {figure.target} |", flush=True)


if __name__ == "__main__":
    main()
