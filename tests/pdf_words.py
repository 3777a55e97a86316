"""The words of a PDF as somebody reads them, who copies them out of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_MARK = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words(made: bytes) -> list[str]:
    """Return the text once for each of its fonts: what another font writes is left out of it."""
    streams = list(_streams(made))
    glyphs = b"".join(
        _plain(piece) for one in streams if b"]TJ" in one or b")Tj" in one for piece in _pieces(one)
    )
    numbers = [int.from_bytes(glyphs[at : at + 2], "big") for at in range(0, len(glyphs), 2)]
    return ["".join(font.get(number, "") for number in numbers) for one in streams if (font := _font(one))]


def _streams(made: bytes) -> Iterator[bytes]:
    for found in _STREAM.findall(made):
        try:
            yield zlib.decompress(found)
        except zlib.error:
            yield found


def _pieces(stream: bytes) -> Iterator[bytes]:
    """Yield the strings of a stream; brackets that balance stand in them as they are (ISO 32000-1, 7.3.4.2)."""
    begun, deep = 0, 0
    for mark in _MARK.finditer(stream):
        if mark[0] == b"(":
            begun, deep = (mark.end(), 1) if deep == 0 else (begun, deep + 1)
        elif mark[0] == b")" and deep:
            deep -= 1
            if deep == 0:
                yield stream[begun : mark.start()]


def _plain(piece: bytes) -> bytes:
    def said(match: re.Match[bytes]) -> bytes:
        word = match[1]
        return bytes([int(word, 8)]) if word[:1].isdigit() else _NAMED.get(word, word)

    return _ESCAPE.sub(said, piece)


def _font(stream: bytes) -> dict[int, str]:
    """Return which glyph of a font is which character, by its table for those who copy."""
    if b"begincmap" not in stream:
        return {}
    pairs = re.findall(rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]{4,})>\s*\n", stream)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}
