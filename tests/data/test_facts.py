"""What an audit learns of a picture: size, colour, light, focus, a thumbnail, and whether its file is damaged."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from headstart.data.decode import DecodeError
from headstart.data.facts import FACTS, THUMB, facts_of
from picture_files import chunk, chunks, exif, flat_jpeg, kinds, png_of, segment, with_wrong_checksum
from pictures import encoded, picture

JPEG_KINDS = [name for name in kinds() if name.startswith("jpeg")]
PNG_KINDS = [name for name in kinds() if name.startswith("png")]
PHOTO = picture((100, 150, 50), seed=1, size=(160, 120)).filter(ImageFilter.GaussianBlur(2))
ENTROPY = slice(-1500, -1300)
"""Where in the JPEG of `PHOTO` there is nothing but coded pixels."""


def row_of(data: bytes) -> NDArray[np.void]:
    return facts_of(data).row


def is_damaged(data: bytes) -> bool:
    return bool(row_of(data)["damaged"])


def reason_of(data: bytes) -> str:
    """Return the reason for which ``data`` is refused."""
    with pytest.raises(DecodeError) as refused:
        facts_of(data)
    return refused.value.reason


def with_spoilt_pixels(jpeg: bytes) -> bytes:
    """Return ``jpeg`` with other bytes where its pixels are coded."""
    spoilt = bytearray(jpeg)
    spoilt[ENTROPY] = bytes(range(200))
    return bytes(spoilt)


def blurred(image: Image.Image, radius: int) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


# --- what is seen ---------------------------------------------------------------------------------------------


def test_a_row_survives_its_bytes() -> None:
    row = row_of(encoded(PHOTO))
    assert np.frombuffer(row.tobytes(), FACTS)[0] == row


@pytest.mark.parametrize(("orientation", "size"), [(1, (160, 120)), (3, (160, 120)), (5, (120, 160)), (8, (120, 160))])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_sizes_are_in_pixels_when_upright(form: str, orientation: int, size: tuple[int, int]) -> None:
    row = row_of(encoded(PHOTO, form, exif=exif(orientation)))
    assert [row["width"], row["height"]] == list(size)


def test_a_size_is_the_files_even_if_less_is_decoded() -> None:
    row = row_of(encoded(PHOTO.resize((1600, 1200)), "JPEG"))
    assert [row["width"], row["height"]] == [1600, 1200]


@pytest.mark.parametrize(
    ("kind", "form", "mode"),
    [
        ("jpeg-cmyk", "JPEG", "CMYK"),
        ("jpeg-several", "JPEG", "RGB"),
        ("png-16-bit", "PNG", "I;16"),
        ("gif", "GIF", "P"),
        ("tiff-deflate", "TIFF", "RGBA"),
    ],
)
def test_format_and_mode_are_named(kind: str, form: str, mode: str) -> None:
    facts = facts_of(kinds()[kind])
    assert (facts.format, facts.mode) == (form, mode)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_camera_is_named(form: str) -> None:
    assert facts_of(encoded(PHOTO, form, exif=exif(6, "Maker", "Model 5"))).camera == "Maker Model 5"
    assert facts_of(encoded(PHOTO, form)).camera == ""


def test_the_camera_of_a_tiff_of_several_pages_is_named() -> None:
    data = encoded(PHOTO, "TIFF", exif=exif(6, "Maker"), save_all=True, append_images=[PHOTO])
    assert facts_of(data).camera == "Maker"


def test_the_name_of_a_camera_cannot_fill_the_memory_or_steer_a_terminal() -> None:
    assert facts_of(encoded(PHOTO, exif=exif(1, "A\x1b[2J\n B\0" + 1000 * "C"))).camera == "A [2J B " + 72 * "C"


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_grey_is_what_has_no_colour_however_it_is_stored(form: str) -> None:
    grey = PHOTO.convert("L")
    assert row_of(encoded(grey, form))["grey"]
    assert row_of(encoded(grey.convert("RGB"), form))["grey"]
    assert not row_of(encoded(PHOTO, form))["grey"]


@pytest.mark.parametrize(("extremes", "dark", "bright"), [(40, 120, 120), (41, 0, 255)])
def test_dark_and_bright_leave_out_a_hundredth_of_the_picture_at_each_end(
    extremes: int, dark: int, bright: int
) -> None:
    values = np.full(64 * 64, 120, np.uint8)
    values[:extremes], values[-extremes:] = 0, 255
    row = row_of(encoded(Image.fromarray(values.reshape(64, 64))))
    assert [row["dark"], row["bright"]] == [dark, bright]


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_picture_of_one_colour_is_as_dark_as_bright_and_has_no_sharpness(value: int) -> None:
    row = row_of(encoded(Image.new("L", (100, 100), value)))
    assert [row["dark"], row["bright"], row["sharpness"]] == [value, value, 0]


def test_a_blurred_picture_is_less_sharp_whatever_its_contrast() -> None:
    blocks = picture((120, 120, 120), seed=5, size=(16, 12)).resize((256, 192), Image.Resampling.NEAREST)
    sharp, slightly, much = (float(row_of(encoded(blurred(blocks, radius)))["sharpness"]) for radius in (0, 4, 12))
    assert sharp > 2 * slightly > 8 * much > 0
    pale = blocks.point(lambda value: 100 + value // 4)
    assert row_of(encoded(pale))["sharpness"] == pytest.approx(sharp, rel=0.1)


def test_the_thumbnail_is_the_picture_in_grey() -> None:
    quarters = np.zeros((64, 64), np.uint8)
    quarters[:32, 32:], quarters[32:] = 100, 200
    expected = np.zeros((THUMB, THUMB), np.uint8)
    expected[:8, 8:], expected[8:] = 100, 200
    assert np.array_equal(row_of(encoded(Image.fromarray(quarters)))["thumb"], expected)


def test_a_jpeg_decoded_at_a_fraction_of_its_size_has_nearly_the_facts_of_the_whole() -> None:
    large = PHOTO.resize((1280, 960))
    jpeg, whole = row_of(encoded(large, "JPEG", quality=95)), row_of(encoded(large))
    assert np.abs(jpeg["thumb"].astype(int) - whole["thumb"]).max() <= 2
    assert jpeg["sharpness"] == pytest.approx(whole["sharpness"], rel=0.2)


def test_what_is_no_picture_has_no_facts() -> None:
    assert reason_of(b"") == "empty-file"
    assert reason_of(b"no picture") == "not-a-picture"


# --- damage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds())
def test_a_good_picture_of_any_kind_is_not_damaged(kind: str) -> None:
    assert not is_damaged(kinds()[kind])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (333, 77)])
def test_a_good_jpeg_is_not_damaged(mode: str, progressive: bool, subsampling: int, size: tuple[int, int]) -> None:
    image = picture((100, 150, 50), seed=2, size=size).convert(mode)
    assert not is_damaged(encoded(image, "JPEG", progressive=progressive, subsampling=subsampling))


@pytest.mark.parametrize(
    "factors",
    [
        [(2, 2)],
        [(2, 1)] * 3,
        [(2, 2), (2, 1), (1, 1)],
        [(3, 1), (1, 1), (1, 1)],
        [(4, 2), (1, 1), (1, 1)],
        [(1, 1), (2, 2), (2, 2)],
        [(1, 1), (1, 1), (1, 1), (2, 2)],
    ],
)
def test_a_jpeg_of_unusual_subsampling_is_not_damaged(factors: list[tuple[int, int]]) -> None:
    assert not is_damaged(flat_jpeg(factors))


@pytest.mark.parametrize(
    "between",
    [
        segment(0xE0, b"JFIF\0\x03\x01\0\0\1\0\1\0\0"),
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\x03"),
        segment(0xE2, b"ICC_PROFILE\0\x02\x01abc"),
    ],
)
def test_a_jpeg_of_an_odd_header_is_not_damaged(between: bytes) -> None:
    assert not is_damaged(flat_jpeg([(1, 1)] * 3, between))


def test_a_jpeg_with_odd_parameters_of_its_scan_is_not_damaged() -> None:
    assert not is_damaged(flat_jpeg([(1, 1)] * 3, progression=b"\0\0\0"))


@pytest.mark.parametrize("kind", JPEG_KINDS)
def test_a_jpeg_with_something_behind_its_end_is_not_damaged(kind: str) -> None:
    assert not is_damaged(kinds()[kind] + b"something else" * 100)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_whose_pixels_are_spoilt_is_damaged_and_still_used(mode: str, progressive: bool) -> None:
    good = encoded(PHOTO.convert(mode), "JPEG", quality=95, progressive=progressive)
    row = row_of(with_spoilt_pixels(good))
    assert row["damaged"]
    assert [row["width"], row["height"]] == [160, 120]


def test_a_jpeg_of_several_pictures_is_damaged_if_the_first_is() -> None:
    good = encoded(PHOTO, "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (8, 8))])
    middle = good.index(b"\xff\xda") + 1000
    spoilt = good[:middle] + bytes(range(200)) + good[middle + 200 :]
    assert is_damaged(spoilt)
    assert not is_damaged(good)


@pytest.mark.parametrize("kind", JPEG_KINDS)
def test_a_jpeg_without_its_end_is_unreadable(kind: str) -> None:
    assert reason_of(kinds()[kind][: kinds()[kind].index(b"\xff\xda") + 40]) == "unreadable"


@pytest.mark.parametrize("kind", PNG_KINDS)
def test_a_png_with_a_wrong_checksum_of_its_pixels_is_damaged(kind: str) -> None:
    assert is_damaged(with_wrong_checksum(kinds()[kind], b"IDAT"))


@pytest.mark.parametrize("name", [b"tEXt", b"prVt"])
def test_a_png_with_a_wrong_checksum_behind_its_pixels_is_damaged(name: bytes) -> None:
    *parts, end = chunks(kinds()["png-rgb"])
    data = png_of([*parts, chunk(name, b"Title\0words"), end])
    assert not is_damaged(data)
    assert is_damaged(with_wrong_checksum(data, name))


@pytest.mark.parametrize("name", [b"IHDR", b"tEXt"])
def test_a_png_with_a_wrong_checksum_before_its_pixels_is_unreadable(name: bytes) -> None:
    header, *parts = chunks(kinds()["png-rgb"])
    data = png_of([header, chunk(b"tEXt", b"Title\0words"), *parts])
    assert reason_of(with_wrong_checksum(data, name)) == "unreadable"


@pytest.mark.parametrize("missing", [1, 4, 8, 12])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_a_png_that_is_cut_off_behind_its_pixels_is_damaged(kind: str, missing: int) -> None:
    assert is_damaged(kinds()[kind][:-missing])


def test_a_png_with_something_behind_its_end_is_not_damaged() -> None:
    assert not is_damaged(kinds()["png-rgb"] + b"something else")


@pytest.mark.parametrize("length", [b"\0\0\1\0", b"\xff\xff\xff\xf0"])
def test_a_chunk_of_a_png_that_claims_more_than_there_is_is_no_good_end(length: bytes) -> None:
    *parts, _ = chunks(kinds()["png-rgb"])
    assert reason_of(png_of([*parts, length + b"prVt" + bytes(40)])) == "unreadable"
