"""Dumps and other binaries that a person has released: values are overwritten at the same length, nothing moves.

Addresses, threads, modules and stacks stay byte for byte; texts are looked for as they are and as UTF-16.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.redaction.files import Discovered, Reader, Withheld, digest_of
from holdfast.redaction.kernels import padded
from holdfast.redaction.known import Known
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.rewriting import overwritten
from holdfast.redaction.spans import Span

BLOCK, AROUND = 1 << 20, 1 << 13
"""Bytes read at a time, and how far each block reaches into its neighbours."""
_WIDE = re.compile(rb"(?:[\t\n\r\x20-\x7e]\x00){6,}")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]{6,}")


def blocks(size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks that overlap."""
    for start in range(0, size, BLOCK):
        yield max(0, start - AROUND), min(size, start + BLOCK + AROUND)


def discover(path: Path, reader: Reader) -> Discovered:
    """Read a binary for the values in its texts."""
    found = Discovered(sha256=digest_of(path))
    with path.open("rb") as stream:
        for start, end in blocks(path.stat().st_size):
            stream.seek(start)
            for span, _, _ in _spans(stream.read(end - start), reader):
                for leaf in span.leaves():
                    found.fired[leaf.rule] += 1
                    found.others.setdefault(leaf.value, leaf.kind)
    return found


def _spans(raw: bytes, reader: Reader, learnt: Learnt | None = None) -> Iterator[tuple[Span, int, int]]:
    """Yield each find, and each of the values known, with where it stands in the block."""
    nothing = np.empty((0, 4), np.int64)
    for text in _TEXT.finditer(raw):
        for span in reader.spans(text[0], nothing, learnt):
            yield span, text.start() + span.start, text.start() + span.end
    for wide in _WIDE.finditer(raw):
        for span in reader.spans(wide[0][::2], nothing, learnt):
            yield span, wide.start() + 2 * span.start, wide.start() + 2 * span.end


def rewrite(path: Path, out: Path, reader: Reader, known: Known) -> Counter[str]:
    """Write a binary of the same length without its values; return what was overwritten. Raises Withheld."""
    shutil.copyfile(path, out)
    replaced: Counter[str] = Counter()
    size = out.stat().st_size
    if not size:
        return replaced
    memory: np.memmap[Any, np.dtype[np.uint8]] = np.memmap(out, np.uint8, "r+")
    for start, end in blocks(size):
        raw = memory[start:end].tobytes()
        places = [(a, b, span.rule) for span, a, b in _spans(raw, reader, known.learnt)]
        places += [(a, b, "learnt") for a, b, _, _ in known.learnt.find(padded(raw)).tolist()]
        for a, b, rule in places:
            memory[start + a : start + b] = np.frombuffer(overwritten(raw[a:b]), np.uint8)
            replaced[rule] += 1
    memory.flush()
    for start, end in blocks(size):
        if (hit := known.remains(padded(memory[start:end].tobytes()))) is not None:
            raise Withheld(f"a value found elsewhere ({hit[0]} bytes, writing {hit[1]}) is still in it")
    return replaced


def facts(path: Path) -> dict[str, Any]:
    """Return what may be said of a dump that stays inside: its form and, of a minidump, its streams' numbers."""
    with path.open("rb") as stream:
        head = stream.read(32)
        told: dict[str, Any] = {"form": _form(head)}
        if head.startswith(b"MDMP") and len(head) == 32:
            count, place = (int.from_bytes(head[at : at + 4], "little") for at in (8, 12))
            stream.seek(place)
            table = stream.read(12 * min(count, 256))
            told["streams"] = [
                int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table) - 11, 12)
            ]
            told["written"] = int.from_bytes(head[20:24], "little")
    return told


def _form(head: bytes) -> str:
    if head.startswith(b"MDMP"):
        return "minidump"
    if head.startswith(b"JAVA PROFILE"):
        return "Java heap dump"
    return (
        "ELF core"
        if head.startswith(b"\x7fELF")
        else "kernel dump"
        if head.startswith(b"PAGEDU")
        else "unknown"
    )
