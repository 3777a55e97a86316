"""Reading a mail of any size: headers and words in memory, attachments straight to disk, line by line.

Python's own parser holds the whole message, several times over; a 50 MB mail would cost a worker 300 MB. This
one holds one line and at most 1 MiB of words. RFC 2045, 2046; what breaks them is read as far as it goes.
"""

from __future__ import annotations

import binascii
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from typing import BinaryIO

from holdfast.desk.vault import storage

LINE = 64 * 1024
MOST_HEADERS = 256 * 1024
MOST_WORDS = 2**20
MOST_PARTS = 200
MOST_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment on disk: its name as sent, its bytes, the upload it lies under."""

    name: str
    size: int
    upload: uuid.UUID


@dataclass(slots=True)
class Mail:
    """A mail as read."""

    headers: Message
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be read, in words."""

    def header(self, name: str) -> str:
        """Return a header decoded, on one line; empty when it is not there."""
        return decoded(str(self.headers.get(name, "")))

    def discard(self) -> None:
        """Remove the attachments from disk, where nobody took them."""
        for one in self.attachments:
            storage.discard(one.upload)


def decoded(value: str) -> str:
    """Return a header with its encoded words readable; hostile ones as they are."""
    try:
        parts = [
            part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part
            for part, charset in decode_header(value)
        ]
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        parts = [value]
    text = " ".join("".join(parts).split())
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def head(file: BinaryIO) -> Mail:
    """Read the headers only."""
    return Mail(_Reading(file).headers())


def read(file: BinaryIO) -> Mail:
    """Read a mail; its attachments lie on disk, sealed, until a case takes them or they are discarded."""
    reading = _Reading(file)
    try:
        return reading.whole()
    except Exception:
        reading.mail.discard()
        raise


class _Reading:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._parts = 0
        self.mail = Mail(Message())

    def whole(self) -> Mail:
        self.mail.headers = self.headers()
        self._body(self.mail.headers, [], 0)
        return self.mail

    def _line(self) -> bytes:
        return self._file.readline(LINE)

    def headers(self) -> Message:
        lines, size = [], 0
        while (line := self._line()).strip(b"\r\n"):
            size += len(line)
            if size <= MOST_HEADERS:
                lines.append(line)
        if size > MOST_HEADERS:
            self._note("headers beyond 256 KiB were left out")
        try:
            return BytesHeaderParser().parsebytes(b"".join(lines))
        except (MessageError, ValueError, IndexError):
            self._note("the headers of a part could not be read")
            return Message()

    def _body(self, headers: Message, boundaries: list[bytes], depth: int) -> int | None:
        """Read a body; return the index of the boundary that ended it, negative when it also closed it."""
        boundary = _boundary(headers)
        if boundary is None or depth >= MOST_DEPTH:
            return self._leaf(headers, boundaries)
        inner = [*boundaries, boundary]
        here = len(boundaries)
        ended = self._skip(inner)
        while ended == here and self._parts < MOST_PARTS:
            self._parts += 1
            ended = self._body(self.headers(), inner, depth + 1)
        if ended == here:
            self._note(f"parts beyond {MOST_PARTS} were left out")
        if ended == _closed(here) or ended == here:
            return self._skip(boundaries)
        return ended

    def _skip(self, boundaries: list[bytes]) -> int | None:
        while line := self._line():
            if (found := _match(line, boundaries)) is not None:
                return found
        return None

    def _leaf(self, headers: Message, boundaries: list[bytes]) -> int | None:
        sink = self._sink(headers)
        decode = _decoder(headers)
        held, ended = b"", None
        while line := self._line():
            ended = _match(line, boundaries)
            if ended is not None:
                held = held.removesuffix(b"\n").removesuffix(b"\r")  # it belongs to the boundary
                break
            sink.take(decode(held, False))
            held = line
        sink.take(decode(held, True))
        sink.end(self.mail)
        return ended

    def _sink(self, headers: Message) -> _Words | _File:
        kind, name = _kind(headers), _name(headers)
        words = kind in ("text/plain", "text/html") and not name
        if words and headers.get_content_disposition() != "attachment":
            return _Words(kind, _charset(headers))
        return _File(name or f"part-{self._parts}.{kind.rpartition('/')[2][:20] or 'bin'}")

    def _note(self, text: str) -> None:
        if text not in self.mail.notes:
            self.mail.notes.append(text)


