"""Which layout a file has: a vote of sample lines from its head, middle and tail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.columns import NAMING, columned
from holdfast.diagnostics.logs.continuing import continuations
from holdfast.diagnostics.logs.headers import learn
from holdfast.diagnostics.logs.lanes import MARKING_LINES
from holdfast.diagnostics.logs.layouts import Layout, Program, compiled, further, key_table, known_layouts
from holdfast.diagnostics.logs.lines import INNERS
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.diagnostics.logs.opcodes import Ctx, Form, Op
from holdfast.diagnostics.logs.scanning import vote
from holdfast.diagnostics.logs.shapes import new_memory
from holdfast.diagnostics.logs.skeletons import CHARSETS

SAMPLE_BYTES = 65_536
SAMPLE_LINES = 80  # from each of head, middle and tail
LEARNED_WORTH = 0.8
INNER_WORTH = 0.3  # share of wrapped texts that some inner layout must read
TRIED = 5  # every so many lines of a sample every program is tried
ENOUGH = 30  # lines: a program that reads none of them reads few of all
RICHER, MOST_FIELDS = 0.02, 10  # what each field found in a line adds to its worth, and how many do
WORTH = 0.5  # share of the record lines a layout must read to be the file's layout


@dataclass(frozen=True)
class Plan:
    """How a file is read: programs tried on each line, then on the text inside a wrapper.

    `more` are those for further lines of a head. `bounds` rows are (first row, stop row, Form) of all three.
    """

    outers: tuple[Program, ...]
    inners: tuple[Program, ...]
    more: tuple[Program, ...]
    loose: bool
    confidence: float
    rows: Ints
    bounds: Ints
    table: Ints

    @property
    def wraps_json(self) -> bool:
        """Whether messages are JSON strings around lines of some program."""
        return bool(self.outers) and self.outers[0].layout.wraps and self.outers[0].rows[0][0] == Op.JSON

    @property
    def name(self) -> str:
        """Layout names, wrapper first."""
        names = [self.outers[0].layout.name if self.outers else "unknown"]
        if self.outers and self.outers[0].layout.wraps and self.inners:
            names.append(self.inners[0].layout.name)
        return "/".join(names)


class Context:
    """The addresses a kernel works with. Keep it while the kernel runs: it owns what they point to."""

    def __init__(self, plan: "Plan", base: int, size: int) -> None:
        self._owned = (plan, np.zeros(16, np.int64), new_memory())
        slots = {
            Ctx.PROGRAM: plan.rows.ctypes.data,
            Ctx.TABLE: plan.table.ctypes.data,
            Ctx.MASK: len(plan.table) - 1,
            Ctx.CHARSETS: CHARSETS.ctypes.data,
            Ctx.LIMIT: base + size,
            Ctx.PATH: self._owned[1].ctypes.data,
            Ctx.BASE: base,
            Ctx.BOUNDS: plan.bounds.ctypes.data,
            Ctx.OUTERS: len(plan.outers),
            Ctx.ALL: len(plan.outers) + len(plan.inners),
            Ctx.MORE: len(plan.bounds),
            Ctx.HEADS: int((plan.bounds[:, 2] >= Form.HEAD).any()),
            Ctx.LOOSE: int(plan.loose),
            Ctx.MARKING: MARKING_LINES.ctypes.data,
            Ctx.SHAPES: self._owned[2].ctypes.data,
        }
        self._addresses = np.array([slots[slot] for slot in Ctx], np.int64)

    @property
    def address(self) -> int:
        """What the kernels take as `ctx`."""
        return int(self._addresses.ctypes.data)


def arranged(
    outers: Sequence[Program],
    inners: Sequence[Program],
    loose: bool,
    confidence: float,
    layouts: Sequence[Layout],
) -> Plan:
    """Pack programs for the kernels."""
    more = tuple(program for layout in layouts for program in further(layout))
    rows, bounds = _packed((*outers, *inners, *more))
    return Plan(tuple(outers), tuple(inners), more, loose, confidence, rows, bounds, key_table(layouts))


def _packed(programs: Sequence[Program]) -> tuple[Ints, Ints]:
    """Rows of all programs one after the other, and (first row, stop row, Form) of each."""
    rows: list[tuple[int, int, int, int]] = []
    bounds: list[tuple[int, int, int]] = []
    for program in programs:
        shift = len(rows)
        rows.extend((op, a + shift if op == Op.OPTIONAL else a, b, c) for op, a, b, c in program.rows)
        bounds.append((shift, len(rows), int(program.layout.form)))
    packed = np.array(rows or [(0, 0, 0, 0)], np.int64).reshape(-1, 4)
    return packed, np.array(bounds, np.int64).reshape(-1, 3)


@cache
def _catalogue() -> Plan:
    """Every known layout, wrappers last."""
    layouts = known_layouts()
    programs = [program for layout in layouts for program in compiled(layout)]
    plain = [program for program in programs if not program.layout.wraps]
    wrapping = [program for program in programs if program.layout.wraps]
    return replace(arranged(plain, wrapping, False, 0.0, layouts), more=())


@cache
def _families() -> tuple[Ints, NDArray[np.bool_]]:
    """Number of the layout of each program of the catalogue; which layouts have heads of several lines."""
    catalogue = _catalogue()
    layouts = [program.layout for program in (*catalogue.outers, *catalogue.inners)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(layout.name for layout in layouts))}
    several = {layout.name: bool(layout.more) for layout in layouts}
    return np.array([numbers[layout.name] for layout in layouts]), np.array(
        [several[name] for name in numbers]
    )


def sample_lines(data: Bytes, size: int) -> list[bytes]:
    """Whole lines from the head, the middle and the tail; at most 64 KB of each."""
    lines: list[bytes] = []
    starts = [0] if size <= SAMPLE_BYTES else [0, size // 2, size - SAMPLE_BYTES // 2]
    most = SAMPLE_LINES if len(starts) > 1 else 3 * SAMPLE_LINES
    for start in starts:
        pieces = data[start : start + SAMPLE_BYTES].tobytes().split(b"\n", 2 * most)
        if start:
            del pieces[0]
        if len(pieces) > 2 * most or (start + SAMPLE_BYTES < size and len(pieces) > 1):
            pieces.pop()  # all the rest, or cut; that counts only where there is no other
        lines.extend(islice(filter(None, map(_bare, pieces)), most))
    return lines


def _bare(line: bytes) -> bytes:
    """A line without carriage returns, NULs left by a crash and a byte order mark."""
    return line.rstrip(b"\r").lstrip(b"\0").removeprefix(b"\xef\xbb\xbf")


@dataclass
class _Ballot:
    """What one program read of the sample: which lines, how many fields on average, the messages' spans."""

    program: Program
    read: NDArray[np.bool_]
    fields: float
    spans: Ints

    def rank(self, together: Mapping[str, NDArray[np.bool_]]) -> tuple[float, float, float]:
        """Lines its layout reads, lines it reads itself (richer fields count more), strictness."""
        richer = 1 + RICHER * min(self.fields, MOST_FIELDS)
        read = np.count_nonzero(together[self.program.layout.name])
        return read * richer, np.count_nonzero(self.read) * richer, self.program.specificity


