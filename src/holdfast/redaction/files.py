"""One file through both passes: what is in it, and its derivative."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from holdfast.redaction import captures
from holdfast.redaction.columns import Columns
from holdfast.redaction.engine import Engine, values_of
from holdfast.redaction.kinds import Kind
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.policy import Policy
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.rewriting import rewritten
from holdfast.redaction.rules import SECRET
from holdfast.redaction.spans import Span
from holdfast.redaction.windows import windows

OVERLAP = 1 << 16


class Withheld(Exception):
    """A file that does not go out, and why."""


@dataclass(slots=True)
class Discovered:
    """What one file holds: value -> (class, is certain), and how often each rule fired."""

    values: dict[bytes, tuple[str, bool]] = field(default_factory=dict)
    fired: Counter[str] = field(default_factory=Counter)
    size: int = 0
    sha256: str = ""
    withheld: str = ""


@dataclass(slots=True)
class Derived:
    """One derivative: its digest, size and counts; or why there is none."""

    sha256: str = ""
    size: int = 0
    replaced: Counter[str] = field(default_factory=Counter)
    explained: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Line from 1, rule, class, and why: `form`, `field` or `known from elsewhere`."""
    withheld: str = ""


@dataclass(slots=True)
class Reader:
    """What a pass needs to read files: the engine, the pseudonyms, the policy."""

    engine: Engine
    names: Pseudonyms
    policy: Policy

    def spans(self, text: bytes, columns: Columns, learnt: Learnt | None = None) -> list[Span]:
        """Return the settled finds of one window."""
        found = self.engine.find(text, self.names, learnt, extra=columns.spans(text))
        return [
            span for span in found if not (span.value in self.policy.keep or self.names.is_own(span.value))
        ]


def discover(path: Path, kind: Kind, reader: Reader) -> Discovered:
    """Read a file for the values in it."""
    found = Discovered(size=path.stat().st_size)
    if kind.name in ("pcap", "pcapng"):
        found.sha256 = _digest(path)
        return found
    columns, digest = Columns(reader.engine), hashlib.sha256()
    with _text(path, kind, digest.update) as stream:
        for window in windows(stream):
            spans = reader.spans(window, columns)
            for span in spans:
                found.fired[span.rule] += 1
            for leaf in (leaf for span in spans for leaf in span.leaves()):
                for value, what in values_of((leaf,)):
                    known = found.values.get(value)
                    if known is None or (what == SECRET and known[0] != SECRET):
                        found.values[value] = (what, leaf.tier == "certain")
    found.sha256 = digest.hexdigest()
    return found


def derive(
    path: Path,
    kind: Kind,
    out: Path,
    reader: Reader,
    learnt: Learnt,
    classes: Mapping[bytes, str],
    *,
    explain: bool,
) -> Derived:
    """Write a file's derivative. Raises Withheld; whatever else goes wrong withholds it too."""
    made = Derived()
    if kind.name in ("pcap", "pcapng"):
        captures.rewrite(path, out, kind.name, reader.names)
        made.size, made.sha256 = out.stat().st_size, _digest(out)
        return made

    def replace(span: Span) -> bytes:
        return reader.names.of("jwt" if span.rule == "jwt" else span.kind, span.value)

    columns, digest, line = Columns(reader.engine), hashlib.sha256(), 1
    encode = _encoder(path, kind)
    with _text(path, kind, lambda _: None) as stream, out.open("wb") as target:
        json = False
        for window in windows(stream):
            if not made.size and not json:
                json = window.lstrip()[:1] in (b"{", b"[")
            spans = reader.spans(window, columns, learnt)
            for leaf in (leaf for span in spans for leaf in span.leaves()):
                leaf.kind = classes.get(leaf.value, SECRET if leaf.kind == "learnt" else leaf.kind)
            text = rewritten(window, spans, replace, json=json)
            if text.count(b"\n") != window.count(b"\n"):
                raise Withheld("its number of lines would have changed")
            for leaf in (leaf for span in spans for leaf in span.leaves()):
                made.replaced[leaf.rule] += 1
            if explain:
                made.explained += _explained(window, spans, line)
            line += window.count(b"\n")
            raw = encode(text)
            digest.update(raw)
            made.size += len(raw)
            target.write(raw)
        target.flush()
        os.fsync(target.fileno())
    made.sha256 = digest.hexdigest()
    return made


def verify(path: Path, gate: Learnt) -> None:
    """Search a derivative for every value in every writing; raises Withheld on the first that is there."""
    held = b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            text = held + block
            hits = gate.find(np.frombuffer(text + bytes(64), np.uint8)[: len(text)])
            for _, _, value, writing in hits[:1].tolist():
                size = len(gate.values[value])
                raise Withheld(f"a value found elsewhere ({size} bytes, writing {writing}) is still in it")
            held = text[-OVERLAP:] if len(text) > OVERLAP else text


def _explained(window: bytes, spans: list[Span], line: int) -> Iterator[tuple[int, str, str, str]]:
    at = 0
    for span in spans:
        line += window.count(b"\n", at, span.start)
        at = span.start
        for leaf in span.leaves():
            why = (
                "known from elsewhere"
                if leaf.rule == "learnt"
                else "form"
                if leaf.tier == "certain"
                else "field or context"
            )
            yield line, leaf.rule, leaf.kind, why


class _Wide:
    """Reads a file of another encoding as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str, told: Callable[[bytes], object]) -> None:
        self._stream, self._told = stream, told
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")

    def read(self, size: int = -1) -> bytes:
        while True:
            raw = self._stream.read(size)
            self._told(raw)
            try:
                text = self._decoder.decode(raw, final=not raw)
            except UnicodeError as error:
                raise Withheld(f"it begins as wide text and is none further on: {error}") from error
            if text or not raw:
                return text.encode("utf-8", "surrogatepass")

    def __enter__(self) -> _Wide:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


class _Told:
    """Reads a file and tells somebody of every byte."""

    def __init__(self, stream: BinaryIO, told: Callable[[bytes], object]) -> None:
        self._stream, self._told = stream, told

    def read(self, size: int = -1) -> bytes:
        raw = self._stream.read(size)
        self._told(raw)
        return raw

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _text(path: Path, kind: Kind, told: Callable[[bytes], object]):  # type: ignore[no-untyped-def]
    stream = path.open("rb")
    return _Told(stream, told) if kind.encoding == "utf-8" else _Wide(stream, kind.encoding, told)


def _encoder(path: Path, kind: Kind) -> Callable[[bytes], bytes]:
    if kind.encoding == "utf-8":
        return lambda text: text
    encoding = kind.encoding
    if encoding == "utf-32":
        encoding = "utf-32-le" if path.open("rb").read(4) == b"\xff\xfe\0\0" else "utf-32-be"
    return lambda text: text.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
