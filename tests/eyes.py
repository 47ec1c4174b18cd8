"""A model made by hand, of which it is known what it looks at: it tells how much red there is, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.data.records import Dataset
from headstart.features.recipe import Recipe
from headstart.learn.heads import DenseHead
from headstart.networks.backbones import backbone
from headstart.ship.bundle import Bundle
from models import inspected_in
from pictures import encoded

SIDE = 32
CORNERS = {"top left": (0, 0), "top right": (0, 16), "bottom left": (16, 0), "bottom right": (16, 16)}
"""Where the upper left corner of a quarter of a picture is: row and column."""


def red_eye(classes: tuple[str, str] = ("plain", "red"), **recipe: Any) -> Bundle:
    """Return a model whose network has one channel, red above the middle; ``recipe`` are fields that differ."""
    sees_red = np.zeros((3, 3, 3, 1), np.float32)
    sees_red[1, 1, 0, 0] = 1
    passes = np.zeros((3, 3, 1, 1), np.float32)
    passes[1, 1, 0, 0] = 1
    arrays: dict[str, NDArray[Any]] = {"block1_conv1/kernel": sees_red, "block1_conv2/kernel": passes}
    for name in ("block1_conv1_bn", "block1_conv2_bn"):
        arrays |= {f"{name}/{one}": np.ones(1, np.float32) for one in ("gamma", "moving_variance")}
        arrays |= {f"{name}/{zero}": np.zeros(1, np.float32) for zero in ("beta", "moving_mean")}
    made = Recipe(**{"layer": "avg_pool", "fit": "squash", "sizes": (SIDE,)} | recipe)
    dimension = made.dimension((1,))
    kernel = np.tile(np.array([[-20, 20]], np.float32), (dimension, 1))
    head = DenseHead(((kernel, np.array([1, -1], np.float32)),))
    return Bundle(classes, backbone("small_vgg1x1"), made, "f32", "", arrays, head, {"approach": "scratch"})


def red_quarters(root: Path) -> Dataset:
    """Write a black picture with a red quarter for each of `CORNERS`, and a black one, and return them, read."""
    for name, (top, left) in CORNERS.items():
        pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
        pixels[top : top + 16, left : left + 16, 0] = 255
        _write(pixels, root / "red" / f"{name}.png")
    _write(np.zeros((SIDE, SIDE, 3), np.uint8), root / "plain" / "black.png")
    return inspected_in(root).dataset


def lightest_quarter(picture: Path) -> str:
    """Return which quarter of a picture glows most: has most red over blue."""
    pixels = np.asarray(Image.open(picture).convert("RGB"), np.float64)
    half = len(pixels) // 2
    glow = {
        name: (pixels[..., 0] - pixels[..., 2])[half * (top > 0) :, half * (left > 0) :][:half, :half].mean()
        for name, (top, left) in CORNERS.items()
    }
    return max(glow, key=lambda name: glow[name])


def _write(pixels: NDArray[np.uint8], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(encoded(Image.fromarray(pixels)))


def write_objects(root: Path) -> Path:
    """Write two classes of pictures, noise with a small object somewhere in it, and return ``root``."""
    for number, (name, drawn) in enumerate(_OBJECTS.items()):
        for seed in range(10):
            random = np.random.default_rng(100 * number + seed)
            _write(_with(drawn, seed, *random.integers(0, 56, 2)), root / name / f"{seed}.png")
    return root


def checks_in_corners(root: Path) -> Dataset:
    """Write pictures of the first kind, the object in a corner that the file is called after, and return them, read."""
    for seed, (corner, (top, left)) in enumerate(CORNERS.items(), 1000):
        _write(_with(_OBJECTS["checks"], seed, 3 * top, 3 * left), root / "checks" / f"{corner}.png")
    return inspected_in(root).dataset


_DOWN, _ACROSS = np.mgrid[:40, :40]
_OBJECTS = {
    "checks": (_DOWN // 10 + _ACROSS // 10) % 2 * 255,
    "rings": np.hypot(_DOWN - 19.5, _ACROSS - 19.5) // 4 % 2 * 255,
}


def _with(drawn: NDArray[Any], seed: int, top: int, left: int) -> NDArray[np.uint8]:
    pixels = np.random.default_rng(seed).normal(128, 12, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    pixels[top : top + 40, left : left + 40] = drawn[..., np.newaxis]
    return pixels