class _Booth:
    """Lines of a sample, given as spans of `text`, that programs of a plan are tried on."""

    def __init__(self, text: bytes, lines: Ints, plan: Plan) -> None:
        data = np.frombuffer(text, np.uint8)
        self._base = int(data.ctypes.data)
        self._text, self._plan, self._lines = text, plan, lines + self._base
        self._context = Context(plan, self._base, len(data))

    def tried(self, programs: Ints) -> tuple[Ints, int]:
        """The programs (by number) that may be elected, and on how many of the lines the others were not tried.

        All are tried on some lines. Layouts with a program that reads one of them go on, and those of heads of several
        lines, which may take lines they do not read.
        """
        some = self._lines[::TRIED]
        read = vote(self._context.address, some, self._plan.bounds[programs])[0].any(axis=1)
        layouts, several = _families()
        going_on = several.copy()
        going_on[layouts[programs[read]]] = True
        return programs[going_on[layouts[programs]]], len(self._lines) - len(some)

    def ballots(self, programs: Ints) -> list[_Ballot]:
        """Ballots of those of the programs (by number) that read a line."""
        known = (*self._plan.outers, *self._plan.inners)
        all_read, all_fields, spans = vote(self._context.address, self._lines, self._plan.bounds[programs])
        ballots = []
        for at in np.flatnonzero(all_read.any(axis=1)).tolist():
            read, program = all_read[at], known[programs[at]]
            fields = int(all_fields[at]) / np.count_nonzero(read)
            if program.layout.more and program.layout.below != "indented":
                read = _with_heads(program.layout, read, self._lines)
            ballots.append(_Ballot(program, read, fields, spans[at] - self._base))
        return ballots


