"""The pictures of a page: shown while there is room for them, names alone from then on."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from headstart.report.page import jpeg_address


class Album:
    """Hands out the addresses of ``pictures`` (JPEG files by name) until so many ``room`` bytes are used up."""

    def __init__(self, pictures: Mapping[str, bytes], room: int) -> None:
        self._pictures = pictures
        self._room = room

    def address(self, name: str | None) -> Markup | None:
        """Return the address of a picture, None where there is none or no room is left."""
        content = self._pictures.get(name or "", b"")
        if not 0 < len(content) <= self._room:
            return None
        self._room -= len(content)
        return jpeg_address(content)

    def give(self, room: int) -> None:
        """Add ``room`` bytes: what an earlier section didn't need is left to the later ones."""
        self._room += room

    @property
    def empty(self) -> bool:
        """Whether there are no pictures at all: the user asked for a page without them."""
        return not self._pictures
