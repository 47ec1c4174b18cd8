"""The pictures in a request: its body is one, or a form with several. Nothing is fetched, nothing written to disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from headstart.server.limits import Limits
from headstart.server.refusals import Refused, RefusedError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FORM, _BYTES = b"multipart/form-data", b"application/octet-stream"
_HEAD_BYTES = 8192
"""What the head of a part of a form may have."""

_MORE_PARTS = 16
"""Fields of a form that are no files, and are left aside."""

_NO_FORM = Refused("bad-form", "The form in the body is damaged or cut off; send it again.", 400)
_NO_PICTURE = Refused("no-picture", "The form holds no file; send one or several pictures as files.", 400)


def _too_many(most: int) -> Refused:
    return Refused("too-many-pictures", f"A request may have {most} pictures; send the others in another one.", 413)


def _no_picture_type(written: str) -> Refused:
    return Refused(
        "unsupported-media-type",
        "Send the bytes of a picture, with a header such as Content-Type: image/jpeg, or a form "
        f"(multipart/form-data) with files; {written} is neither. Addresses and paths are not opened.",
        415,
    )


async def pictures_in(request: Request, limits: Limits) -> list[bytes]:
    """Return the bytes of each picture that a client sends; whether they are pictures is seen later.

    Raises
    ------
    RefusedError
        If the body is of another type, is no such form, or holds more than the limits allow.
    """
    written = request.headers.get("content-type", _BYTES.decode())
    kind, options = parse_options_header(written)
    if kind == _FORM:
        return await _files_in(request, options.get(b"boundary", b""), limits.max_pictures)
    if kind.startswith(b"image/") or kind == _BYTES:
        return [await request.body()]
    raise RefusedError(_no_picture_type(written[:100]))


async def _files_in(request: Request, boundary: bytes, most: int) -> list[bytes]:
    if not 0 < len(boundary) <= 200:
        raise RefusedError(_NO_FORM)
    form = _Form(most)
    parser = MultipartParser(boundary, form.callbacks())
    try:
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise RefusedError(_NO_FORM) from None
    if not form.is_complete:
        raise RefusedError(_NO_FORM)
    if not form.files:
        raise RefusedError(_NO_PICTURE)
    return [bytes(each) for each in form.files]


class _Form:
    """Collects the files of a form while it comes."""

    def __init__(self, most: int) -> None:
        self.files: list[bytearray] = []
        self.is_complete = False
        self._most = most
        self._parts = 0
        self._name = bytearray()
        self._value = bytearray()
        self._head_bytes = 0
        self._file: bytearray | None = None
        self._has_name = False

    def callbacks(self) -> MultipartCallbacks:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._most + _MORE_PARTS:
            raise RefusedError(_too_many(self._most))
        self._file, self._has_name, self._head_bytes = None, False, 0

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._value += data[start:end]

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _HEAD_BYTES:
            raise RefusedError(_NO_FORM)

    def _end_header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            if b"filename" in options or b"filename*" in options:
                self._file = bytearray()
                self._has_name = bool(options.get(b"filename"))
        self._name.clear()
        self._value.clear()

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file += data[start:end]

    def _end(self) -> None:
        # A form in which no file was chosen sends one without a name and without content.
        if self._file is not None and (self._has_name or self._file):
            if len(self.files) == self._most:
                raise RefusedError(_too_many(self._most))
            self.files.append(self._file)

    def _complete(self) -> None:
        self.is_complete = True
