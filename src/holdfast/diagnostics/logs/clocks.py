"""Clocks of a log: missing years and dates filled in, zones, steps back, the offset of a wrapped clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.detection import Context, Plan
from holdfast.diagnostics.logs.keyed import R_ESCAPED, R_MESSAGE
from holdfast.diagnostics.logs.lanes import next_byte
from holdfast.diagnostics.logs.lines import X_ALL, X_BOUNDS, X_OUTERS, trimmed
from holdfast.diagnostics.logs.matching import X_LIMIT, Ints
from holdfast.diagnostics.logs.memory import get
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, NO_TIME, REGISTERS
from holdfast.diagnostics.logs.partial import Mapped, Partial
from holdfast.diagnostics.logs.records import S_CLOCK, UNSTATED
from holdfast.diagnostics.logs.scanning import run
from holdfast.diagnostics.logs.table import Note, NoteKind
from holdfast.diagnostics.logs.times import C_ABSOLUTE, C_DATE, C_TIME, C_YEAR, R_CLOCK, time_of
from holdfast.kernels import kernel, making

DAY = 86_400_000_000_000
SECOND = 1_000_000_000
QUARTER = 900 * SECOND
STEP_BACK = 5 * SECOND  # smaller disorder is threads, not clocks
SAMPLES = 400
SHOWN = 20
NOT_WANTED = -(2**31)

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class Clocks:
    """Times of the records in ns UTC, and what was odd about them."""

    time: Ints
    zone: str
    inner_offset: int | None
    notes: tuple[Note, ...]


def read_clocks(file: Mapped, plan: Plan, partial: Partial, reference: float) -> Clocks:
    """Finish the times of a file; `reference` (a Unix time) says which year its last record belongs to."""
    notes: list[Note] = []
    time = _with_years(partial.time, partial, reference, notes)
    time = _with_dates(time, partial, reference, notes)
    notes.extend(_zone_notes(partial))
    back, timed = _steps_back(time, partial.line)
    notes.extend(back)
    if partial.records and not timed:
        notes.append(Note(NoteKind.NO_TIMES, "No time was found in any record; records stay in line order."))
    offset = _inner_offset(file, plan, partial)
    if offset is not None and abs(offset) >= QUARTER:
        hours = offset / 3600 / SECOND
        text = (
            f"The program's own clock is {-hours:+g} h from the clock of its wrapper; the wrapper's is used."
        )
        notes.append(Note(NoteKind.INNER_CLOCK, text, (1,), {"offset_ns": offset}))
    return Clocks(time, zone_name(partial), offset, tuple(notes))


def zone_name(partial: Partial) -> str:
    """`+02:00`, `unstated`, or several joined by a comma, most frequent first."""
    rows = sorted(partial.zones.tolist(), key=lambda row: -row[1])
    return ",".join(_zone_text(zone) for zone, _, _ in rows) or "unstated"


def _zone_text(seconds: int) -> str:
    if seconds == UNSTATED:
        return "unstated"
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"


def _slots_with(partial: Partial, given: int, lacking: int) -> NDArray[np.bool_]:
    """Slots whose clock has the bits `given` and none of `lacking`."""
    clocks = partial.slots[:, S_CLOCK]
    wanted: NDArray[np.bool_] = (clocks & given != 0) & (clocks & lacking == 0)
    return wanted


def _with_years(time: Ints, partial: Partial, reference: float, notes: list[Note]) -> Ints:
    """Give year-less times (kept in 1972 by the scan) their year, counting New Years on the way."""
    wanted = _slots_with(partial, C_DATE, C_YEAR | C_ABSOLUTE)
    if not wanted.any():
        return time
    begun, turned, last, crossings = turns(time, partial.slot, wanted, 180 * DAY)
    if last < 0:
        return time
    year = datetime.fromtimestamp(reference, UTC).year
    if int(time[last]) + year_shift(year, time[last]) > (reference + 86_400) * SECOND:
        year -= 1
    notes.append(
        Note(NoteKind.YEAR_ASSUMED, f"Times carry no year; the last record is taken to be in {year}.")
    )
    if crossings:
        lines = tuple(int(value) + 1 for value in partial.line[turned])
        notes.append(
            Note(NoteKind.NEW_YEAR, "Times carry no year and cross New Year.", lines, {"count": crossings})
        )
    return with_years(time, begun, year - int(begun[last]))


@making
def turns(time: Ints, slot: Int32s, wanted: NDArray[np.bool_], most: int) -> tuple[Int32s, Ints, int, int]:
    """How often the clock began anew before each record of the wanted slots that has a time; NOT_WANTED for others.

    It begins anew at a leap of more than `most` back; one ahead undoes it. Also the first records at which it did, the
    last record wanted (-1 for none), and at how many it did.
    """
    begun, first = np.empty(len(time), np.int32), np.zeros(SHOWN, np.int64)
    count, last, turned, before = 0, -1, 0, NO_TIME
    for record in range(len(time)):
        at = time[record]
        if at == NO_TIME or not wanted[slot[record]]:
            begun[record] = NOT_WANTED
            continue
        jump, before = at - before if last >= 0 else 0, at
        if jump < -most:
            count += 1
            if turned < SHOWN:
                first[turned] = record
            turned += 1
        elif jump > most:
            count -= 1
        begun[record], last = count, record
    return begun, first[: min(turned, SHOWN)].copy(), last, turned


@kernel
def year_shift(year: int, time: int) -> int:
    """What moves a time of 1972 (a leap year) to another year; 29 February may become 1 March."""
    leap_days = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - 477  # since 1970
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return ((year - 2 - 1970) * 365 + leap_days - (time >= 790 * DAY and not leap)) * DAY


@making
def with_years(time: Ints, begun: Int32s, year: int) -> Ints:
    """Times moved to `year` and as many later as `begun` says."""
    moved = np.empty_like(time)
    start = 0
    while start < len(time):
        turn, stop = begun[start], start + 1
        while stop < len(time) and begun[stop] == turn:
            stop += 1
        wanted = turn != NOT_WANTED
        winter = year_shift(year + turn, 730 * DAY) if wanted else 0  # up to the end of February
        later = year_shift(year + turn, 790 * DAY) if wanted else 0
        for record in range(start, stop):
            moved[record] = time[record] + (later if time[record] >= 790 * DAY else winter)
        start = stop
    return moved


def _with_dates(time: Ints, partial: Partial, reference: float, notes: list[Note]) -> Ints:
    """Give times of day a date: the last one is on the reference day, midnights are counted."""
    wanted = _slots_with(partial, C_TIME, C_DATE | C_ABSOLUTE)
    if not wanted.any():
        return time
    days, _, last, _ = turns(time, partial.slot, wanted, DAY // 2)
    if last < 0:
        return time
    first = int(reference // 86_400) - int(days[last]) - 730
    notes.append(
        Note(
            NoteKind.YEAR_ASSUMED,
            "Times carry no date; the last record is taken to be of the day the file was written.",
        )
    )
    return np.where(days == NOT_WANTED, time, time + (days + np.int64(first)) * DAY)


def _zone_notes(partial: Partial) -> list[Note]:
    rows = partial.zones.tolist()
    if len(rows) < 2:
        return []
    text = "Times are written in more than one zone: " + zone_name(partial) + "."
    counts = {_zone_text(zone): count for zone, count, _ in rows}
    return [Note(NoteKind.TWO_ZONES, text, tuple(line + 1 for _, _, line in rows), counts)]


def _steps_back(time: Ints, line: Int32s) -> tuple[list[Note], bool]:
    """What is to be said of a clock that goes backwards, and whether any record has a time."""
    count, most, first, timed = steps_back(time)
    if not count:
        return [], timed
    worst = most / SECOND
    lines = tuple(int(value) + 1 for value in line[first])
    text = f"The clock goes backwards {count} time(s), by up to {worst:g} s."
    note = Note(NoteKind.CLOCK_BACKWARD, text, lines, {"count": count, "most_seconds": worst})
    return [note], timed


@making
def steps_back(time: Ints) -> tuple[int, int, Ints, bool]:
    """How often a time is more than STEP_BACK before the one above it, by how much at most, the first records.

    And whether there is any time.
    """
    count, most, first = 0, 0, np.zeros(SHOWN, np.int64)
    last = NO_TIME
    for record in range(len(time)):
        at = time[record]
        if at == NO_TIME:
            continue
        if last != NO_TIME and last - at > STEP_BACK:
            if count < SHOWN:
                first[count] = record
            count, most = count + 1, max(most, last - at)
        last = at
    return count, most, first[: min(count, SHOWN)].copy(), last != NO_TIME


@making
def clock_pairs(ctx: int, starts: Ints) -> Ints:
    """Wrapper time, inner time and the inner clock's bits of each line that has both; shape (n, 3)."""
    registers, result = np.zeros((2, REGISTERS), np.int64), np.zeros((len(starts), 3), np.int64)
    # Signed: numba takes an address for unsigned, and all below would be compiled twice.
    regs: Any = np.int64(registers.ctypes.data)
    inner, used = regs + REGISTERS * 8, 0
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    for begin in starts:
        end = next_byte(begin, min(begin + MAX_HASHED, get(ctx, X_LIMIT)), 10)
        if run(ctx, get(bounds, 0), get(bounds, 1), begin, end, regs) == 0:
            continue
        start = get(regs, R_MESSAGE)
        stop = trimmed(start, get(regs, R_MESSAGE + 1), get(regs, R_ESCAPED))
        for program in range(outers, get(ctx, X_ALL)):
            if run(ctx, get(bounds, program * 3), get(bounds, program * 3 + 1), start, stop, inner):
                bits = get(inner, R_CLOCK)
                if bits & (C_TIME | C_ABSOLUTE) and get(regs, R_CLOCK) & (C_TIME | C_ABSOLUTE):
                    result[used, 0], result[used, 1], result[used, 2] = time_of(regs), time_of(inner), bits
                    used += 1
                break
    registers[0, 0] = 0
    return result[:used].copy()


def _inner_offset(file: Mapped, plan: Plan, partial: Partial) -> int | None:
    """ns to add to the wrapped program's clock to get its wrapper's; None when there is no such pair.

    Within two seconds of a whole quarter of an hour it is a zone, and rounded to it.
    """
    if not plan.outers or not plan.outers[0].layout.wraps or not plan.inners or not partial.records:
        return None
    starts = partial.offset[np.unique(np.linspace(0, partial.records - 1, SAMPLES).astype(np.int64))]
    ctx = Context(plan, file.base, file.size)
    pairs = clock_pairs(ctx.address, starts + file.base)
    if not len(pairs):
        return None
    apart = pairs[:, 0] - pairs[:, 1]
    dated = (pairs[:, 2] & C_ABSOLUTE != 0) | (pairs[:, 2] & C_YEAR != 0)
    wrapped = (apart + DAY // 2) % DAY - DAY // 2
    offset = int(np.median(np.where(dated, apart, wrapped)))
    whole = round(offset / QUARTER) * QUARTER
    return whole if abs(offset - whole) <= 2 * SECOND else offset
