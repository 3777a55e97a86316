"""One file in the second pass: written anew, searched again."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from holdfast.redaction import captures, memory, rows
from holdfast.redaction.columns import Columns
from holdfast.redaction.files import (
    CAPTURES,
    Discovered,
    Reader,
    Seen,
    Withheld,
    digest_of,
    encoder_of,
    text_of,
)
from holdfast.redaction.kinds import Kind
from holdfast.redaction.known import LEARNT, Known, rows_of
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.proving import Proof, Replaced
from holdfast.redaction.rewriting import replacement, rewritten
from holdfast.redaction.rows import RULE, START, WHAT
from holdfast.redaction.rules import SECRET
from holdfast.redaction.spans import Span, settled
from holdfast.redaction.windows import windows

Array = np.ndarray[Any, Any]
Place = tuple[int, str, str, str]
"""Line from 1 (within a window: byte from 0), rule, class, and why it hit."""
_Written = tuple[Array, Replaced | None, list[Place], bool]
"""A window written anew, how, what was replaced where, and whether all of it was plain text for plain text."""
_CHANGED = "it has changed since it was first read"


@dataclass(slots=True)
class Derived:
    """One derivative: its digest, size and counts."""

    sha256: str = ""
    size: int = 0
    replaced: Counter[str] = field(default_factory=Counter)
    explained: list[Place] = field(default_factory=list)


@dataclass(slots=True)
class Writer:
    """What the second pass needs: the reader, and every value of the bundle."""

    reader: Reader
    known: Known
    pieces: Learnt
    """Of the values that `proving` looks for by pieces."""
    explain: bool

    def pseudonym(self, span: Span) -> bytes:
        """Return what stands in a span's place."""
        number = self.known.number(span.value)
        if number >= 0:
            return self.known.pseudonyms[number]
        kind = "jwt" if span.rule == "jwt" else SECRET if span.kind == "learnt" else span.kind
        return self.reader.names.of(kind, span.value)


def derive(
    path: Path, kind: Kind, found: Discovered, store: Path, gids: Array, out: Path, writer: Writer
) -> Derived:
    """Write a file's derivative, searching it while it is written. Raises Withheld.

    gids: int64, the bundle's number of each of the file's values.
    """
    made = Derived()
    proof = Proof(writer.known, writer.pieces)
    if kind.name in CAPTURES:
        captures.rewrite(path, out, kind.name, writer.reader.names)
        with out.open("rb") as stream:
            while block := stream.read(1 << 20):
                proof.take(np.frombuffer(block, np.uint8))
        made.size, made.sha256 = out.stat().st_size, digest_of(out)
        return made
    work = _Rewriting(writer, found, store, gids)
    encode, digest = encoder_of(path, kind), hashlib.sha256()
    with text_of(path, kind, lambda _: None) as stream, out.open("wb") as target, work:
        for window in windows(stream):
            text, how = work.window(window, made)
            if encode is not None:
                text, how = encode(text), None
            proof.take(text, how)
            digest.update(text.data)
            made.size += len(text)
            target.write(text.data)
        work.end()
        target.flush()
        os.fsync(target.fileno())
    made.sha256 = digest.hexdigest()
    return made


def overwritten(path: Path, out: Path, writer: Writer) -> Derived:
    """Write a released binary's derivative of the same length. Raises Withheld."""
    made = Derived(replaced=memory.rewrite(path, out, writer.reader, writer.known))
    made.size, made.sha256 = out.stat().st_size, digest_of(out)
    return made


