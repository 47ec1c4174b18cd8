"""From the bytes of a picture file to RGB pixels. The only place where bytes become pixels."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from headstart.data.views import WHOLE, is_view, mirrored, seen_as

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats that are read, told by content and never by suffix."""

MAX_PIXELS = 89_478_485
"""Pictures with more pixels are skipped: a small file may unfold to gigabytes. (The limit of Pillow.)"""

FITS = ("squash", "crop", "pad")
"""Ways to make a square of a picture, see `Geometry`."""

PADDING = (127, 127, 127)
"""What ``pad`` fills with: the grey in the middle of [0, 255], which most networks' preprocessing maps to about 0."""

DECODER = "pillow-bicubic-2"
"""Name of this way of decoding and resizing; it changes when the pixels change."""

REASONS = ("empty-file", "not-a-picture", "too-many-pixels", "unsupported-mode", "unreadable")
"""Why a file may be no picture: every ``reason`` of a `DecodeError` that is raised here."""

_STRIP_PIXELS = 2**22
"""Larger pictures become RGB in strips of so many pixels: copies of their whole size would pile up."""

_CAMERA_LETTERS = 80
"""What is kept of a camera's name: EXIF data may hold any text."""

_ORIENTATION, _MAKE, _MODEL = 0x0112, 0x010F, 0x0110  # EXIF, and TIFF as well
_BITS, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0  # TIFF
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation; from 5 on its sides change places."""

_begins_like_a_picture = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|BM.{4}\0{4}|II\*\0|MM\0\*|RIFF.{4}WEBP", re.DOTALL
).match


class DecodeError(Exception):
    """A file that can't be used as a picture; ``reason`` is a stable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class Geometry:
    """How a picture of any shape becomes a square of ``size`` pixels.

    ``fit`` is "squash" (the whole picture, aspect changed), "crop" (shorter side scaled to ``size`` / 0.875, centre
    square cut out: the classic ImageNet evaluation) or "pad" (the whole picture in its aspect, grey beside it).
    ``view`` is what of the picture is shown, see `headstart.data.views`.
    """

    size: int
    fit: str = "squash"
    view: str = WHOLE

    def __post_init__(self) -> None:
        if self.fit not in FITS or self.size < 1 or not is_view(self.view):
            raise ValueError(f"unknown fit {self.fit!r} or view {self.view!r}, or no size: {self.size}")


@dataclass(frozen=True)
class Decoded:
    """A picture in memory.

    ``rgb`` is upright, 8 bits a value and without any metadata; its sides may be a fraction of ``size``, the full
    width and height in pixels when upright. ``format`` is one of `FORMATS`, ``mode`` Pillow's name of how the pixels
    are stored, ``camera`` the make and model in the EXIF data, or empty.
    """

    rgb: Image.Image = field(repr=False)
    size: tuple[int, int]
    format: str
    mode: str
    camera: str


def decoded(data: bytes, smallest: int) -> Decoded:
    """Return the picture in ``data``, its sides no shorter than ``smallest`` if they weren't before.

    EXIF orientation is applied; grey, palette, CMYK and 16-bit pictures become RGB, transparency becomes white, of an
    animation the first frame is taken.

    Raises
    ------
    DecodeError
        With one of `REASONS`.
    """
    if not data:
        raise DecodeError("empty-file")
    try:
        with _quiet():
            return _decoded(data, smallest)
    except DecodeError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise DecodeError("too-many-pixels", str(error) or "not enough memory") from error
    except Exception as error:
        # Damaged files make decoders raise nearly anything (OSError, SyntaxError, struct.error, IndexError …).
        raise DecodeError("unreadable", str(error)) from error


def pixels_from(data: bytes, geometry: Geometry) -> NDArray[np.uint8]:
    """Return the picture in ``data`` as ``(size, size, 3)`` uint8 RGB in [0, 255].

    `decoded` says what becomes of other kinds of pixels. Resizing is bicubic with antialiasing.

    Raises
    ------
    DecodeError
        With one of `REASONS`.
    """
    # Decoded at twice the target at least, the resampling stays exact enough.
    shown, is_mirrored = seen_as(geometry.view, decoded(data, 2 * geometry.size).rgb, data)
    pixels = np.asarray(_fitted(shown, geometry))
    return mirrored(pixels) if is_mirrored else pixels


