"""From the bytes of a picture file to RGB pixels. The only place where bytes become pixels."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats that are read, told by content and never by suffix."""

MAX_PIXELS = 89_478_485
"""Pictures with more pixels are skipped: a small file may unfold to gigabytes. (The limit of Pillow.)"""

DECODER = "pillow-bicubic-1"
"""Name of this way of decoding and resizing; it changes when the pixels change."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""


class DecodeError(Exception):
    """A file that can't be used as a picture; ``reason`` is a stable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class Geometry:
    """How a picture of any shape becomes a square of ``size`` pixels.

    ``fit`` is "squash" (the whole picture, aspect changed) or "crop" (shorter side scaled to ``size`` / 0.875,
    centre square cut out: the classic ImageNet evaluation).
    """

    size: int
    fit: str = "squash"


def pixels_from(data: bytes, geometry: Geometry) -> NDArray[np.uint8]:
    """Return the picture in ``data`` as ``(size, size, 3)`` uint8 RGB in [0, 255].

    EXIF orientation is applied; grey, palette, CMYK and 16-bit pictures become RGB, transparency becomes white,
    of an animation the first frame is taken. Resizing is bicubic with antialiasing.

    Raises
    ------
    DecodeError
        With reason ``empty-file``, ``not-a-picture``, ``too-many-pixels``, ``unsupported-mode`` or
        ``unreadable``.
    """
    if not data:
        raise DecodeError("empty-file")
    image = _opened(data)
    if image.width * image.height > MAX_PIXELS:
        raise DecodeError("too-many-pixels", f"{image.width}x{image.height}")
    try:
        # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size; twice the target keeps the resampling exact enough.
        image.draft("RGB", (2 * geometry.size, 2 * geometry.size))
        image.load()  # Pillow turns a TIFF upright itself, here, and then forgets its orientation
        turn = _UPRIGHT.get(_orientation(image))
        rgb = _rgb(image)
        if turn is not None:
            rgb = rgb.transpose(turn)
        return np.asarray(_fitted(rgb, geometry))
    except DecodeError:
        raise
    except Exception as error:
        # Damaged files make decoders raise nearly anything (OSError, SyntaxError, struct.error, IndexError …).
        raise DecodeError("unreadable", str(error)) from error


_FILTERS = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's warnings off the user's screen; the filters belong to all threads, hence the lock."""
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; damaged EXIF data is none, and no reason to lose the picture."""
    try:
        with _quiet():
            return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _opened(data: bytes) -> Image.Image:
    try:
        with _quiet():
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise DecodeError("too-many-pixels", str(error)) from error
    except UnidentifiedImageError as error:
        raise DecodeError("not-a-picture") from error
    except Exception as error:
        raise DecodeError("unreadable", str(error)) from error


def _rgb(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode == "RGB" and "transparency" not in image.info:
        return image
    if mode in ("1", "L", "CMYK", "YCbCr", "LAB", "HSV", "RGBX") and "transparency" not in image.info:
        return image.convert("RGB")
    if mode in ("P", "PA", "LA", "La", "RGBA", "RGBa", "1", "L", "RGB"):
        opaque = image.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(white, opaque).convert("RGB")
    if mode == "I" or mode.startswith("I;16"):
        # 16 bits a value: Pillow's own conversion to RGB would cut everything above 255 to white.
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise DecodeError("unsupported-mode", f"{mode} with values outside 0..65535")
        return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")
    raise DecodeError("unsupported-mode", mode)


def _fitted(image: Image.Image, geometry: Geometry) -> Image.Image:
    size = geometry.size
    if geometry.fit == "squash":
        return image.resize((size, size), Image.Resampling.BICUBIC)
    if geometry.fit == "crop":
        side = min(image.size) * 0.875
        left, top = (image.width - side) / 2, (image.height - side) / 2
        return image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    raise ValueError(f"unknown fit {geometry.fit!r}")
