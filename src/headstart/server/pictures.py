"""Pictures on the page: squares that the model saw, as JPEG files and as addresses that hold them."""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
from PIL import Image

from headstart.features.engine import Pixels
from headstart.jobs.looking import Squares

SIDE = 336
"""Pixels along a side of what is shown."""

_QUALITY = 82


def shown_square(squares: Squares) -> Pixels:
    """Return the largest square that the model saw, ``(SIDE, SIDE, 3)`` uint8 RGB in [0, 255]."""
    largest = Image.fromarray(squares[max(squares)])
    return np.asarray(largest.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def jpeg_of(pixels: Pixels) -> bytes:
    """Return a JPEG file of ``(height, width, 3)`` uint8 RGB, without metadata."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def data_address(jpeg: bytes) -> str:
    """Return a ``data:`` address that holds a JPEG file."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
