"""One file in the first pass: how it is read, what is in it, and where."""

from __future__ import annotations

import codecs
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from holdfast.redaction.columns import Columns
from holdfast.redaction.engine import Engine, Written, may_hold_pseudonyms, values_of, written_in
from holdfast.redaction.judging import table_of
from holdfast.redaction.kinds import Kind
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.policy import Policy
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.rows import RULE, WHAT
from holdfast.redaction.rules import SECRET
from holdfast.redaction.spans import NESTED, Span
from holdfast.redaction.texts import Classed
from holdfast.redaction.values import Values
from holdfast.redaction.windows import windows

Array = np.ndarray[Any, Any]
CAPTURES = ("pcap", "pcapng")


class Withheld(Exception):
    """A file that does not go out, and why."""


class Seen(NamedTuple):
    """What the first pass saw of a window: the second need not look for it again."""

    size: int
    """Bytes."""
    rows: int
    """How many it has in the store."""
    held: bool
    """Whether pseudonyms may stand in it."""
    written: Written


@dataclass(slots=True)
class Discovered:
    """What one file holds."""

    numbers: Array = field(default_factory=lambda: np.empty(0, np.int64))
    """Of values in the table of the process that read the file; the rows in the store use them."""
    values: Classed = field(default_factory=lambda: Classed.of(()))
    """Those values, with their classes."""
    others: dict[bytes, str] = field(default_factory=dict)
    """Values in other writings, with their classes."""
    fired: Counter[str] = field(default_factory=Counter)
    windows: list[Seen] = field(default_factory=list)
    sha256: str = ""


_USER = "user"
_REMEMBERED = 1 << 14
"""Values of which it is remembered whether they are pseudonyms: both passes ask of the same."""


@dataclass(slots=True)
class Reader:
    """What reading needs: the engine, the pseudonyms, the policy, and a table of values met."""

    engine: Engine
    names: Pseudonyms
    policy: Policy
    values: Values = field(init=False)
    _is_own: Callable[[bytes, str], bool] = field(init=False)

    def __post_init__(self) -> None:
        listed = table_of(self.policy.keep | self.policy.parts)
        self.values = Values(self._judge, self.engine.ways, listed)
        self._is_own = lru_cache(_REMEMBERED)(self.names.is_own)

    def _judge(self, rule: int, value: bytes) -> bool:
        return self.engine.accepted(rule, value) and self._goes(value, self.engine.rules[rule].kind)

    def _goes(self, value: bytes, kind: str) -> bool:
        if value in self.policy.keep or (kind == _USER and value in self.policy.parts):
            return False
        return not self._is_own(value, kind)

    def going(self, spans: list[Span]) -> list[Span]:
        """Return the spans whose values go: the policy keeps them not, and they are no pseudonyms."""
        chosen = []
        for span in spans:
            if span.kind == NESTED:
                span.within = self.going(span.within)
            if span.within if span.kind == NESTED else self._goes(span.value, span.kind):
                chosen.append(span)
        return chosen

    def spans(self, text: bytes, extra: Array, learnt: Learnt | None = None) -> list[Span]:
        """Return the settled finds of a text, the long way: however they overlap and are written."""
        return self.going(self.engine.find(text, self.names, learnt, extra))


def discover(path: Path, kind: Kind, reader: Reader, store: Path) -> Discovered:
    """Read a file for the values in it; where they stand goes to the file `store`, row by row."""
    found, digest = Discovered(), hashlib.sha256()
    if kind.name in CAPTURES:
        found.sha256 = digest_of(path)
        return found
    if reader.values.is_full:
        reader.values.clear()
    columns, seen = Columns(reader.engine), np.zeros(0, np.bool_)
    fired = np.zeros(len(reader.engine.rules), np.int64)
    with text_of(path, kind, digest.update) as stream, store.open("wb") as kept:
        for data in windows(stream):
            held, written = bool(may_hold_pseudonyms(data)), written_in(data)
            rows = _window(data, held, written, columns, reader, found)
            kept.write(rows.data)
            found.windows.append(Seen(len(data), len(rows), held, written))
            seen = np.concatenate((seen, np.zeros(max(0, reader.values.count - len(seen)), np.bool_)))
            seen[rows[:, WHAT]] = True
            fired += np.bincount(rows[:, RULE], minlength=len(fired))
    _conclude(found, reader, np.flatnonzero(seen))
    found.fired.update({reader.engine.rules[k].id: int(fired[k]) for k in np.flatnonzero(fired).tolist()})
    found.sha256 = digest.hexdigest()
    return found


def _window(
    data: Array,
    held: bool,
    written: Written,
    columns: Columns,
    reader: Reader,
    found: Discovered,
) -> Array:
    extra = columns.events(data)
    if held:
        spans, rows = reader.spans(data.tobytes(), extra), np.empty((0, 5), np.int64)
    else:
        rows = reader.engine.rows(data, reader.values, extra)
        spans = reader.going(reader.engine.indirect(data, reader.names, None, written=written))
    for leaf in (leaf for span in spans for leaf in span.leaves()):
        found.fired[leaf.rule] += 1
        for value, what in values_of((leaf,)):
            if found.others.get(value) != SECRET:
                found.others[value] = what
    return rows


def _conclude(found: Discovered, reader: Reader, numbers: Array) -> None:
    found.numbers = numbers
    classes = ["jwt" if rule.id == "jwt" else rule.kind for rule in reader.engine.rules]
    rules = reader.values.rules[numbers].astype(np.int64)
    found.values = Classed(reader.values.texts.chosen(numbers), rules, classes)
    tokens = np.array([kind == "jwt" for kind in [*classes, ""]])[rules]
    for place in np.flatnonzero(tokens).tolist():
        value = found.values.texts[place]
        claims = (claim for claim, _ in values_of((_token(value),)) if claim != value)
        found.others.update(dict.fromkeys(claims, SECRET))


def _token(value: bytes) -> Span:
    return Span(0, len(value), SECRET, value, "jwt")


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


def text_of(path: Path, kind: Kind, told: Callable[[bytes], object]) -> _Told | _Wide:
    """Open a file as UTF-8, or what keeps ASCII; `told` is given every byte as it stands."""
    stream = path.open("rb")
    return _Told(stream, told) if kind.encoding == "utf-8" else _Wide(stream, kind.encoding, told)


def encoder_of(path: Path, kind: Kind) -> Callable[[Array], Array] | None:
    """Return what writes text in the file's own encoding; None where that is the text itself."""
    if kind.encoding == "utf-8":
        return None
    encoding = kind.encoding
    if encoding == "utf-32":
        encoding = "utf-32-le" if path.open("rb").read(4) == b"\xff\xfe\0\0" else "utf-32-be"

    def encode(text: Array) -> Array:
        raw = text.tobytes().decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
        return np.frombuffer(raw, np.uint8)

    return encode


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
