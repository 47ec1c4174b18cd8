"""Picture files byte by byte: a small valid one of each kind, and what no encoder would write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from pictures import encoded, picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@cache
def kinds() -> dict[str, bytes]:
    """Return a small picture in every format and kind of pixels that headstart reads, by name."""
    scene = picture((100, 150, 50), seed=1, size=(24, 20))
    other = picture((50, 50, 150), seed=2, size=(24, 20))
    rgba = scene.copy()
    rgba.putalpha(picture((128, 128, 128), seed=3, size=(24, 20)).convert("L"))
    deep = Image.fromarray(np.asarray(scene.convert("L")).astype(np.uint16) * 257)
    frames: dict[str, Any] = {"save_all": True, "append_images": [other]}
    return {
        "jpeg-baseline": encoded(scene, "JPEG", quality=85),
        "jpeg-progressive": encoded(scene, "JPEG", progressive=True),
        "jpeg-restarts": encoded(scene, "JPEG", restart_marker_blocks=1),
        "jpeg-grey": encoded(scene.convert("L"), "JPEG"),
        "jpeg-cmyk": encoded(scene.convert("CMYK"), "JPEG"),
        "jpeg-exif": encoded(scene, "JPEG", exif=exif(6, "Maker", "Model")),
        "jpeg-several": encoded(scene, "MPO", **frames),
        "png-rgb": encoded(scene),
        "png-palette": encoded(scene.quantize(16), transparency=bytes(range(0, 160, 10))),
        "png-16-bit": encoded(deep),
        "png-rgba": encoded(rgba, exif=exif(5)),
        "png-interlaced": interlaced_png(scene),
        "png-animated": encoded(scene, **frames),
        "gif": encoded(scene.quantize(32), "GIF"),
        "gif-animated": encoded(scene, "GIF", **frames),
        "bmp": encoded(scene, "BMP"),
        "bmp-palette": encoded(scene.quantize(16), "BMP"),
        "tiff-lzw": encoded(scene, "TIFF", compression="tiff_lzw"),
        "tiff-deflate": encoded(rgba, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-jpeg": encoded(scene, "TIFF", compression="jpeg"),
        "tiff-16-bit": encoded(deep, "TIFF"),
        "webp-lossy": encoded(scene, "WEBP"),
        "webp-lossless": encoded(rgba, "WEBP", lossless=True, exif=exif(8)),
        "webp-animated": encoded(scene, "WEBP", **frames),
    }


def exif(orientation: int, make: object = None, model: object = None) -> Image.Exif:
    """Return EXIF data."""
    data = Image.Exif()
    data.update({tag: value for tag, value in ((0x0112, orientation), (0x010F, make), (0x0110, model)) if value})
    return data


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *, bits: int = 8, interlaced: bool = False) -> bytes:
    """Return an RGB PNG that claims this size and holds ``data``, uncompressed rows each with its filter before it."""
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, interlaced)
    return _SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def interlaced_png(image: Image.Image) -> bytes:
    """Return ``image`` in the seven passes of Adam7, which Pillow reads and doesn't write."""
    pixels = np.asarray(image.convert("RGB"))
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [row for top, left, down, right in passes for row in pixels[top::down, left::right] if row.size]
    return png(image.width, image.height, b"".join(b"\0" + row.tobytes() for row in rows), interlaced=True)


def chunks(data: bytes) -> list[bytes]:
    """Return the chunks of a PNG; joined after the signature they are the file."""
    found, at = [], len(_SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found


def png_of(parts: Sequence[bytes]) -> bytes:
    """Return the PNG of these chunks."""
    return _SIGNATURE + b"".join(parts)


def with_wrong_checksum(data: bytes, kind: bytes) -> bytes:
    """Return a PNG whose first chunk of this kind has a checksum that isn't its own."""
    at = data.index(kind)
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    return data[:end] + bytes(255 - byte for byte in data[end : end + 4]) + data[end + 4 :]


def tiff(size: int, bits: Sequence[int], photometric: int, data: bytes, *, extra: int | None = None) -> bytes:
    """Return an uncompressed little-endian TIFF, ``size`` pixels a side, in one strip."""
    shorts = [(258, bits), (259, [1]), (262, [photometric]), (277, [len(bits)])]
    shorts += [] if extra is None else [(338, [extra])]
    longs = [(256, [size]), (257, [size]), (273, [0]), (278, [size]), (279, [len(data)])]
    entries = sorted([*((tag, 3, values) for tag, values in shorts), *((tag, 4, values) for tag, values in longs)])
    start = 8 + 2 + 12 * len(entries) + 4
    directory = struct.pack("<H", len(entries))
    for tag, kind, values in entries:
        held = [start] if tag == 273 else values
        field = struct.pack(f"<{len(held)}{'H' if kind == 3 else 'I'}", *held).ljust(4, b"\0")
        directory += struct.pack("<HHI", tag, kind, len(held)) + field
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + data


def flat_jpeg(factors: Sequence[tuple[int, int]], between: bytes = b"", *, progression: bytes = b"\0\x3f\0") -> bytes:
    """Return a whole JPEG of 50 x 37 pixels of one grey, with these sampling factors and segments ``between``."""
    parts = range(1, len(factors) + 1)
    frame = b"".join(bytes([i, across << 4 | down, 0]) for i, (across, down) in zip(parts, factors, strict=True))
    scan = bytes([len(factors)]) + b"".join(bytes([i, 0]) for i in parts) + progression
    across, down = (max(sides) for sides in zip(*factors, strict=True)) if len(factors) > 1 else (1, 1)
    blocks = sum(a * b for a, b in factors) if len(factors) > 1 else 1
    units = -(-50 // (8 * across)) * -(-37 // (8 * down))
    bits = "10101000" + "00" * (units * blocks - 1)  # the first block is brighter by 20, all others are like it
    bits += "1" * (-len(bits) % 8)
    return (
        b"\xff\xd8"
        + between
        + segment(0xDB, b"\0" + b"\x08" * 64)
        + segment(0xC0, struct.pack(">BHHB", 8, 37, 50, len(factors)) + frame)
        + segment(0xC4, b"\0" + bytes([1, 1, *[0] * 14]) + bytes([0, 5]))
        + segment(0xC4, b"\x10" + bytes([1, *[0] * 15]) + bytes([0]))
        + segment(0xDA, scan)
        + int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
        + b"\xff\xd9"
    )


def segment(marker: int, data: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def webp_header(kind: bytes, width: int, height: int) -> bytes:
    """Return the beginning of a WebP file of the ``kind`` "VP8 ", "VP8L" or "VP8X" that claims this size."""
    head = {
        b"VP8 ": bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height),
        b"VP8L": b"\x2f" + struct.pack("<I", width - 1 | (height - 1) << 14),
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }[kind]
    body = b"WEBP" + kind + struct.pack("<I", len(head)) + head.ljust(16, b"\0")
    return b"RIFF" + struct.pack("<I", len(body)) + body