def _with_heads(layout: Layout, read: NDArray[np.bool_], lines: Ints) -> NDArray[np.bool_]:
    """The lines read, and what belongs to them where more of the head stands under most of them."""
    plan = arranged((), (), False, 0.0, (layout,))
    ctx = Context(plan, int(lines[0, 0]), int(lines[-1, 1] - lines[0, 0]))
    more: NDArray[np.bool_] = np.any(vote(ctx.address, lines, plan.bounds)[0], axis=0)
    heads = np.flatnonzero(read)
    followed = more[heads[heads + 1 < len(read)] + 1]
    if not followed.sum() * 2 > len(followed):
        return read
    if not layout.takes_all:
        below: NDArray[np.bool_] = read | (more & np.roll(read, 1))
        return below
    covered: NDArray[np.bool_] = read | (np.arange(len(read)) >= heads[0])
    return covered


def _elected(ballots: Sequence[_Ballot], heads: NDArray[np.bool_], most: int) -> tuple[list[_Ballot], float]:
    """The winner, then whoever reads at least 1 % of the lines the earlier ones miss; the rank of the last of them."""
    chosen: list[_Ballot] = []
    missed, last = heads.copy(), 0.0
    together: dict[str, NDArray[np.bool_]] = {}
    for ballot in ballots:  # patterns of one layout stand for it together
        name = ballot.program.layout.name
        together[name] = together.get(name, False) | ballot.read
    least = max(1, 0.01 * np.count_nonzero(heads))
    ranked = sorted(((ballot.rank(together), ballot) for ballot in ballots), key=itemgetter(0), reverse=True)
    for rank, ballot in ranked:
        gain = np.count_nonzero(ballot.read & missed)
        if gain >= least and len(chosen) < most:
            chosen.append(ballot)
            missed &= ~ballot.read
            last = rank[0]
    return chosen, last


def _election(
    text: bytes,
    lines: Ints,
    heads: NDArray[np.bool_],
    most: int,
    programs: Ints,
    *,
    named: Sequence[_Ballot] = (),
    worth: float = 0.0,
) -> list[_Ballot]:
    """Those of the known `programs` (by number), and of the ballots `named`, that read a sample together.

    Those who together read a share of less than `worth` are of no use.
    """
    booth = _Booth(text, lines, _catalogue())
    candidates, untried = booth.tried(programs)
    chosen, last = _elected([*booth.ballots(candidates), *named], heads, most)
    unread = heads.copy()
    for ballot in chosen:
        unread &= ~ballot.read
    # Nothing is left to be read, and no other can have read more.
    if not unread.any() and last > untried * (1 + RICHER * MOST_FIELDS):
        return chosen
    # Too little is read, and who reads none of so many lines does not read much of the rest.
    read = sum(np.count_nonzero(ballot.read & heads) for ballot in chosen)
    if len(lines) - untried >= ENOUGH and read < worth / 2 * np.count_nonzero(heads):
        return chosen
    return _elected([*booth.ballots(programs), *named], heads, most)[0]


def _spans(lines: Sequence[bytes]) -> tuple[bytes, Ints]:
    """The lines as one text, and the (start, end) of each."""
    lengths = np.array([len(line) for line in lines], np.int64)
    ends = np.cumsum(lengths + 1) - 1
    return b"\n".join(lines), np.stack([ends - lengths, ends], axis=1)


def detect(data: Bytes, size: int) -> Plan:
    """Vote on sample lines; unread files get the layout `unknown`, where every line is its own record."""
    return detect_lines(sample_lines(data, size))


