"""What the example beside an export makes of a picture file is what headstart makes of it, to the bit."""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.data.decode import FITS, MAX_PIXELS, DecodeError, Geometry, pixels_from
from headstart.ship.exports.examples import example_for
from headstart.ship.exports.formats import FORMATS
from picture_files import exif, kinds, png, tiff
from pictures import encoded, picture

Pixels = Callable[[Path, int, str], Any]

BIG = picture((120, 90, 60), seed=5, size=(900, 700))
GREY_12 = np.random.default_rng(0).integers(0, 4096, (16, 16)).astype("<u2")
OTHERS = {
    "jpeg-draft": encoded(BIG, "JPEG", quality=85),
    "jpeg-draft-turned": encoded(BIG, "JPEG", exif=exif(6)),
    "jpeg-draft-cmyk": encoded(BIG.convert("CMYK"), "JPEG"),
    "png-1-bit": encoded(BIG.convert("1")),
    "png-grey-alpha": encoded(BIG.convert("LA")),
    "png-rgb-transparent": encoded(picture((9, 9, 9), seed=1), transparency=(9, 9, 9)),
    "png-palette-transparent": encoded(BIG.quantize(16), transparency=3),
    "png-16-bit-transparent": encoded(Image.fromarray(GREY_12.astype(np.uint16)), transparency=int(GREY_12[0, 0])),
    "tiff-12-bit": tiff(4, [12], 1, int("".join(f"{n * 256 + 15:012b}" for n in range(16)), 2).to_bytes(24, "big")),
    "tiff-16-bit-white-is-zero": tiff(4, [16], 0, struct.pack("<16H", *range(0, 65536, 4096))),
    "tiff-turned": encoded(BIG, "TIFF", exif=exif(8)),
    "tiff-lab": encoded(BIG.resize((30, 40)).convert("RGB").convert("YCbCr").convert("RGB"), "TIFF"),
    "narrow": encoded(BIG.resize((3, 500))),
    "one-pixel": encoded(BIG.resize((1, 1))),
}
PICTURES = kinds() | OTHERS | {f"turned-{n}": encoded(BIG.resize((60, 40)), exif=exif(n)) for n in range(10)}
ODD = {
    "empty": b"",
    "text": b"<html>not found</html>",
    "cut": OTHERS["jpeg-draft"][:5000],
    "cut-png": encoded(BIG)[:5000],
    "bomb": png(30_000, 30_000, b""),
    "float": encoded(BIG.convert("F"), "TIFF"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export to OpenVINO without a graph."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "manifest.json").write_text(json.dumps({"classes": [], "inputs": []}), encoding="utf-8")
    (folder / "example.py").write_text(example_for(FORMATS["openvino"]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pixels(folder: Path) -> Pixels:
    """The function of the example that reads a picture file."""
    spec = importlib.util.spec_from_file_location("example", folder / "example.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    read: Pixels = module.pixels
    return read


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("name", PICTURES)
def test_the_example_sees_what_headstart_sees(pixels: Pixels, tmp_path: Path, name: str, fit: str) -> None:
    (tmp_path / name).write_bytes(PICTURES[name])
    expected = pixels_from(PICTURES[name], Geometry(64, fit))
    assert np.array_equal(pixels(tmp_path / name, 64, fit), expected)


def test_most_of_these_pictures_can_be_told_apart() -> None:
    assert len({pixels_from(data, Geometry(64)).tobytes() for data in PICTURES.values()}) > 0.6 * len(PICTURES)


@pytest.mark.parametrize("name", ODD)
def test_the_example_refuses_what_headstart_refuses(pixels: Pixels, tmp_path: Path, name: str) -> None:
    with pytest.raises(DecodeError):
        pixels_from(ODD[name], Geometry(64))
    (tmp_path / name).write_bytes(ODD[name])
    with pytest.raises((OSError, ValueError, Image.DecompressionBombError)):
        pixels(tmp_path / name, 64, "squash")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_example_has_headstarts_limit_of_pixels(pixels: Pixels, tmp_path: Path) -> None:
    assert 9459 * 9459 <= MAX_PIXELS < 9459 * 9460
    (tmp_path / "over").write_bytes(png(9459, 9460, b""))
    (tmp_path / "at").write_bytes(png(9459, 9459, b""))
    with pytest.raises(ValueError, match="too many pixels"):
        pixels(tmp_path / "over", 64, "squash")
    with pytest.raises(OSError, match=r"truncated|broken"):
        pixels(tmp_path / "at", 64, "squash")


@pytest.mark.parametrize("name", FORMATS)
def test_an_example_needs_its_runtime_numpy_and_pillow_alone(name: str) -> None:
    lines = example_for(FORMATS[name]).splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    asked = {package.replace("-", "_") for package in FORMATS[name].requirements.split()}
    assert imported - set(sys.stdlib_module_names) == asked - {"pillow"} - unused(name) | {"PIL"}
    assert lines[1] == "# SPDX-License-Identifier: Apache-2.0"
    assert max(map(len, lines)) <= 120


def unused(name: str) -> set[str]:
    """Return what an example needs and doesn't import: Keras imports its backend."""
    return {"tensorflow"} if name == "keras" else set()


@pytest.mark.parametrize("name", FORMATS)
def test_an_example_is_clean_code(name: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,W,B,C4,SIM,UP,PERF,D", "-"]
    options = ["--line-length", "120", "--ignore", "D203,D213,E402", "--stdin-filename", "example.py"]
    done = subprocess.run(
        [*command, *options], input=example_for(FORMATS[name]), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
