"""Small real pictures, drawn: every test that needs a folder of them takes it from here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"ant": (200, 40, 40), "bee": (40, 200, 40), "cow": (40, 40, 200)}


def picture(colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """Return an RGB picture of noise around ``colour``; another ``seed`` gives another picture."""
    random = np.random.default_rng(seed)
    pixels = np.clip(np.array(colour) + random.normal(0, 40, (size[1], size[0], 3)), 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """Return ``image`` as the bytes of a picture file."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def write_classes(root: Path, counts: Mapping[str, int], *, seed: int = 0) -> Path:
    """Write ``counts[name]`` different PNG pictures into ``root/name`` for each class, and return ``root``."""
    for number, (name, count) in enumerate(counts.items()):
        folder = root / name
        folder.mkdir(parents=True)
        colour = COLOURS.get(Path(name).name) or (40 + 70 * number % 200, 200 - 60 * number % 200, 90)
        for i in range(count):
            (folder / f"{i:02}.png").write_bytes(encoded(picture(colour, seed=1000 * seed + 100 * number + i)))
    return root
