"""Every kind of picture file becomes the same upright RGB square; every damaged one gets its reason."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile

from headstart.data.decode import (
    FITS,
    FORMATS,
    MAX_PIXELS,
    PADDING,
    REASONS,
    DecodeError,
    Geometry,
    decoded,
    pixels_from,
)
from picture_files import chunk, chunks, exif, kinds, png, png_of, tiff, webp_header
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
    return scene if turn is None else scene.transpose(turn), exif(orientation)


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


def refused_or_whole(cut: bytes, whole: bytes) -> bool:
    """Return whether ``cut`` is refused as unreadable, or gives every pixel of ``whole``."""
    try:
        return np.array_equal(np.asarray(decoded(cut, 10_000).rgb), np.asarray(decoded(whole, 10_000).rgb))
    except DecodeError as error:
        return error.reason == "unreadable"


# --- upright --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_picture_is_turned_upright_exactly(scene: Image.Image, form: str, orientation: int) -> None:
    stored, beside = stored_as(scene, orientation)
    data = encoded(stored, form, exif=beside, lossless=True)
    assert np.array_equal(pixels_from(data, SQUARE), np.asarray(scene))


@pytest.mark.parametrize("orientation", STORED)
def test_a_tiff_is_turned_upright_once(scene: Image.Image, orientation: int) -> None:
    stored, beside = stored_as(scene, orientation)
    assert np.array_equal(pixels_from(encoded(stored, "TIFF", exif=beside), SQUARE), np.asarray(scene))


@pytest.mark.parametrize("orientation", STORED)
def test_a_jpeg_is_turned_upright(orientation: int) -> None:
    quarters = np.zeros((64, 64, 3), np.uint8)
    quarters[:32, :32], quarters[:32, 32:], quarters[32:, :32] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    stored, beside = stored_as(Image.fromarray(quarters), orientation)
    found = pixels_from(encoded(stored, "JPEG", exif=beside, quality=95, subsampling=0), SQUARE)
    middles = found[[4, 4, 12, 12], [4, 12, 4, 12]].astype(int)
    assert np.abs(middles - [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]).max() <= 6


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_an_oblong_picture_is_turned_before_it_is_fitted(form: str, fit: str, orientation: int) -> None:
    tall = picture((100, 150, 50), seed=2, size=(24, 56))
    geometry = Geometry(SIZE, fit)
    stored, beside = stored_as(tall, orientation)
    upright = pixels_from(encoded(tall), geometry)
    assert np.array_equal(pixels_from(encoded(stored, form, exif=beside, lossless=True), geometry), upright)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_the_size_of_a_picture_is_its_size_upright(form: str, orientation: int) -> None:
    stored, beside = stored_as(picture((100, 150, 50), seed=2, size=(240, 560)), orientation)
    assert decoded(encoded(stored, form, exif=beside), smallest=30).size == (240, 560)


@pytest.mark.parametrize("orientation", STORED)
def test_the_orientation_may_come_after_the_pixels_of_a_png(scene: Image.Image, orientation: int) -> None:
    stored, beside = stored_as(scene, orientation)
    header, *rest, end = chunks(encoded(stored))
    data = png_of([header, *rest, chunk(b"eXIf", beside.tobytes()[6:]), end])
    assert np.array_equal(pixels_from(data, SQUARE), np.asarray(scene))


def test_a_camera_whose_name_is_no_text_leaves_the_orientation_as_it_is(scene: Image.Image) -> None:
    stored, _ = stored_as(scene, 6)
    odd = encoded(stored, exif=exif(6, make=7))
    assert np.array_equal(pixels_from(odd, SQUARE), np.asarray(scene))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_leaves_the_picture_as_it_is(scene: Image.Image, orientation: int) -> None:
    data = encoded(scene, exif=exif(orientation))
    assert np.array_equal(pixels_from(data, SQUARE), np.asarray(scene))


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


def test_the_transparent_value_of_sixteen_bits_becomes_white() -> None:
    deep = Image.fromarray(np.repeat(np.array([[1000, 1001]], np.uint16), SIZE // 2, axis=1).repeat(SIZE, axis=0))
    found = pixels_from(encoded(deep, transparency=1000), SQUARE)
    assert np.array_equal(found[0, [0, -1]], [[255] * 3, [3] * 3])


def test_twelve_bits_of_a_tiff_give_the_same_pixels_as_eight() -> None:
    packed = int("".join(f"{value * 16:012b}" for value in grey_scene().ravel().tolist()), 2).to_bytes(
        SIZE * SIZE * 3 // 2, "big"
    )
    assert np.array_equal(pixels_from(tiff(SIZE, [12], 1, packed), SQUARE), in_rgb(grey_scene()))


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_a_tiff_whose_zero_is_white_is_no_negative(bits: int, kind: type[np.unsignedinteger]) -> None:
    values = (255 - grey_scene()).astype(kind) * (257 if bits == 16 else 1)
    assert np.array_equal(pixels_from(tiff(SIZE, [bits], 0, values.tobytes()), SQUARE), in_rgb(grey_scene()))


def test_grey_that_is_multiplied_with_its_alpha_is_mixed_with_white_once() -> None:
    found = pixels_from(tiff(SIZE, [8, 8], 1, bytes([50, 100] * SIZE * SIZE), extra=1), SQUARE)
    assert np.abs(found.astype(int) - (50 + 155)).max() <= 1


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


@pytest.mark.parametrize("kind", kinds())
def test_a_picture_that_becomes_rgb_in_strips_has_the_same_pixels(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    whole = np.asarray(decoded(kinds()[kind], 1000).rgb)
    monkeypatch.setattr("headstart.data.decode._STRIP_PIXELS", 24 * 3)
    assert np.array_equal(np.asarray(decoded(kinds()[kind], 1000).rgb), whole)


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_picture_is_of_one_of_the_formats_and_in_rgb(kind: str) -> None:
    found = decoded(kinds()[kind], 1000)
    assert found.format in FORMATS
    assert found.rgb.mode == "RGB"
    assert sorted(found.size) == sorted(found.rgb.size) == [20, 24]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_nothing_of_a_files_metadata_is_left_beside_its_pixels(scene: Image.Image, form: str) -> None:
    beside = {
        "comment": b"private",
        "exif": exif(1, "private"),
        "icc_profile": b"private",
        "xmp": b"private",
        "dpi": (9, 9),
    }
    assert decoded(encoded(scene, form, **beside), 8).rgb.info == {}


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
        b"BMW is a maker of cars and no picture",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_other_files_are_not_pictures_whatever_their_name(data: bytes) -> None:
    assert reason_of(data) == "not-a-picture"


@pytest.mark.parametrize("form", ["ICO", "PPM", "TGA", "EPS", "PCX", "SGI"])
def test_formats_that_headstart_does_not_promise_are_not_pictures(scene: Image.Image, form: str) -> None:
    assert reason_of(encoded(scene, form)) == "not-a-picture"


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_picture_is_unreadable(form: str) -> None:
    data = encoded(picture((10, 20, 30), seed=3, size=(200, 200)), form)
    assert reason_of(data[: len(data) // 2]) == "unreadable"


@pytest.mark.parametrize("missing", [1, 2, 3, 5, 9, 13, 20, 50, 200, 300])
@pytest.mark.parametrize("kind", kinds())
def test_of_a_picture_that_is_cut_off_every_pixel_is_there_or_it_is_unreadable(kind: str, missing: int) -> None:
    assert refused_or_whole(kinds()[kind][:-missing], kinds()[kind])


@pytest.mark.parametrize("length", [20, 40, 60])
@pytest.mark.parametrize("kind", kinds())
def test_what_begins_like_a_picture_and_ends_in_its_header_is_unreadable(kind: str, length: int) -> None:
    assert reason_of(kinds()[kind][:length]) == "unreadable"


@pytest.mark.parametrize("orientation", [0, 6])
def test_a_png_whose_pixels_are_spoilt_is_unreadable(orientation: int) -> None:
    data = encoded(picture((10, 20, 30), seed=3, size=(60, 60)), exif=exif(orientation))
    middle = len(data) // 2
    assert reason_of(data[:middle] + bytes(40) + data[middle + 40 :]) == "unreadable"


@given(cut=st.integers(1, 100), form=st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None)
def test_a_picture_cut_off_within_its_first_half_is_refused_and_never_crashes(cut: int, form: str) -> None:
    data = encoded(picture((10, 20, 30), seed=3, size=(60, 60)), form)
    assert reason_of(data[: len(data) * cut // 200]) in {"empty-file", "not-a-picture", "unreadable"}


@given(
    form=st.sampled_from(FORMATS),
    at=st.integers(0, 600),
    noise=st.binary(min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_give_pixels_or_a_reason_and_never_another_error(form: str, at: int, noise: bytes) -> None:
    data = bytearray(encoded(picture((10, 20, 30), seed=3, size=(20, 20)), form))
    data[at : at + len(noise)] = noise
    assert outcome_of(bytes(data)) in {"pixels", *REASONS}


@pytest.mark.parametrize("error", [OSError, SyntaxError, IndexError, struct.error, zlib.error])
def test_whatever_a_decoder_raises_the_file_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, scene: Image.Image, error: type[Exception]
) -> None:
    def mocked_load(image: Image.Image) -> None:
        raise error("bad bytes")

    data = encoded(scene)
    monkeypatch.setattr(ImageFile.ImageFile, "load", mocked_load)
    with pytest.raises(DecodeError, match=r"^unreadable: bad bytes$"):
        pixels_from(data, SQUARE)


@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (9_460, 9_460), (MAX_PIXELS // 5 + 1, 5), (2**31 - 1, 1)]
)
def test_a_small_file_that_unfolds_to_gigabytes_has_too_many_pixels(width: int, height: int) -> None:
    assert reason_of(png(width, height, b"")) == "too-many-pixels"


@pytest.mark.parametrize("kind", [b"VP8 ", b"VP8L", b"VP8X"])
def test_a_webp_is_measured_before_its_decoder_takes_the_memory(kind: bytes) -> None:
    assert reason_of(webp_header(kind, 16_383, 16_383)) == "too-many-pixels"
    assert reason_of(webp_header(kind, 9_500, 9_500)) == "too-many-pixels"
    assert reason_of(webp_header(kind, 20, 20)) == "unreadable"


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_for_which_there_is_no_memory_has_too_many_pixels(
    monkeypatch: pytest.MonkeyPatch, scene: Image.Image, form: str
) -> None:
    def mocked_load(image: Image.Image) -> None:
        raise MemoryError

    data = encoded(scene, form)
    monkeypatch.setattr(ImageFile.ImageFile, "load", mocked_load)
    assert reason_of(data) == "too-many-pixels"


def test_a_picture_just_within_the_limit_is_not_refused_for_its_size() -> None:
    assert reason_of(png(9_459, 9_459, b"")) == "unreadable"


def test_the_refusal_names_the_reason_first() -> None:
    with pytest.raises(DecodeError, match=r"^too-many-pixels: 9460x9460$"):
        pixels_from(png(9_460, 9_460, b""), SQUARE)


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


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((80, 20), (0, 6, 16, 10)),
        ((20, 80), (6, 0, 10, 16)),
        ((64, 64), (0, 0, 16, 16)),
        ((8, 8), (0, 0, 16, 16)),
        ((1, 64), (7, 0, 8, 16)),
        ((64, 1), (0, 7, 16, 8)),
        ((32, 30), (0, 0, 16, 15)),
    ],
)
def test_pad_shows_the_whole_picture_in_its_aspect_with_grey_beside_it(
    size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    expected = Image.new("RGB", (SIZE, SIZE), PADDING)
    expected.paste((9, 99, 199), box)
    found = pixels_from(encoded(Image.new("RGB", size, (9, 99, 199))), Geometry(SIZE, "pad"))
    assert np.array_equal(found, np.asarray(expected))


def test_what_pad_shows_is_the_picture_scaled(scene: Image.Image) -> None:
    wide = picture((120, 120, 120), seed=4, size=(16, 8))
    found = pixels_from(encoded(wide), Geometry(SIZE, "pad"))
    assert np.array_equal(found[4:12], np.asarray(wide))
    assert np.array_equal(pixels_from(encoded(scene), Geometry(SIZE, "pad")), np.asarray(scene))


@pytest.mark.parametrize(("size", "fit"), [(SIZE, "stretch"), (0, "squash"), (-1, "pad")])
def test_a_geometry_that_cannot_be_is_a_mistake_of_the_programmer(size: int, fit: str) -> None:
    with pytest.raises(ValueError, match="unknown fit"):
        Geometry(size, fit)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (500, 1), (3, 2)])
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_a_picture_of_any_shape_becomes_the_square(width: int, height: int, fit: str) -> None:
    flat = Image.new("RGB", (width, height), (9, 99, 199))
    found = pixels_from(encoded(flat), Geometry(SIZE, fit))
    assert np.array_equal(found, np.broadcast_to([9, 99, 199], (SIZE, SIZE, 3)))


@pytest.mark.parametrize("fit", FITS)
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