class _Rewriting:
    """Follows one file window by window, with the rows that the first pass stored."""

    def __init__(self, writer: Writer, found: Discovered, store: Path, gids: Array) -> None:
        self._writer, self._seen = writer, iter(found.windows)
        self._columns = Columns(writer.reader.engine)
        self._numbers = np.full(int(found.numbers.max(initial=0)) + 1, -1, np.int64)
        self._numbers[found.numbers] = gids
        self._path, self._line, self._json = store, 1, False

    def __enter__(self) -> None:
        self._store: BinaryIO = self._path.open("rb")

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def window(self, window: Array, made: Derived) -> tuple[Array, Replaced | None]:
        """Return one window written anew, and how where that is known; counts and places go to `made`."""
        if self._line == 1 and not self._json:
            self._columns.begin(window)
            self._json = window.tobytes().lstrip()[:1] in (b"{", b"[")
        text, how, places, plain = self._written(window, made)
        # what is replaced plainly has no line feeds, neither before nor after
        if not plain and rows.lines_in(text) != rows.lines_in(window):
            raise Withheld("its number of lines would have changed")
        if not self._writer.explain:
            self._line += 1
            return text, how
        at, line, raw = 0, self._line, window.tobytes()
        for start, rule, kind, why in sorted(places):
            line += raw.count(b"\n", at, start)
            at = max(at, start)
            made.explained.append((line, rule, kind, why))
        self._line += raw.count(b"\n")
        return text, how

    def end(self) -> None:
        """Withhold a file that ends earlier than it did when it was first read."""
        if next(self._seen, None) is not None:
            raise Withheld(_CHANGED)

    def _written(self, data: Array, made: Derived) -> _Written:
        reader, known = self._writer.reader, self._writer.known
        seen, stored = self._stored(len(data))
        if seen.held:
            extra, text = self._columns.events(data), data.tobytes()
            return self._long_way(text, reader.spans(text, extra, known.learnt), made)
        others = reader.engine.indirect(data, reader.names, known.learnt, written=seen.written)
        specials = reader.going(others)
        hits = known.find(data, stored)
        plain, hidden = known.found(hits)
        plain, hard = known.parted(np.concatenate((stored, plain)), reader.engine, self._json)
        specials += hidden + hard
        special = rows_of(specials)
        chosen = rows.settled(np.concatenate((plain, special)))
        if chosen is None:
            spans = settled(specials + known.as_spans(plain, reader.engine))
            return self._long_way(data.tobytes(), spans, made)
        texts, used, raw = [], [], data.tobytes() if specials else b""
        for place in np.flatnonzero(chosen[:, WHAT] < 0).tolist():
            span = specials[-int(chosen[place, WHAT]) - 1]
            texts.append(replacement(raw, span, self._writer.pseudonym, json=self._json))
            used.append(span)
            chosen[place, WHAT] = -len(texts)
        self._count(chosen, used, made)
        places = self._places(chosen, used) if self._writer.explain else []
        written, where = rows.written(data, chosen, known.pseudonyms, texts)
        return written, Replaced(data, chosen, where, (stored, hits, special)), places, not used

    def _stored(self, size: int) -> tuple[Seen, Array]:
        """Return what was seen of the next window, and its rows with the bundle's numbers."""
        seen = next(self._seen, None)
        if seen is None or seen.size != size:
            raise Withheld(_CHANGED)
        stored = np.frombuffer(self._store.read(seen.rows * 40), np.int64).reshape(-1, 5).copy()
        stored[:, WHAT] = self._numbers[stored[:, WHAT]]
        return seen, stored

    def _long_way(self, text: bytes, spans: list[Span], made: Derived) -> _Written:
        leaves = [(span.start, leaf) for span in spans for leaf in span.leaves()]
        made.replaced.update(leaf.rule for _, leaf in leaves)
        places = [
            (start, leaf.rule, self._writer.known.kind(leaf), _why(leaf.rule, leaf.tier))
            for start, leaf in leaves
        ]
        written = rewritten(text, spans, self._writer.pseudonym, json=self._json)
        return np.frombuffer(written, np.uint8), None, places if self._writer.explain else [], False

    def _count(self, chosen: Array, used: list[Span], made: Derived) -> None:
        rules = self._writer.reader.engine.rules
        fired = np.bincount(chosen[:, RULE] + 2, minlength=2)
        if fired[LEARNT + 2]:
            made.replaced["learnt"] += int(fired[LEARNT + 2])
        made.replaced.update({rules[k].id: int(fired[k + 2]) for k in (np.flatnonzero(fired[2:])).tolist()})
        made.replaced.update(leaf.rule for span in used for leaf in span.leaves())

    def _places(self, chosen: Array, used: list[Span]) -> list[Place]:
        known, rules, places = self._writer.known, self._writer.reader.engine.rules, []
        for start, what, rule in chosen[:, [START, WHAT, RULE]].tolist():
            if what >= 0:
                one = rules[rule] if rule >= 0 else None
                name, tier = (one.id, one.tier) if one else ("learnt", "certain")
                places.append((start, name, known.values.kind(what), _why(name, tier)))
            else:
                leaves = used[-what - 1].leaves()
                places += [
                    (start, leaf.rule, known.kind(leaf), _why(leaf.rule, leaf.tier)) for leaf in leaves
                ]
        return places


def _why(rule: str, tier: str) -> str:
    return "known from elsewhere" if rule == "learnt" else "form" if tier == "certain" else "field or context"
