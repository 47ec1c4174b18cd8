"""Figures as sections of a document: a section per benchmark, written anew when it was measured anew."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.figure import Measured, table_of
from headstart.features.engine import processor_name

_PACKAGES = ("openvino", "tensorflow-cpu", "keras", "numpy")


def section_of(name: str, benchmark: Callable[..., Measured], measured: Measured, options: Mapping[str, object]) -> str:
    """Return a section that says what was measured, by which command with its options, when, and on what."""
    what = " ".join(str(benchmark.__doc__).split()).replace("``", "`")
    shown = (f"--{option} {'FOLDER' if isinstance(value, Path) else value}" for option, value in options.items())
    command = " ".join((name, *shown))
    table = table_of(measured)
    heading, *rows = (f"| {' | '.join(line)} |" for line in (table.columns, *table.rows))
    lines = "\n".join((heading, "|---" * len(table.columns) + "|", *rows))
    return f"## {name}\n\n{what}\n\n`.venv/bin/python -m benchmarks {command}`, {_machine()}\n\n{lines}\n"


def put_section(document: Path, name: str, section: str, names: Sequence[str]) -> None:
    """Write ``section`` in the place of the one of the same name; sections stand in the order of ``names``."""
    before, *parts = re.split(r"^(?=## )", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = {part.splitlines()[0].removeprefix("## "): part.rstrip() + "\n" for part in parts} | {name: section}
    rank = {each: number for number, each in enumerate(names)}
    ordered = sorted(sections, key=lambda each: rank.get(each, len(rank)))
    document.write_text(f"{before.rstrip()}\n\n" + "\n".join(sections[each] for each in ordered), encoding="utf-8")


def _machine() -> str:
    day = datetime.now(UTC)
    versions = []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{day.day} {day:%B %Y}, {processor_name('openvino')} of {os.cpu_count()}, Python {platform.python_version()}, "
        f"{', '.join(versions)}"
    )
