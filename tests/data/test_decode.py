"""Every kind of picture file becomes the same upright RGB square; every damaged one gets its reason."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile

from headstart.data.decode import MAX_PIXELS, DecodeError, Geometry, pixels_from
from headstart.data.sources import read_folder
from pictures import encoded, picture

Array = NDArray[np.uint8]

SIZE = 16
SQUARE = Geometry(SIZE)
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera stores an upright scene, by the EXIF orientation that it notes."""


@pytest.fixture
def scene() -> Image.Image:
    """An RGB picture that no turn and no flip leaves as it is."""
    return picture((100, 150, 50), seed=1, size=(SIZE, SIZE))


def grey_scene() -> Array:
    return np.arange(SIZE * SIZE, dtype=np.uint8).reshape(SIZE, SIZE)


def in_rgb(grey: Array) -> Array:
    return np.stack([grey] * 3, axis=2)


def stored_as(scene: Image.Image, orientation: int) -> tuple[Image.Image, Image.Exif]:
    """Return ``scene`` as a camera stores it, and the EXIF data beside it."""
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return scene if turn is None else scene.transpose(turn), exif


def reason_of(data: bytes) -> str:
    """Return the reason for which ``data`` is refused."""
    with pytest.raises(DecodeError) as refused:
        pixels_from(data, SQUARE)
    return refused.value.reason


def outcome_of(data: bytes) -> str:
    """Return "pixels" or the reason; any other error comes through."""
    try:
        assert pixels_from(data, SQUARE).shape == (SIZE, SIZE, 3)
    except DecodeError as error:
        return error.reason
    return "pixels"


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be ``width`` x ``height``."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- upright --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_picture_is_turned_upright_exactly(scene: Image.Image, form: str, orientation: int) -> None:
    stored, exif = stored_as(scene, orientation)
    data = encoded(stored, form, exif=exif, lossless=True)
    assert np.array_equal(pixels_from(data, SQUARE), np.asarray(scene))


@pytest.mark.parametrize("orientation", STORED)
def test_a_tiff_is_turned_upright_once(scene: Image.Image, orientation: int) -> None:
    stored, exif = stored_as(scene, orientation)
    assert np.array_equal(pixels_from(encoded(stored, "TIFF", exif=exif), SQUARE), np.asarray(scene))


