"""Squares as the page shows them."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from headstart.server.pictures import SIDE, data_address, jpeg_of, shown_square

SQUARES = {size: np.full((size, size, 3), (size, 0, 255 - size), np.uint8) for size in (64, 96)}


def test_the_largest_square_is_shown() -> None:
    shown = shown_square(SQUARES)
    assert shown.shape == (SIDE, SIDE, 3)
    assert shown[0, 0].tolist() == [96, 0, 159]


def test_an_address_holds_the_picture() -> None:
    kind, _, content = data_address(jpeg_of(shown_square(SQUARES))).partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (kind, image.format, image.size) == ("data:image/jpeg", "JPEG", (SIDE, SIDE))
