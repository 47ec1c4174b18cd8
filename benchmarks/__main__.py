"""``python -m benchmarks [NAME...] [--pictures FOLDER] [--write FILE]``: measure, and print figures and targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.accuracy import accuracy, precision
from benchmarks.audit import check, memory
from benchmarks.cluster import cluster
from benchmarks.driver import driver
from benchmarks.figure import Figure
from benchmarks.install import install
from benchmarks.keras import keras, vgg16
from benchmarks.pictures import benchmark_pictures
from benchmarks.report import put_section, section_of
from benchmarks.runs import demo, help_text, predict, train
from benchmarks.speed import engine, features, head
from benchmarks.store import again, flat, load

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "help": help_text,
    "predict": predict,
    "check": check,
    "memory": memory,
    "features": features,
    "engine": engine,
    "vgg16": vgg16,
    "keras": keras,
    "precision": precision,
    "again": again,
    "load": load,
    "flat": flat,
    "cluster": cluster,
    "head": head,
    "train": train,
    "accuracy": accuracy,
    "driver": driver,
    "demo": demo,
    "install": install,
}


def main() -> None:
    """Run the benchmarks that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pictures", type=Path, help="folder with one sub-folder of pictures per class")
    parser.add_argument("--write", type=Path, help="document whose sections of the same names are written anew")
    arguments = parser.parse_args()
    with benchmark_pictures(arguments.pictures) as pictures:
        for name in arguments.names or BENCHMARKS:
            print(f"measuring {name} …", file=sys.stderr)
            section = section_of(name, BENCHMARKS[name], BENCHMARKS[name](pictures))
            print(section, flush=True)
            if arguments.write:
                put_section(arguments.write, name, section, list(BENCHMARKS))


if __name__ == "__main__":
    main()
