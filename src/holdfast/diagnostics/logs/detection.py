"""Which layout a file has: a vote of sample lines from its head, middle and tail."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.layouts import Layout, Program, compiled, key_table, known_layouts
from holdfast.diagnostics.logs.matching import R_CLOCK, R_LEVEL, R_MESSAGE, Bytes, Ints, Words
from holdfast.diagnostics.logs.opcodes import REGISTERS, Reg
from holdfast.diagnostics.logs.scanning import continuation_shape, run

SAMPLE_BYTES = 65_536
SAMPLE_LINES = 120  # from each of head, middle and tail
WORTH = 0.5  # share of the record lines a layout must read to be the file's layout


@dataclass(frozen=True)
class Plan:
    """How a file is read: programs tried on each line, then on the text inside a wrapper.

    `bounds` rows are (first row, stop row, wraps); the first `outers` belong to lines.
    """

    outers: tuple[Program, ...]
    inners: tuple[Program, ...]
    loose: bool
    confidence: float
    rows: Ints
    bounds: Ints
    keys: Words
    values: Ints

    @property
    def name(self) -> str:
        """Layout names, wrapper first."""
        names = [self.outers[0].layout.name if self.outers else "unknown"]
        if self.outers and self.outers[0].layout.wraps and self.inners:
            names.append(self.inners[0].layout.name)
        return "/".join(names)


def arranged(
    outers: Sequence[Program],
    inners: Sequence[Program],
    loose: bool,
    confidence: float,
    layouts: Sequence[Layout],
) -> Plan:
    """Pack programs for the kernels."""
    rows: list[tuple[int, int, int, int]] = []
    bounds: list[tuple[int, int, int]] = []
    for program in (*outers, *inners):
        shift = len(rows)
        moved = [(op, a + shift if op == 6 else a, b, c) for op, a, b, c in program.rows]
        rows.extend(moved)
        bounds.append((shift, len(rows), int(program.layout.wraps)))
    keys, values = key_table(layouts)
    return Plan(
        tuple(outers), tuple(inners), loose, confidence,
        np.array(rows or [(0, 0, 0, 0)], np.int64).reshape(-1, 4),
        np.array(bounds, np.int64).reshape(-1, 3), keys, values,
    )  # fmt: skip


@cache
def _catalogue() -> tuple[tuple[Program, ...], Words, Ints]:
    layouts = known_layouts()
    programs = tuple(program for layout in layouts for program in compiled(layout))
    return (programs, *key_table(layouts))


def sample_lines(data: Bytes, size: int) -> list[bytes]:
    """Whole lines from the head, the middle and the tail; at most 64 KB of each."""
    lines: list[bytes] = []
    starts = [0] if size <= SAMPLE_BYTES else [0, size // 2, size - SAMPLE_BYTES // 2]
    for start in starts:
        block = data[start : start + SAMPLE_BYTES].tobytes()
        pieces = block.split(b"\n")
        if start:
            pieces = pieces[1:]
        if start + SAMPLE_BYTES < size and len(pieces) > 1:
            pieces = pieces[:-1]
        kept = [piece.rstrip(b"\r").lstrip(b"\0").removeprefix(b"\xef\xbb\xbf") for piece in pieces]
        lines.extend(
            [piece for piece in kept if piece][: SAMPLE_LINES if len(starts) > 1 else 3 * SAMPLE_LINES]
        )
    return lines


@dataclass
class _Ballot:
    """What one program read of the sample: which lines, and how many fields."""

    program: Program
    read: NDArray[np.bool_]
    fields: float
    texts: list[bytes | None]

    @property
    def rank(self) -> tuple[float, float]:
        return float(self.read.sum()) * (1 + 0.02 * min(self.fields, 8)), self.program.specificity


def _vote(lines: Sequence[bytes], programs: Sequence[Program], keys: Words, values: Ints) -> list[_Ballot]:
    buffers = [np.frombuffer(line, np.uint8) for line in lines]
    regs, path = np.zeros(REGISTERS, np.int64), np.zeros(16, np.uint64)
    ballots = []
    for program in programs:
        rows = np.array(program.rows, np.int64).reshape(-1, 4)
        read = np.zeros(len(lines), np.bool_)
        fields, texts = 0, []
        for index, buffer in enumerate(buffers):
            read[index] = run(rows, 0, len(rows), buffer, 0, len(buffer), keys, values, path, regs)
            texts.append(lines[index][regs[R_MESSAGE] : regs[R_MESSAGE + 1]] if read[index] else None)
            if read[index]:
                fields += int(regs[R_CLOCK] != 0) + int(regs[R_LEVEL] != 0) + int(regs[Reg.ID_RANK + 2])
                fields += int(regs[Reg.COMPONENT + 1] != 0)
        ballots.append(_Ballot(program, read, fields / max(1, int(read.sum())), texts))
    return sorted(ballots, key=lambda ballot: ballot.rank, reverse=True)


def _elected(ballots: Sequence[_Ballot], heads: NDArray[np.bool_], most: int) -> list[_Ballot]:
    """The winner, then whoever reads at least 1 % of the lines the earlier ones miss."""
    chosen: list[_Ballot] = []
    missed = heads.copy()
    for ballot in sorted(ballots, key=lambda item: item.rank, reverse=True):
        gain = int((ballot.read & missed).sum())
        if gain >= max(1, 0.01 * heads.sum()) and len(chosen) < most:
            chosen.append(ballot)
            missed &= ~ballot.read
    return chosen


def _heads(lines: Sequence[bytes]) -> NDArray[np.bool_]:
    shapes = [continuation_shape(np.frombuffer(line, np.uint8), 0, len(line)) for line in lines]
    return ~np.array(shapes, np.bool_)


def detect(data: Bytes, size: int) -> Plan:
    """Vote on sample lines; unread files get the layout `unknown`, where every line is its own record."""
    lines = sample_lines(data, size)
    return detect_lines(lines)


def detect_lines(lines: Sequence[bytes]) -> Plan:
    """The plan for a file that looks like these lines."""
    programs, keys, values = _catalogue()
    ballots = _vote(lines, programs, keys, values) if lines else []
    heads = _heads(lines) if lines else np.zeros(0, np.bool_)
    chosen = _elected(ballots, heads, 4)
    total = max(1, int(heads.sum()))
    read = np.zeros(len(lines), np.bool_)
    for ballot in chosen:
        read |= ballot.read
    share = float((read & heads).sum()) / total
    if share < WORTH:
        chosen = []
    inners = _inner_programs(chosen, keys, values) if chosen and chosen[0].program.layout.wraps else []
    outers = [ballot.program for ballot in chosen]
    loose = share < 0.98
    return arranged(outers, inners, loose, share if chosen else 0.0, _used(outers, inners))


def _used(outers: Sequence[Program], inners: Sequence[Program]) -> list[Layout]:
    return list({program.layout.name: program.layout for program in (*outers, *inners)}.values())


def _inner_programs(chosen: Sequence[_Ballot], keys: Words, values: Ints) -> list[Program]:
    texts = [unescaped_end(text) for text in chosen[0].texts if text]
    texts = [text for text in texts if text]
    if not texts:
        return []
    programs = [program for program in _catalogue()[0] if not program.layout.wraps]
    heads = _heads(texts)
    elected = _elected(_vote(texts, programs, keys, values), heads, 6)
    share = sum(int((ballot.read & heads).sum()) for ballot in elected) / max(1, int(heads.sum()))
    return [ballot.program for ballot in elected] if share >= 0.3 else []


def unescaped_end(text: bytes) -> bytes:
    """Without the escaped newline a container runtime leaves at the end."""
    while text.endswith((b"\\n", b"\\r", b" ", b"\r")):
        text = text[:-2] if text[-2:-1] == b"\\" else text[:-1]
    return text


def describe(plan: Plan) -> dict[str, Any]:
    """Names of the programs, for diagnosis of a surprising detection."""
    return {"outer": [p.layout.name for p in plan.outers], "inner": [p.layout.name for p in plan.inners]}
