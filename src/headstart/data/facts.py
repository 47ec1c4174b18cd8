"""What the audit needs to know of a picture's content: a row of a few hundred bytes, made in one decoding."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from headstart.data.decode import decoded

THUMB = 16
"""Side of the grey thumbnail by which near duplicates are found."""

FACTS = np.dtype(
    [
        ("width", "i4"),
        ("height", "i4"),
        ("damaged", "?"),  # it decodes, but part of what is seen may be missing or wrong
        ("grey", "?"),  # no colour in it that `THUMB` pixels a side would show, however it is stored
        ("dark", "u1"),  # first percentile of its grey values, at 64 x 64 pixels
        ("bright", "u1"),  # 99th percentile
        ("sharpness", "f4"),  # see `_sharpness`
        ("thumb", "u1", (THUMB, THUMB)),
        ("format", "u2"),  # this and the next two: positions in a table of names
        ("mode", "u2"),
        ("camera", "u2"),
    ]
)
"""One picture's row. Sizes are in pixels when upright; grey values are in [0, 255]."""

_SIDE = 64
"""Side of the square, in pixels, on which a picture is measured; it is decoded no smaller if it isn't smaller."""

_COLOURLESS = 4
"""The largest difference between red, green and blue in a grey picture: JPEG's rounding tints by so much."""

_COLOURS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""simplejpeg's name of what a JPEG is decoded to, by Pillow's mode."""

_HARMLESS = ("subsampling", "colorspace", "jfif revision", "adobe color", "icc marker", "invalid sos parameters")
"""Parts of what libjpeg says of files that are odd, and whole."""


@dataclass(frozen=True)
class Facts:
    """A picture's row, and the names that its ``format``, ``mode`` and ``camera`` stand for."""

    row: NDArray[np.void]
    format: str
    mode: str
    camera: str


def facts_of(data: bytes) -> Facts:
    """Return what the audit needs to know of the picture in ``data``.

    Raises
    ------
    DecodeError
        As `headstart.data.decode.decoded` does.
    """
    picture = decoded(data, _SIDE)
    # Everything is measured on one small square: a thousandth of the pixels of a photo, and of the time.
    colours = picture.rgb.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = colours.convert("L")
    row = np.zeros((), FACTS)
    row["width"], row["height"] = picture.size
    row["damaged"] = _is_damaged(data, picture.format, picture.mode)
    row["grey"] = np.ptp(np.asarray(colours.reduce(_SIDE // THUMB), np.int16), axis=2).max() <= _COLOURLESS
    row["dark"], row["bright"] = np.searchsorted(np.cumsum(grey.histogram()), [0.01 * _SIDE**2, 0.99 * _SIDE**2])
    row["thumb"] = np.asarray(grey.reduce(_SIDE // THUMB))
    row["sharpness"] = _sharpness(np.asarray(grey, np.float32))
    return Facts(row, picture.format, picture.mode, picture.camera)


def shorter_sides(facts: NDArray[np.void]) -> NDArray[np.integer]:
    """Return the length in pixels of each picture's shorter side, ``(n_pictures,)``, from rows of `FACTS`."""
    return np.asarray(np.minimum(facts["width"], facts["height"]))


def _sharpness(x: NDArray[np.float32]) -> float:
    """Return the energy of the Laplacian of ``(64, 64)`` grey values over their variance.

    The variance of the Laplacian is the classic measure of focus (Pech-Pacheco et al. 2000); over the variance of
    the picture it doesn't depend on contrast, and at a fixed size not on the camera's resolution: what is blurred
    here is blurred to a network too. White noise has about 20, a photo in focus 0.1 and more, 0 is one colour.
    """
    variance = x.var()
    if variance < 1:
        return 0.0
    laplacian = x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:] - 4 * x[1:-1, 1:-1]
    return float(np.mean(laplacian**2) / variance)


def _is_damaged(data: bytes, form: str, mode: str) -> bool:
    """Return whether a strict reader complains of a picture that Pillow decoded."""
    if form == "PNG":
        return not _checksums_hold(data)
    return form == "JPEG" and mode in _COLOURS and _libjpeg_misses_data(data, _COLOURS[mode])


def _checksums_hold(png: bytes) -> bool:
    """Return whether every chunk of a PNG is there, up to the last, and has the checksum that is written behind it.

    Pillow looks at those of the chunks before the pixels alone.
    """
    view, at = memoryview(png), 8
    while at + 12 <= len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(png[end : end + 4], "big"):
            return False
        if png[at + 4 : at + 8] == b"IEND":
            return True
        at = end + 4
    return False


def _libjpeg_misses_data(jpeg: bytes, colours: str) -> bool:
    """Return whether libjpeg says that pixels are missing or wrong, which Pillow doesn't pass on."""
    try:
        # At an eighth of the size the whole stream is still read, at a fraction of the cost.
        simplejpeg.decode_jpeg(jpeg, colours, min_height=1, min_width=1, min_factor=8)
    except ValueError as error:
        complaint = str(error).lower()
        return not any(part in complaint for part in _HARMLESS)
    return False