def detect_lines(lines: Sequence[bytes]) -> Plan:
    """The plan for a file that looks like these lines."""
    if not lines:
        return arranged((), (), True, 0.0, ())
    text, spans = _spans(lines)
    heads = ~_continuations(text, spans)
    named: list[_Ballot] = []
    if layouts := named_columns(lines):
        programs = [program for layout in layouts for program in compiled(layout)]
        named = _Booth(text, spans, arranged(programs, (), False, 0.0, layouts)).ballots(
            np.arange(len(programs))
        )
    chosen = _election(text, spans, heads, 4, np.arange(len(_families()[0])), named=named)
    read = np.zeros(len(lines), np.bool_)
    for ballot in chosen:
        read |= ballot.read
    share = float((read & heads).sum()) / max(1, int(heads.sum()))
    if share < WORTH:
        return learned([line for line, head in zip(lines, heads, strict=True) if head])
    inners = _inner_programs(text, chosen[0], heads) if chosen[0].program.layout.wraps else []
    outers = _with_kin([ballot.program for ballot in chosen])
    used = _used(outers, inners)
    loose = share < 0.98 and not any(layout.takes_all for layout in used)
    return arranged(outers, inners, loose, share, used)


def named_columns(lines: Sequence[bytes]) -> list[Layout]:
    """Layouts for the columns that lines of the file name."""
    naming = [line for line in lines if line.startswith(NAMING)]
    if not naming:
        return []
    return [layout for known in known_layouts() if known.columns for layout in columned(known, naming)]


def learned(lines: Sequence[bytes]) -> Plan:
    """The plan of a file whose layout is in no data file: its header is learned, or it has none."""
    layout = learn([line.decode("utf-8", "replace") for line in lines])
    if layout is None:
        return arranged((), (), True, 0.0, ())
    program = compiled(layout)[0]
    plan = arranged((program,), (), True, 0.0, (layout,))
    text, spans = _spans(lines)
    data = np.frombuffer(text, np.uint8)
    ctx = Context(plan, int(data.ctypes.data), len(data))
    share = float(vote(ctx.address, spans + int(data.ctypes.data), plan.bounds)[0].mean())
    if share < LEARNED_WORTH:
        return arranged((), (), True, 0.0, ())
    return arranged((program,), (), True, share, (layout,))


def _continuations(text: bytes, spans: Ints) -> NDArray[np.bool_]:
    data = np.frombuffer(text, np.uint8)
    return continuations(spans + int(data.ctypes.data))


def _used(outers: Sequence[Program], inners: Sequence[Program]) -> list[Layout]:
    return list({program.layout.name: program.layout for program in (*outers, *inners)}.values())


def _inner_programs(text: bytes, wrapper: _Ballot, heads: NDArray[np.bool_]) -> list[Program]:
    """Layouts of the text inside a wrapper."""
    spans = wrapper.spans[wrapper.read]
    texts = [unescaped_end(text[start:stop]) for start, stop in spans.tolist()]
    lines = [line for line in texts if line]
    if not lines:
        return []
    joined, inside = _spans(lines)
    heads = ~_continuations(joined, inside)
    elected = _election(joined, inside, heads, 6, np.arange(len(_catalogue().outers)), worth=INNER_WORTH)
    share = sum(int((ballot.read & heads).sum()) for ballot in elected) / max(1, int(heads.sum()))
    return _with_kin([ballot.program for ballot in elected])[: INNERS - 1] if share >= INNER_WORTH else []


def _with_kin(programs: Sequence[Program]) -> list[Program]:
    """The programs and all others of their layouts whose heads have several lines: each form may stand first."""
    kin = [other for program in programs if program.layout.more for other in compiled(program.layout)]
    return list({(one.layout.name, one.rows): one for one in (*programs, *kin)}.values())


def message_of(plan: Plan, line: bytes) -> bytes:
    """A line's text out of its wrapper; the line itself when nothing wraps it."""
    line = line.rstrip(b"\r")
    if not line or not plan.outers or not plan.outers[0].layout.wraps:
        return line
    data = np.frombuffer(line, np.uint8)
    base = int(data.ctypes.data)
    ctx = Context(plan, base, len(line))
    read, _, spans = vote(ctx.address, np.array([[base, base + len(line)]], np.int64), plan.bounds[:1])
    start, stop = (spans[0, 0] - base).tolist()
    return unescaped_end(line[start:stop]) if read[0, 0] else line


def unescaped_end(text: bytes) -> bytes:
    """Without the escaped newline a container runtime leaves at the end."""
    while text.endswith((b"\\n", b"\\r", b" ", b"\r")):
        text = text[:-2] if text[-2:-1] == b"\\" else text[:-1]
    return text
