"""The archive: a tar in which every byte is either signed or the only one it can be.

    holdfast-case.json  first: `format`, `form`, `case`, `made_at`
    ...                 what is carried
    manifest.json       last but one: the same, and of each member before it name, size and SHA-256
    manifest.note       last: a signed note over the SHA-256 of the manifest, by the key of the desk's ledger

Headers carry name and size alone and are compared with what would be written for them; padding and end are zeros. So
a changed byte shows, and where it is. It is written and read as a stream; only the manifest is held in memory.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from holdfast.ledger.notes import BadNote, Note, SigningKey, VerifierKey
from holdfast.portable.failures import Refused

FORMAT = 1
FIRST, MANIFEST, SIGNED = "holdfast-case.json", "manifest.json", "manifest.note"
MOST_HELD = 64 << 20
"""Largest manifest and largest line, in bytes."""
_BLOCK, _PIECE = 512, 1 << 20
_END = b"\x00" * 2 * _BLOCK
_MOMENT = 315_532_800
"""1 January 1980, of every member: when it was made stands in the manifest."""
_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class Source(Protocol):
    """Bytes by ranges."""

    size: int

    def read(self, start: int, end: int) -> bytes:
        """Return those of a range, fewer where it ends before."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One thing in an archive, its size in bytes known before its first byte is."""

    name: str
    size: int
    blocks: Iterable[bytes]

    @classmethod
    def of(cls, name: str, data: bytes) -> Member:
        """Return a member that is in memory already."""
        return cls(name, len(data), (data,))


def write(
    about: dict[str, Any],
    members: Iterable[Member],
    key: SigningKey,
    more: Callable[[], dict[str, Any]] = dict,
) -> Iterator[bytes]:
    """Return the archive in pieces. `more` is asked after the last member, and adds to the manifest."""
    about = {"format": FORMAT, **about}
    listed = []
    for member in chain((Member.of(FIRST, _json(about)),), members):
        digest = hashlib.sha256()
        yield _header(member.name, member.size)
        for block in _whole(member):
            digest.update(block)
            yield block
        yield _padding(member.size)
        listed.append({"name": member.name, "size": member.size, "sha256": digest.hexdigest()})
    manifest = _json({**about, "key": str(key.verifier), **more(), "members": listed})
    note = str(Note(_signed_text(manifest)).signed(key)).encode()
    for name, data in ((MANIFEST, manifest), (SIGNED, note)):
        yield _header(name, len(data)) + data + _padding(len(data))
    yield _END


def _whole(member: Member) -> Iterator[bytes]:
    sent = 0
    for block in member.blocks:
        sent += len(block)
        yield block
    if sent != member.size:
        raise ValueError(f"{member.name} was to have {member.size} bytes and has {sent}")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def _signed_text(manifest: bytes) -> str:
    return f"holdfast case archive\n{hashlib.sha256(manifest).hexdigest()}\n"


def _header(name: str, size: int) -> bytes:
    if not _NAME.fullmatch(name) or len(name) > 99:
        raise ValueError(f"{name!r} is no name of a member")
    told = tarfile.TarInfo(name)
    told.size, told.mtime, told.mode = size, _MOMENT, 0o600
    return told.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return b"\x00" * (-size % _BLOCK)