class _Words:
    """Text to be read by people, at most 1 MiB of it."""

    def __init__(self, kind: str, charset: str) -> None:
        self._kind, self._charset = kind, charset
        self._kept = bytearray()
        self._cut = False

    def take(self, data: bytes) -> None:
        room = MOST_WORDS - len(self._kept)
        self._cut = self._cut or len(data) > room
        self._kept += data[:room]

    def end(self, mail: Mail) -> None:
        try:
            text = self._kept.decode(self._charset, "replace")
        except LookupError:
            text = self._kept.decode("utf-8", "replace")
        if self._cut:
            mail.notes.append("text beyond 1 MiB was left out")
        if text.strip():
            (mail.html if self._kind == "text/html" else mail.plain).append(text)


class _File:
    """An attachment, straight to disk."""

    def __init__(self, name: str) -> None:
        self._name, self._upload, self._size = name, uuid.uuid4(), 0
        self._file, self._held = storage.arriving(self._upload), bytearray()

    def take(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= storage.BLOCK:
            self._write()

    def _write(self) -> None:
        self._size = self._file.grow(self._size, [bytes(self._held)], self._size + len(self._held))
        self._held.clear()

    def end(self, mail: Mail) -> None:
        if self._held:
            self._write()
        if self._size:
            mail.attachments.append(Attached(self._name, self._size, self._upload))
        else:
            storage.discard(self._upload)


def _decoder(headers: Message) -> Callable[[bytes, bool], bytes]:
    encoding = str(headers.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        return _Base64().decode
    if encoding == "quoted-printable":
        return lambda line, last: binascii.a2b_qp(line)  # noqa: ARG005
    return lambda line, last: line  # noqa: ARG005


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_BASE64 = bytes(byte for byte in range(256) if byte not in _ALPHABET)


class _Base64:
    """Base64 in pieces; what is no base64 is passed over, as RFC 2045 says."""

    def __init__(self) -> None:
        self._rest = b""

    def decode(self, line: bytes, last: bool) -> bytes:
        data = self._rest + line.translate(None, _NO_BASE64)
        whole = len(data) if last else len(data) - len(data) % 4
        self._rest, data = data[whole:], data[:whole]
        if len(data) % 4 == 1:
            data = data[:-1]
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def _boundary(headers: Message) -> bytes | None:
    if headers.get_content_maintype() != "multipart":
        return None
    try:
        boundary = headers.get_boundary()
    except (ValueError, LookupError, TypeError, HeaderParseError):
        return None
    return b"--" + boundary.encode("utf-8", "replace") if boundary else None


def _match(line: bytes, boundaries: list[bytes]) -> int | None:
    """Return which boundary a line is, innermost first; negative for one that closes."""
    if not line.startswith(b"--"):
        return None
    said = line.rstrip()
    for index in range(len(boundaries) - 1, -1, -1):
        if said == boundaries[index]:
            return index
        if said == boundaries[index] + b"--":
            return _closed(index)
    return None


def _closed(index: int) -> int:
    return -1 - index


def _kind(headers: Message) -> str:
    return headers.get_content_type().lower()


def _charset(headers: Message) -> str:
    try:
        return headers.get_content_charset() or "utf-8"
    except (LookupError, ValueError, TypeError):
        return "utf-8"


def _name(headers: Message) -> str:
    try:
        found = headers.get_filename()
    except (ValueError, LookupError, TypeError, HeaderParseError):
        return ""
    return decoded(str(found)) if found else ""


def lines_of(text: str) -> Iterator[str]:
    """Return the lines of a text without their ends."""
    yield from text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
