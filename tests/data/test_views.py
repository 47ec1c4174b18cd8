"""Views of a picture: drawn from its content and a number alone, never less than half of it, the mirror exact."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from headstart.data.decode import FITS, Geometry, pixels_from
from headstart.data.views import MIRRORED, MOST_VIEWS, WHOLE, drawn, is_view, mirrored, seen_as
from headstart.data.workers import Task, replies
from pictures import encoded, picture

SIDE = 32
DATA = encoded(picture((100, 150, 50), seed=1, size=(80, 60)))
OTHER = encoded(picture((100, 150, 50), seed=2, size=(80, 60)))


def seen(view: str, data: bytes = DATA, fit: str = "squash") -> NDArray[np.uint8]:
    return pixels_from(data, Geometry(SIDE, fit, view))


def part_of(width: int, height: int, number: int, data: bytes = b"some content") -> Image.Image:
    """Return the part of a black picture that a drawn view shows."""
    return seen_as(drawn(number), Image.new("RGB", (width, height)), data)[0]


# --- the whole and its mirror image ---------------------------------------------------------------------------


@pytest.mark.parametrize("fit", FITS)
def test_the_mirrored_view_is_exactly_the_mirror_image(fit: str) -> None:
    assert np.array_equal(seen(MIRRORED, fit=fit), seen(WHOLE, fit=fit)[:, ::-1])
    assert not np.array_equal(seen(MIRRORED, fit=fit), seen(WHOLE, fit=fit))


def test_the_whole_is_what_is_seen_without_a_view() -> None:
    assert np.array_equal(seen(WHOLE), pixels_from(DATA, Geometry(SIDE)))


def test_mirrored_twice_is_as_before_and_lies_in_one_piece() -> None:
    pixels = seen(WHOLE)
    assert np.array_equal(mirrored(mirrored(pixels)), pixels)
    assert mirrored(pixels).flags.c_contiguous


# --- drawn views ----------------------------------------------------------------------------------------------


def test_different_numbers_show_different_parts() -> None:
    views = {seen(drawn(number)).tobytes() for number in range(1, MOST_VIEWS)}
    assert len(views | {seen(WHOLE).tobytes(), seen(MIRRORED).tobytes()}) == MOST_VIEWS + 1


def test_another_content_has_another_part_under_the_same_number() -> None:
    assert [part_of(800, 600, n, DATA).size for n in range(1, 5)] != [
        part_of(800, 600, n, OTHER).size for n in range(1, 5)
    ]


def test_a_drawn_view_is_the_same_in_every_version() -> None:
    assert [part_of(800, 600, number).size for number in (1, 2, 99)] == [(789, 570), (637, 528), (792, 448)]


def test_a_drawn_view_does_not_depend_on_what_was_drawn_before() -> None:
    forwards = [seen(drawn(number)).tobytes() for number in range(1, 9)]
    backwards = [seen(drawn(number)).tobytes() for number in range(8, 0, -1)]
    assert forwards == backwards[::-1]


def test_a_drawn_view_does_not_depend_on_the_state_of_numpys_random_numbers() -> None:
    first = seen(drawn(1)).tobytes()
    np.random.seed(1)
    assert seen(drawn(1)).tobytes() == first


@pytest.mark.parametrize("view", [WHOLE, MIRRORED, drawn(1), drawn(2), drawn(99)])
def test_a_worker_process_sees_the_same_whatever_the_file_is_called(tmp_path: Path, view: str) -> None:
    (tmp_path / "a.png").write_bytes(DATA)
    (tmp_path / "other name.jpg").write_bytes(DATA)
    geometry = Geometry(SIDE, "crop", view)
    tasks = [Task(path, "pixels", geometry) for path in sorted(tmp_path.iterdir())]
    payloads = [reply.payload for reply in replies([*tasks, *tasks[::-1]])]
    assert set(payloads) == {pixels_from(DATA, geometry).tobytes()}


def test_another_process_draws_the_same() -> None:
    code = (
        "import hashlib, sys; from headstart.data.decode import Geometry, pixels_from; "
        "print(hashlib.sha256(pixels_from(sys.stdin.buffer.read(), Geometry(32, 'squash', 'drawn-7'))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=DATA, capture_output=True, check=True, env={"PYTHONHASHSEED": "77"}
    )
    assert done.stdout.decode().strip() == sha_of(seen(drawn(7)))


def sha_of(pixels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 9999), st.binary(max_size=4))
def test_a_drawn_view_has_at_least_half_of_the_area(width: int, height: int, number: int, data: bytes) -> None:
    part = part_of(width, height, number, data)
    assert 2 * part.width * part.height >= width * height
    assert part.width <= width
    assert part.height <= height


def test_drawn_views_change_the_aspect_by_a_third_at_most() -> None:
    sizes = np.array([part_of(3000, 2000, number).size for number in range(1, 200)])
    change = np.log(sizes[:, 0] / sizes[:, 1] / 1.5)
    assert np.abs(change).max() < np.log(4 / 3) + 0.001
    assert change.min() < -0.2
    assert change.max() > 0.2


def test_drawn_views_reach_every_side_of_the_picture() -> None:
    # A ramp: the first and last pixel of a part tell where it begins and ends.
    ramp = Image.fromarray(np.tile(np.arange(200, dtype=np.uint8), (200, 1)))
    parts = [np.asarray(seen_as(drawn(number), ramp, b"x")[0]) for number in range(1, 300)]
    assert min(part[0, 0] for part in parts) == 0
    assert max(part[0, -1] for part in parts) == 199
    assert max(part[0, 0] for part in parts) > 40


def test_about_half_of_the_drawn_views_are_mirrored() -> None:
    image = Image.new("RGB", (8, 8))
    assert 160 < sum(seen_as(drawn(number), image, b"")[1] for number in range(1, 401)) < 240


def test_a_picture_of_one_pixel_is_shown_whole() -> None:
    assert {part_of(1, 1, number).size for number in range(1, 50)} == {(1, 1)}


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WHOLE, MIRRORED, "drawn-1", "drawn-9999"])
def test_these_are_views(name: str) -> None:
    assert is_view(name)
    assert Geometry(SIDE, "squash", name).view == name


@pytest.mark.parametrize(
    "name",
    ["", "drawn", "drawn-", "drawn-0", "drawn-01", "drawn-10000", "drawn--1", "drawn-1\n", "drawn-١", "Whole", "left"],
)
def test_an_unknown_view_is_refused(name: str) -> None:
    assert not is_view(name)
    with pytest.raises(ValueError, match="view"):
        Geometry(SIDE, "squash", name)