class Archive:
    """An archive that was read through once and found whole, signed by `key`; raises Refused where it is not."""

    def __init__(self, source: Source, progress: Callable[[int], None] = lambda _: None) -> None:
        """Read all of it. `progress` is told how many bytes were read."""
        self._source, self._progress = source, progress
        self._places: dict[str, tuple[int, int]] = {}
        digests: dict[str, str] = {}
        at = 0
        while SIGNED not in self._places:
            name, size, start = self._member(at)
            digests[name] = self._digest(name, start, size)
            self._places[name] = (start, size)
            at = start + size + len(_padding(size))
            if name == FIRST:
                self.about = self._about()
        self._ended(at)
        self.manifest, self.key = self._signed()
        self._compared(digests)

    def names(self, below: str = "") -> list[str]:
        """Return the members' names, in the order they stand in."""
        return [name for name in self._places if name.startswith(below)]

    def size(self, name: str) -> int:
        """Return the bytes of a member."""
        return self._place(name)[1]

    def blocks(self, name: str) -> Iterator[bytes]:
        """Return a member in pieces."""
        start, size = self._place(name)
        for at in range(start, start + size, _PIECE):
            yield self._read(at, min(at + _PIECE, start + size), name)

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Return what stands in a member, one object a line."""
        held = b""
        for number, line in enumerate(self._split(name), 1):
            held = line
            try:
                found = json.loads(held)
            except (ValueError, RecursionError) as error:
                raise Refused(f"{name}, line {number}: {error}") from error
            if not isinstance(found, dict):
                raise Refused(f"{name}, line {number}: it is no object")
            yield found

    def _split(self, name: str) -> Iterator[bytes]:
        held = b""
        for block in self.blocks(name):
            *whole, held = (held + block).split(b"\n")
            if len(held) > MOST_HELD:
                raise Refused(f"{name}: a line of more than {MOST_HELD} bytes")
            yield from whole
        if held:
            yield held

    def _place(self, name: str) -> tuple[int, int]:
        try:
            return self._places[name]
        except KeyError:
            raise Refused(f"there is no {name} in the archive") from None

    def _read(self, start: int, end: int, what: str) -> bytes:
        data = self._source.read(start, end)
        if len(data) != end - start:
            raise Refused(f"the archive ends at byte {start + len(data)}, within {what}: it was cut")
        return data

    def _member(self, at: int) -> tuple[str, int, int]:
        """Return name, size and beginning of the member whose header stands at a byte."""
        header = self._read(at, at + _BLOCK, "a member's header")
        try:
            told = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
            if told.size < 0 or header != _header(told.name, told.size):
                raise ValueError("it is none that is written here")
        except (tarfile.HeaderError, ValueError) as error:
            what = "this is no case archive" if at == 0 else "the header of a member was changed"
            raise Refused(f"bytes {at} to {at + _BLOCK}: {what} ({error})") from error
        if told.name in self._places or (told.name == FIRST) != (at == 0):
            raise Refused(f"byte {at}: {told.name} does not belong there")
        if told.name in (FIRST, MANIFEST, SIGNED) and told.size > MOST_HELD:
            raise Refused(f"byte {at}: {told.name} is larger than any")
        return told.name, told.size, at + _BLOCK

    def _digest(self, name: str, start: int, size: int) -> str:
        digest = hashlib.sha256()
        for at in range(start, start + size, _PIECE):
            digest.update(self._read(at, min(at + _PIECE, start + size), name))
            self._progress(at)
        end = start + size + len(_padding(size))
        if self._read(start + size, end, name).strip(b"\x00"):
            raise Refused(f"bytes {start + size} to {end}: what fills up {name} was changed")
        return digest.hexdigest()

    def _object(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(b"".join(self.blocks(name)))
        except (ValueError, RecursionError) as error:
            raise Refused(f"{name} was changed: {error}") from error
        if not isinstance(found, dict):
            raise Refused(f"{name} was changed: it is no object")
        return found

    def _about(self) -> dict[str, Any]:
        found = self._object(FIRST)
        version = found.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise Refused(
                f"it is of format {version}, this desk reads up to {FORMAT}: update Holdfast here first,"
                " or export it with an older one"
            )
        if version != FORMAT:
            raise Refused(f"{FIRST}: {version!r} is no format of an archive")
        return found

    def _ended(self, at: int) -> None:
        if self._read(at, at + len(_END), "its end").strip(b"\x00"):
            raise Refused(f"bytes {at} to {at + len(_END)}: its end was changed")
        if self._source.read(at + len(_END), at + len(_END) + 1):
            raise Refused(f"byte {at + len(_END)}: something was added behind its end")

    def _signed(self) -> tuple[dict[str, Any], VerifierKey]:
        manifest = b"".join(self.blocks(MANIFEST)) if MANIFEST in self._places else b""
        try:
            note = Note.parse(b"".join(self.blocks(SIGNED)).decode())
            told = self._object(MANIFEST)
            key = VerifierKey.parse(str(told.get("key", "")))
            note.require(key)
        except (BadNote, UnicodeDecodeError) as error:
            raise Refused(f"{MANIFEST} or {SIGNED} was changed: {error}") from error
        if note != Note(_signed_text(manifest), note.signatures[:1]):
            raise Refused(f"{MANIFEST} was changed: its signature is over something else")
        return told, key

    def _compared(self, digests: dict[str, str]) -> None:
        named = self.manifest.get("members")
        wanted = {one["name"]: one for one in named} if isinstance(named, list) else {}
        for name, (start, size) in self._places.items():
            if name in (MANIFEST, SIGNED):
                continue
            one = wanted.pop(name, None)
            if one is None or one.get("size") != size or one.get("sha256") != digests[name]:
                where = f"bytes {start} to {start + size}"
                raise Refused(f"{name} ({where}): it was changed, its bytes are not those that were signed")
        if wanted:
            raise Refused(f"{next(iter(wanted))} is missing: the manifest names it")
        if any(self.manifest.get(name) != value for name, value in self.about.items()):
            raise Refused(f"{FIRST} says something else than {MANIFEST}")
