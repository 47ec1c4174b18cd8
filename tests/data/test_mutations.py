"""Thousands of damaged pictures: each ends as used or with a documented reason, and none takes a process with it."""

from __future__ import annotations

import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest

from headstart.data import decode, worker, worker_process
from headstart.data.decode import Geometry
from headstart.data.workers import Task, end_workers, replies
from picture_files import chunks, kinds, png_of
from processes import peak_megabytes, workers_of

KNOWN = {"used", *decode.REASONS, *worker.REASONS, worker_process.CRASHES, worker_process.TOO_SLOW}
"""All ends that a picture may come to."""

FATAL = (worker_process.CRASHES, worker_process.TOO_SLOW)
SMALL = Geometry(32)
BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """What became of many pictures."""

    ends: Counter[str]
    at_odds: int
    """How many had facts and no pixels, or pixels and no facts, or another reason."""
    slowest_seconds: float
    peak_megabytes: float
    processes: frozenset[int]
    fatal: tuple[bytes, ...]
    """Contents that ended a process."""

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.ends + other.ends,
            self.at_odds + other.at_odds,
            max(self.slowest_seconds, other.slowest_seconds),
            max(self.peak_megabytes, other.peak_megabytes),
            self.processes | other.processes,
            self.fatal + other.fatal,
        )


NOTHING = Outcome(Counter(), 0, 0.0, 0.0, frozenset(), ())


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    end_workers()
    yield
    end_workers()
    assert workers_of(os.getpid()) == []


# --- mutations ------------------------------------------------------------------------------------------------


def _flip_bits(data: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _flip_bits_of_the_header(data: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 3)):
        data[random.randrange(min(len(data), 64))] ^= 1 << random.randrange(8)


def _overwrite_a_run(data: bytearray, random: Random) -> None:
    at, byte = random.randrange(len(data)), random.choice([0, 255, random.randrange(256)])
    end = min(at + random.randint(1, 64), len(data))
    data[at:end] = bytes([byte]) * (end - at)


def _overwrite_with_noise(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    end = min(at + random.randint(1, 64), len(data))
    data[at:end] = random.randbytes(end - at)


def _change_a_number(data: bytearray, random: Random) -> None:
    # Sides, lengths and offsets are numbers of two or four bytes, in the header more than elsewhere.
    at = random.randrange(random.choice([min(len(data), 64), len(data)]))
    number = random.choice([0, 1, 2**15, 2**16 - 1, 2**31, 2**32 - 1, random.randrange(2**32)])
    stored = random.choice([number.to_bytes(4, "little"), number.to_bytes(4, "big")])
    width = random.choice([2, 4])
    data[at : at + width] = stored[:width]


def _cut_off(data: bytearray, random: Random) -> None:
    del data[random.randint(1, len(data)) :]


def _cut_out(data: bytearray, random: Random) -> None:
    at = random.randint(1, len(data))
    del data[at : at + random.randint(1, 64)]


def _insert(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    data[at:at] = random.randbytes(random.randint(1, 64))


def _duplicate_a_block(data: bytearray, random: Random) -> None:
    at, to = random.randrange(len(data)), random.randrange(len(data))
    data[to:to] = data[at : at + random.randint(1, 256)] * random.randint(1, 3)


def _make_checksums_right(data: bytearray, random: Random) -> None:
    # Else next to nothing gets beyond the checksums of a PNG.
    if data.startswith(b"\x89PNG"):
        data[:] = png_of([part[:-4] + zlib.crc32(part[4:-4]).to_bytes(4, "big") for part in chunks(bytes(data))])


MUTATIONS = (
    _flip_bits,
    _flip_bits_of_the_header,
    _overwrite_a_run,
    _overwrite_with_noise,
    _change_a_number,
    _change_a_number,
    _cut_off,
    _cut_out,
    _insert,
    _duplicate_a_block,
    _make_checksums_right,
)


def mutated(data: bytes, random: Random) -> bytes:
    """Return ``data`` with one to four things wrong."""
    spoilt = bytearray(data)
    for mutation in random.choices(MUTATIONS, k=random.randint(1, 4)):
        mutation(spoilt, random)
    return bytes(spoilt)


# --- what becomes of them -------------------------------------------------------------------------------------


def outcome_of(files: list[Path]) -> Outcome:
    """Ask for the facts and the pixels of ``files``, and return what came of it."""
    tasks = [task for file in files for task in (Task(file, "facts"), Task(file, "pixels", SMALL))]
    reasons, times = [], [time.monotonic()]
    for reply in replies(tasks):
        reasons.append(reply.reason or "used")
        times.append(time.monotonic())
    pairs = list(zip(reasons[::2], reasons[1::2], strict=True))
    pids = workers_of(os.getpid())
    return Outcome(
        Counter(facts for facts, _ in pairs),
        sum(facts != pixels for facts, pixels in pairs),
        float(np.diff(times).max()),
        max(peak_megabytes(pid) for pid in pids),
        frozenset(pids),
        tuple(file.read_bytes() for file, ends in zip(files, pairs, strict=True) if set(ends) & set(FATAL)),
    )


def outcome_of_mutations(number: int, folder: Path) -> Outcome:
    """Send ``number`` mutations of every kind of picture through the workers, in batches of files in ``folder``."""
    random = Random(0)  # noqa: S311 - nothing secret
    originals = list(kinds().values())
    whole = NOTHING
    for begun in range(0, number, BATCH):
        files = [folder / str(i) for i in range(min(BATCH, number - begun))]
        for i, file in enumerate(files):
            file.write_bytes(mutated(originals[(begun + i) % len(originals)], random))
        whole += outcome_of(files)
    return whole


@pytest.mark.parametrize("number", [2_000, pytest.param(100_000, marks=[pytest.mark.trust, pytest.mark.timeout(7200)])])
def test_every_mutation_ends_as_used_or_with_a_reason_and_takes_no_process(number: int, tmp_path: Path) -> None:
    outcome = outcome_of_mutations(number, tmp_path)
    assert outcome.ends.total() == number
    assert set(outcome.ends) <= KNOWN
    assert outcome.fatal == ()  # so none took five seconds of the processor, or crashed
    assert outcome.at_odds == 0
    assert len(outcome.processes) <= len(os.sched_getaffinity(0))
    assert outcome.slowest_seconds < worker_process.SECONDS  # of waiting, on a machine that has other work
    assert outcome.peak_megabytes < 1024
    assert outcome.ends["used"] > number / 20  # they aren't all so spoilt that nothing is tested
    assert outcome.ends["unreadable"] > number / 20
    print(outcome)  # noqa: T201 - shown with -s