_FILTERS = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's warnings off the user's screen; the filters belong to all threads, hence the lock."""
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _decoded(data: bytes, smallest: int) -> Decoded:
    image = _image(data)
    size, form, mode = image.size, str(image.format), image.mode
    # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size.
    image.draft("RGB", (smallest, smallest))
    image.load()
    # The EXIF data of a PNG may come after its pixels: asked for it before, Pillow would decode them, and swallow what
    # is wrong with them the second time.
    camera = _camera(image)
    # Pillow turns a TIFF upright itself when it loads it, says its upright size before and no orientation after.
    orientation = _exif(image, _ORIENTATION)
    rgb = _rgb(image)
    del image  # a large picture must not lie in memory three times
    if isinstance(orientation, int) and orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
        size = size[::-1] if orientation >= 5 else size
    rgb.info.clear()
    return Decoded(rgb, size, "JPEG" if form == "MPO" else form, mode, camera)  # MPO: a JPEG with more behind it


def _image(data: bytes) -> ImageFile.ImageFile:
    """Return the picture in ``data``, its header read and no pixel decoded."""
    _check_size(*_webp_size(data))
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (MemoryError, Image.DecompressionBombError):
        raise
    except Exception as error:
        raise DecodeError("unreadable" if _begins_like_a_picture(data) else "not-a-picture", str(error)) from error
    _check_size(image.width, image.height)
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise DecodeError("too-many-pixels", f"{width}x{height}")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP file says it has, or zeros.

    Pillow says them too late: libwebp takes 8 bytes for each pixel when the file is opened.
    """
    if not data.startswith(b"RIFF") or data[8:12] != b"WEBP":
        return 0, 0
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _exif(image: Image.Image, tag: int) -> object:
    """Return an EXIF tag's value or None; damaged EXIF data is none, and no reason to lose the picture."""
    try:
        return image.getexif().get(tag)
    except MemoryError:
        raise
    except Exception:
        return None


def _camera(image: Image.Image) -> str:
    names = " ".join(str(_exif(image, tag) or "") for tag in (_MAKE, _MODEL))
    printable = "".join(letter if letter.isprintable() else " " for letter in names)
    return " ".join(printable.split())[:_CAMERA_LETTERS]


def _rgb(image: Image.Image) -> Image.Image:
    """Return ``image`` as RGB; a large one strip by strip."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    converted = _conversion(image)
    rows = max(1, _STRIP_PIXELS // image.width)
    if image.height <= rows:
        return converted(image)
    rgb = Image.new("RGB", image.size)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        rgb.paste(converted(strip), (0, top))
    return rgb


def _conversion(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return what makes RGB of any part of ``image``."""
    mode = image.mode
    if mode == "I" or mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        return partial(
            _from_wide_values,
            bits=12 if tags.get(_BITS) == (12,) else 16,
            inverted=tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO,
            transparent=image.info.get("transparency"),
        )
    if "transparency" in image.info or mode in ("PA", "LA", "La", "RGBA"):
        return _on_white
    if mode in ("1", "L", "P", "CMYK", "YCbCr", "LAB"):
        return partial(Image.Image.convert, mode="RGB")
    raise DecodeError("unsupported-mode", mode)


def _on_white(image: Image.Image) -> Image.Image:
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba)  # the same values as `alpha_composite`, at a quarter of the cost
    return white


def _from_wide_values(image: Image.Image, bits: int, inverted: bool, transparent: int | None) -> Image.Image:
    """Return grey values of ``bits`` bits as RGB: Pillow's own conversion would cut all above 255 to white.

    Nor does Pillow scale the 12 bits of a TIFF, or invert one whose zero means white.
    """
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise DecodeError("unsupported-mode", f"{image.mode} with values outside 0..65535")
    grey = (values >> (bits - 8)).astype(np.uint8)
    if inverted:
        grey = 255 - grey
    if transparent is not None:
        grey[values == transparent] = 255
    return Image.fromarray(grey).convert("RGB")


def _fitted(image: Image.Image, geometry: Geometry) -> Image.Image:
    return {"squash": _squashed, "crop": _cropped, "pad": _padded}[geometry.fit](image, geometry.size)


def _squashed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BICUBIC)


def _cropped(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size) * 0.875
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def _padded(image: Image.Image, size: int) -> Image.Image:
    longest = max(image.size)
    width, height = (max(1, round(side * size / longest)) for side in image.size)
    square = Image.new("RGB", (size, size), PADDING)
    square.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((size - width) // 2, (size - height) // 2))
    return square
