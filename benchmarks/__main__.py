"""``python -m benchmarks [NAME...] [--pictures FOLDER] [--write FILE]``: measure, and print figures and targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.accuracy import accuracy, precision
from benchmarks.approaches import approaches
from benchmarks.audit import check, memory
from benchmarks.cluster import cluster
from benchmarks.compare import compare, report
from benchmarks.curve import curve
from benchmarks.driver import driver
from benchmarks.figure import Measured
from benchmarks.heads import heads, logistic, recipe
from benchmarks.install import install
from benchmarks.keras import keras, vgg16
from benchmarks.pictures import benchmark_pictures
from benchmarks.pretraining import pretraining
from benchmarks.report import put_section, section_of
from benchmarks.ridge import ridge
from benchmarks.runs import demo, help_text, predict, train
from benchmarks.serving import files, many, serve
from benchmarks.speed import engine, features
from benchmarks.store import again, flat, load
from benchmarks.training import maps, training

BENCHMARKS: dict[str, Callable[..., Measured]] = {
    "help": help_text,
    "predict": predict,
    "files": files,
    "serve": serve,
    "many": many,
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
    "train": train,
    "accuracy": accuracy,
    "heads": heads,
    "logistic": logistic,
    "recipe": recipe,
    "approaches": approaches,
    "training": training,
    "maps": maps,
    "pretraining": pretraining,
    "compare": compare,
    "report": report,
    "curve": curve,
    "driver": driver,
    "ridge": ridge,
    "demo": demo,
    "install": install,
}

OPTIONS = {"approaches": ("budget", "runs"), "pretraining": ("budget", "backbone"), "compare": ("budget",)}
"""What can be named beside the pictures."""


def main() -> None:
    """Run the benchmarks that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pictures", type=Path, help="folder with one sub-folder of pictures per class")
    parser.add_argument("--write", type=Path, help="document whose sections of the same names are written anew")
    parser.add_argument(
        "--budget", help="time for each training of approaches, for pretraining, or for all of compare, as in 60s"
    )
    parser.add_argument("--runs", type=Path, help="folder in which approaches keeps its runs, so that it can go on")
    parser.add_argument("--backbone", type=Path, help="folder of the pretrained network; made if it isn't there")
    arguments = parser.parse_args()
    with benchmark_pictures(arguments.pictures) as pictures:
        for name in arguments.names or BENCHMARKS:
            print(f"measuring {name} …", file=sys.stderr)
            asked = {option: getattr(arguments, option) for option in OPTIONS.get(name, ())}
            options = {option: value for option, value in asked.items() if value is not None}
            section = section_of(name, BENCHMARKS[name], BENCHMARKS[name](pictures, **options), options)
            print(section, flush=True)
            if arguments.write:
                put_section(arguments.write, name, section, list(BENCHMARKS))


if __name__ == "__main__":
    main()