@pytest.mark.parametrize("orientation", STORED)
def test_a_jpeg_is_turned_upright(orientation: int) -> None:
    quarters = np.zeros((64, 64, 3), np.uint8)
    quarters[:32, :32], quarters[:32, 32:], quarters[32:, :32] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    stored, exif = stored_as(Image.fromarray(quarters), orientation)
    found = pixels_from(encoded(stored, "JPEG", exif=exif, quality=95, subsampling=0), SQUARE)
    middles = found[[4, 4, 12, 12], [4, 12, 4, 12]].astype(int)
    assert np.abs(middles - [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]).max() <= 6


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_an_oblong_picture_is_turned_before_it_is_fitted(fit: str, orientation: int) -> None:
    tall = picture((100, 150, 50), seed=2, size=(24, 56))
    geometry = Geometry(SIZE, fit)
    stored, exif = stored_as(tall, orientation)
    upright = pixels_from(encoded(tall), geometry)
    assert np.array_equal(pixels_from(encoded(stored, exif=exif), geometry), upright)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_leaves_the_picture_as_it_is(scene: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(pixels_from(encoded(scene, exif=exif), SQUARE), np.asarray(scene))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_exif_data_that_is_no_exif_leaves_the_picture_as_it_is(scene: Image.Image, form: str) -> None:
    spoiled = encoded(scene, form, exif=b"Exif\x00\x00rubbish!")
    assert np.array_equal(pixels_from(spoiled, SQUARE), pixels_from(encoded(scene, form), SQUARE))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_exif_data_that_is_cut_off_leaves_the_picture_as_it_is_and_is_not_warned_of(
    scene: Image.Image, form: str
) -> None:
    spoiled = encoded(scene, form, exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x05\x00\x12\x01")
    assert np.array_equal(pixels_from(spoiled, SQUARE), pixels_from(encoded(scene, form), SQUARE))


# --- every kind of pixel becomes RGB --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_every_lossless_format_gives_the_same_pixels(scene: Image.Image, form: str) -> None:
    found = pixels_from(encoded(scene, form, lossless=True), SQUARE)
    assert found.shape == (SIZE, SIZE, 3)
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.asarray(scene))


def test_grey_becomes_rgb() -> None:
    assert np.array_equal(pixels_from(encoded(Image.fromarray(grey_scene())), SQUARE), in_rgb(grey_scene()))


def test_a_grey_jpeg_becomes_rgb() -> None:
    flat = Image.new("L", (40, 40), 77)
    assert np.array_equal(pixels_from(encoded(flat, "JPEG"), SQUARE), np.full((SIZE, SIZE, 3), 77))


def test_one_bit_becomes_black_and_white() -> None:
    bits = grey_scene() % 3 == 0
    found = pixels_from(encoded(Image.fromarray(bits)), SQUARE)
    assert np.array_equal(found, in_rgb((bits * 255).astype(np.uint8)))


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_palette_becomes_its_colours(scene: Image.Image, form: str) -> None:
    palette = scene.quantize(16)
    found = pixels_from(encoded(palette, form), SQUARE)
    assert np.array_equal(found, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_the_transparent_colour_of_a_palette_becomes_white(form: str) -> None:
    palette = Image.new("P", (SIZE, SIZE), 1)
    palette.putpalette([0, 0, 0, 200, 30, 40, 0, 0, 255])
    palette.paste(2, (0, 0, SIZE, SIZE // 2))
    found = pixels_from(encoded(palette, form, transparency=2), SQUARE)
    assert np.array_equal(np.unique(found[: SIZE // 2]), [255])
    assert np.array_equal(found[SIZE // 2 :], np.broadcast_to([200, 30, 40], (SIZE // 2, SIZE, 3)))


def test_half_transparent_colours_of_a_palette_are_mixed_with_white() -> None:
    palette = Image.new("P", (SIZE, SIZE), 0)
    palette.putpalette([0, 0, 0, 200, 30, 40])
    found = pixels_from(encoded(palette, transparency=bytes([51, 255])), SQUARE)
    assert np.array_equal(np.unique(found), [204])


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_transparent_becomes_white_and_half_transparent_is_mixed_with_it(form: str) -> None:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[:, 4:8] = (10, 20, 30, 255)
    rgba[:, 8:] = (0, 0, 0, 51)
    found = pixels_from(encoded(Image.fromarray(rgba), form, lossless=True, exact=True), SQUARE)
    assert np.array_equal(found[0, [0, 4, 8]], [[255, 255, 255], [10, 20, 30], [204, 204, 204]])


def test_transparent_grey_becomes_white() -> None:
    grey_and_alpha = np.zeros((SIZE, SIZE, 2), np.uint8)
    grey_and_alpha[:, 8:] = (90, 255)
    found = pixels_from(encoded(Image.fromarray(grey_and_alpha, "LA")), SQUARE)
    assert np.array_equal(found[0, [0, 8]], [[255] * 3, [90] * 3])


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (10, 20, 30)), ("L", 10)])
def test_the_one_transparent_colour_of_a_png_becomes_white(mode: str, colour: tuple[int, int, int] | int) -> None:
    image = Image.new(mode, (SIZE, SIZE), colour)
    assert np.array_equal(np.unique(pixels_from(encoded(image, transparency=colour), SQUARE)), [255])
    assert np.array_equal(pixels_from(encoded(image), SQUARE)[0, 0], np.broadcast_to(colour, 3))


def test_a_cmyk_jpeg_becomes_its_colours() -> None:
    ink = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    found = pixels_from(encoded(ink, "JPEG", quality=95), SQUARE).astype(int)
    assert np.abs(found - [255, 0, 0]).max() <= 4


def test_sixteen_bits_give_the_same_pixels_as_eight() -> None:
    deep = Image.fromarray(grey_scene().astype(np.uint16) * 257)
    assert np.array_equal(pixels_from(encoded(deep), SQUARE), in_rgb(grey_scene()))


@pytest.mark.parametrize("byte_order", ["<u2", ">u2"])
def test_sixteen_bits_of_a_tiff_give_the_same_pixels_as_eight(byte_order: str) -> None:
    deep = Image.fromarray((grey_scene().astype(np.uint16) * 257).astype(byte_order))
    assert np.array_equal(pixels_from(encoded(deep, "TIFF"), SQUARE), in_rgb(grey_scene()))


def test_whole_numbers_of_thirty_two_bits_are_read_where_sixteen_hold_them() -> None:
    wide = Image.fromarray(grey_scene().astype(np.int32) * 257)
    assert np.array_equal(pixels_from(encoded(wide, "TIFF"), SQUARE), in_rgb(grey_scene()))


@pytest.mark.parametrize("values", [np.full((8, 8), -1, np.int32), np.full((8, 8), 65536, np.int32)])
def test_whole_numbers_beyond_sixteen_bits_are_no_picture(values: NDArray[np.int32]) -> None:
    assert reason_of(encoded(Image.fromarray(values), "TIFF")) == "unsupported-mode"


def test_fractional_numbers_are_no_picture() -> None:
    assert reason_of(encoded(Image.fromarray(np.zeros((8, 8), np.float32)), "TIFF")) == "unsupported-mode"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_is_taken(form: str) -> None:
    frames = [Image.new("RGB", (SIZE, SIZE), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(pixels_from(data, SQUARE), np.broadcast_to([255, 0, 0], (SIZE, SIZE, 3)))


def test_of_a_jpeg_that_holds_several_pictures_the_first_is_taken() -> None:
    frames = [Image.new("L", (SIZE, SIZE), grey) for grey in (90, 200)]
    data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert np.array_equal(np.unique(pixels_from(data, SQUARE)), [90])


# --- what is no picture ---------------------------------------------------------------------------------------


def test_a_file_of_no_bytes_is_an_empty_file() -> None:
    assert reason_of(b"") == "empty-file"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        b"\x00" * 1000,
        b"%PDF-1.7\n",
        b"\xff",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_other_files_are_not_pictures_whatever_their_name(data: bytes) -> None:
    assert reason_of(data) == "not-a-picture"


@pytest.mark.parametrize("form", ["ICO", "PPM", "TGA", "EPS", "PCX", "SGI"])
def test_formats_that_headstart_does_not_promise_are_not_pictures(scene: Image.Image, form: str) -> None:
    assert reason_of(encoded(scene, form)) == "not-a-picture"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_half_a_picture_is_unreadable(form: str) -> None:
    data = encoded(picture((10, 20, 30), seed=3, size=(200, 200)), form)
    assert reason_of(data[: len(data) // 2]) == "unreadable"


@given(cut=st.integers(1, 100), form=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]))
@settings(max_examples=60, deadline=None)
def test_a_picture_cut_off_within_its_first_half_is_refused_and_never_crashes(cut: int, form: str) -> None:
    data = encoded(picture((10, 20, 30), seed=3, size=(60, 60)), form)
    assert reason_of(data[: len(data) * cut // 200]) in {"empty-file", "not-a-picture", "unreadable"}


@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]),
    at=st.integers(0, 600),
    noise=st.binary(min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_give_pixels_or_a_reason_and_never_another_error(form: str, at: int, noise: bytes) -> None:
    data = bytearray(encoded(picture((10, 20, 30), seed=3, size=(20, 20)), form))
    data[at : at + len(noise)] = noise
    assert outcome_of(bytes(data)) in {"pixels", "not-a-picture", "too-many-pixels", "unreadable", "unsupported-mode"}


@pytest.mark.parametrize("error", [OSError, SyntaxError, IndexError, struct.error, zlib.error])
def test_whatever_a_decoder_raises_the_file_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, scene: Image.Image, error: type[Exception]
) -> None:
    def load(image: Image.Image) -> None:
        raise error("bad bytes")

    data = encoded(scene)
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(DecodeError, match=r"^unreadable: bad bytes$"):
        pixels_from(data, SQUARE)


@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (9_460, 9_460), (MAX_PIXELS // 5 + 1, 5), (2**31 - 1, 1)]
)
def test_a_small_file_that_unfolds_to_gigabytes_has_too_many_pixels(width: int, height: int) -> None:
    assert reason_of(png_header(width, height)) == "too-many-pixels"


def test_a_picture_just_within_the_limit_is_not_refused_for_its_size() -> None:
    assert reason_of(png_header(9_459, 9_459)) == "unreadable"


def test_the_refusal_names_the_reason_first() -> None:
    with pytest.raises(DecodeError, match=r"^too-many-pixels: 9460x9460$"):
        pixels_from(png_header(9_460, 9_460), SQUARE)


@pytest.mark.parametrize("suffix", ["jpg", "txt", "exe", ""])
def test_the_suffix_of_a_file_does_not_matter(tmp_path: Path, scene: Image.Image, suffix: str) -> None:
    for label in ("ant", "bee"):
        (tmp_path / label).mkdir()
        (tmp_path / label / f"file.{suffix}").write_bytes(encoded(scene))
    dataset = read_folder(tmp_path)
    data = (dataset.root / dataset.records[0].path).read_bytes()
    assert np.array_equal(pixels_from(data, SQUARE), np.asarray(scene))


# --- geometry -------------------------------------------------------------------------------------------------


def test_squash_shows_the_whole_picture_with_its_corners() -> None:
    wide = Image.new("RGB", (80, 20), "blue")
    wide.paste("red", (0, 0, 20, 20))
    wide.paste("lime", (60, 0, 80, 20))
    found = pixels_from(encoded(wide), Geometry(SIZE, "squash"))
    assert np.array_equal(
        found[[0, -1, 0, -1, 8], [0, 0, -1, -1, 8]], [[255, 0, 0]] * 2 + [[0, 255, 0]] * 2 + [[0, 0, 255]]
    )


@pytest.mark.parametrize("turn", [None, Image.Transpose.ROTATE_90])
def test_crop_shows_seven_eighths_of_the_shorter_side_from_the_centre(turn: Image.Transpose | None) -> None:
    # 128 x 64: the window is 56 x 56 from (36, 4); what lies outside of it is black.
    wide = Image.new("RGB", (128, 64), "black")
    inside = picture((120, 120, 120), seed=4, size=(56, 56))
    wide.paste(inside, (36, 4))
    turned, expected = (wide, inside) if turn is None else (wide.transpose(turn), inside.transpose(turn))
    assert np.array_equal(pixels_from(encoded(turned), Geometry(56, "crop")), np.asarray(expected))


def test_a_picture_of_the_right_size_is_left_alone_by_squash_and_cut_by_crop(scene: Image.Image) -> None:
    assert np.array_equal(pixels_from(encoded(scene), Geometry(SIZE)), np.asarray(scene))
    middle = scene.crop((1, 1, 15, 15))
    assert np.array_equal(pixels_from(encoded(scene), Geometry(14, "crop")), np.asarray(middle))


def test_an_unknown_fit_is_a_mistake_of_the_programmer(scene: Image.Image) -> None:
    with pytest.raises((ValueError, DecodeError), match="unknown fit 'stretch'"):
        pixels_from(encoded(scene), Geometry(SIZE, "stretch"))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (500, 1), (3, 2)])
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_a_picture_of_any_shape_becomes_the_square(width: int, height: int, fit: str) -> None:
    flat = Image.new("RGB", (width, height), (9, 99, 199))
    found = pixels_from(encoded(flat), Geometry(SIZE, fit))
    assert np.array_equal(found, np.broadcast_to([9, 99, 199], (SIZE, SIZE, 3)))


@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_fine_checkerboard_becomes_grey(fit: str, form: str) -> None:
    rows, columns = np.indices((512, 512))
    board = Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8)).convert("RGB")
    found = pixels_from(encoded(board, form, quality=95), Geometry(SIZE, fit)).astype(int)
    assert np.abs(found - 127.5).max() <= 3


def test_a_large_jpeg_decoded_at_a_fraction_of_its_size_hardly_differs() -> None:
    blocks = picture((120, 130, 110), seed=5, size=(64, 48)).resize((512, 384), Image.Resampling.NEAREST)
    jpeg = encoded(blocks, "JPEG", quality=95)
    whole = encoded(Image.open(io.BytesIO(jpeg)).convert("RGB"), "BMP")
    at_a_fraction, in_full = (pixels_from(data, Geometry(64)).astype(int) for data in (jpeg, whole))
    assert np.abs(at_a_fraction - in_full).max() <= 9
    assert np.abs(at_a_fraction - in_full).mean() <= 1.3


def test_the_same_bytes_give_the_same_pixels(scene: Image.Image) -> None:
    data = encoded(scene, "JPEG")
    assert np.array_equal(pixels_from(data, Geometry(9)), pixels_from(data, Geometry(9)))
