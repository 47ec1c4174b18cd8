"""Patches cut from 13 real photos: training patches left, test patches right, so that no pixel is shared."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.errors import MissingError

PHOTOS = {
    "skimage": (
        "data",
        ("brick.png", "grass.png", "gravel.png", "coffee.png", "astronaut.png", "chelsea.png", "rocket.jpg",
         "retina.jpg", "ihc.png", "hubble_deep_field.jpg", "motorcycle_left.png"),
    ),
    "sklearn": ("datasets/images", ("china.jpg", "flower.jpg")),
}  # fmt: skip
"""Package, folder in it, and the photos there (scikit-image and scikit-learn bring them in their wheels)."""

SMALLEST, LARGEST = 64, 96
"""Side of a patch in pixels."""


@dataclass(frozen=True)
class Region:
    """A part of a photo, in shares of its width and height, and how many patches are cut from it."""

    part: str
    left: float
    top: float
    right: float
    bottom: float
    patches: int


REGIONS = (
    Region("train", 0, 0, 0.5, 0.65, 10),
    Region("val", 0, 0.65, 0.5, 1, 5),
    Region("test", 0.5, 0, 1, 1, 20),
)
"""Left half for learning, right half for the test."""


def photo_files() -> dict[str, Path]:
    """Return the photos by name; raise `MissingError` if a package that brings them isn't installed."""
    files = {}
    for package, (folder, names) in PHOTOS.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise MissingError(
                "The demo's photos come with scikit-image, which isn't installed: pip install 'headstart[demo]'."
            )
        place = Path(spec.submodule_search_locations[0]) / folder
        files.update({name.rsplit(".", 1)[0]: place / name for name in names})
    return files


def cut_patches(out: Path, seed: int) -> int:
    """Write patches as ``out/PART/PHOTO/NN.png`` and return how many."""
    random = np.random.default_rng(seed)
    count = 0
    for name, file in photo_files().items():
        with Image.open(file) as opened:
            photo = opened.convert("RGB")
        for region in REGIONS:
            folder = out / region.part / name
            folder.mkdir(parents=True)
            for number in range(region.patches):
                _patch(photo, region, random).save(folder / f"{number:02}.png")
                count += 1
    return count


def patch_names() -> list[str]:
    """Return the names of all files that `cut_patches` writes, relative to its folder."""
    names = [name.rsplit(".", 1)[0] for _, files in PHOTOS.values() for name in files]
    return [f"{r.part}/{name}/{number:02}.png" for r in REGIONS for name in names for number in range(r.patches)]


def _patch(photo: Image.Image, region: Region, random: np.random.Generator) -> Image.Image:
    left, right = int(photo.width * region.left), int(photo.width * region.right)
    top, bottom = int(photo.height * region.top), int(photo.height * region.bottom)
    side = int(random.integers(SMALLEST, min(LARGEST, right - left, bottom - top) + 1))
    x = int(random.integers(left, right - side + 1))
    y = int(random.integers(top, bottom - side + 1))
    return photo.crop((x, y, x + side, y + side))
