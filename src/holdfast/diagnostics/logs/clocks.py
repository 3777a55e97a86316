"""Clocks of a log: missing years and dates filled in, zones, steps back, the offset of a wrapped clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from holdfast.diagnostics.logs.detection import Context, Plan
from holdfast.diagnostics.logs.keyed import R_ESCAPED, R_MESSAGE
from holdfast.diagnostics.logs.lines import X_ALL, X_BOUNDS, X_OUTERS, trimmed
from holdfast.diagnostics.logs.matching import C_ABSOLUTE, C_DATE, C_TIME, C_YEAR, R_CLOCK, Ints, time_of
from holdfast.diagnostics.logs.memory import get
from holdfast.diagnostics.logs.opcodes import NO_TIME, REGISTERS
from holdfast.diagnostics.logs.partial import Mapped, Partial
from holdfast.diagnostics.logs.records import S_CLOCK, UNSTATED
from holdfast.diagnostics.logs.scanning import run
from holdfast.diagnostics.logs.table import Note, NoteKind

DAY = 86_400_000_000_000
SECOND = 1_000_000_000
QUARTER = 900 * SECOND
STEP_BACK = 5 * SECOND  # smaller disorder is threads, not clocks
SAMPLES = 400
SHOWN = 20


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
    notes.extend(_steps_back(time, partial.line))
    if partial.records and not (time != NO_TIME).any():
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


def _records_with(partial: Partial, time: Ints, given: int, lacking: int) -> NDArray[np.bool_]:
    """Records with a time whose clock has the bits `given` and none of `lacking`; empty when there are none."""
    clocks = partial.slots[:, S_CLOCK]
    wanted = (clocks & given != 0) & (clocks & lacking == 0)
    if not wanted.any():
        return np.zeros(0, np.bool_)
    chosen: NDArray[np.bool_] = wanted[partial.slot]
    chosen &= time != NO_TIME
    return chosen


def _with_years(time: Ints, partial: Partial, reference: float, notes: list[Note]) -> Ints:
    """Give year-less times (kept in 1972 by the scan) their year, counting New Years on the way."""
    chosen = _records_with(partial, time, C_DATE, C_YEAR | C_ABSOLUTE)
    if not chosen.any():
        return time
    times = time[chosen]
    years = turns(times, 180 * DAY)
    last = datetime.fromtimestamp(reference, UTC)
    base = last.year - int(years[-1])
    if in_year(times[-1:], np.array([last.year]))[0] > (reference + 86_400) * SECOND:
        base -= 1
    result = time.copy()
    result[chosen] = in_year(times, years + base)
    notes.append(
        Note(
            NoteKind.YEAR_ASSUMED,
            f"Times carry no year; the last record is taken to be in {base + int(years[-1])}.",
        )
    )
    crossings = np.flatnonzero(np.diff(years, prepend=0) > 0)
    if len(crossings):
        lines = tuple(int(value) + 1 for value in partial.line[chosen][crossings[:SHOWN]])
        notes.append(
            Note(
                NoteKind.NEW_YEAR, "Times carry no year and cross New Year.", lines, {"count": len(crossings)}
            )
        )
    return result


@njit(cache=True, nogil=True)
def turns(times: Ints, most: int) -> Ints:
    """How often the clock began anew before each time (a leap of more than `most` back; one ahead undoes it)."""
    begun, count = np.zeros(len(times), np.int64), 0
    for index in range(1, len(times)):
        jump = times[index] - times[index - 1]
        if jump < -most:
            count += 1
        elif jump > most:
            count -= 1
        begun[index] = count
    return begun


@njit(cache=True, nogil=True)
def in_year(times: Ints, years: Ints) -> Ints:
    """Times of 1972 (a leap year) moved to other years; 29 February may become 1 March."""
    moved = np.empty_like(times)
    for index in range(len(times)):
        year, within = years[index], times[index] - 730 * DAY
        leap_days = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - 477  # since 1970
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = (year - 1970) * 365 + leap_days - (within >= 60 * DAY and not leap)
        moved[index] = within + days * DAY
    return moved


def _with_dates(time: Ints, partial: Partial, reference: float, notes: list[Note]) -> Ints:
    """Give times of day a date: the last one is on the reference day, midnights are counted."""
    chosen = _records_with(partial, time, C_TIME, C_DATE | C_ABSOLUTE)
    if not chosen.any():
        return time
    times = time[chosen] - 730 * DAY
    days = turns(times, DAY // 2)
    today = int(reference // 86_400)
    result = time.copy()
    result[chosen] = times + (today + days - days[-1]) * DAY
    notes.append(
        Note(
            NoteKind.YEAR_ASSUMED,
            "Times carry no date; the last record is taken to be of the day the file was written.",
        )
    )
    return result


def _zone_notes(partial: Partial) -> list[Note]:
    rows = partial.zones.tolist()
    if len(rows) < 2:
        return []
    text = "Times are written in more than one zone: " + zone_name(partial) + "."
    counts = {_zone_text(zone): count for zone, count, _ in rows}
    return [Note(NoteKind.TWO_ZONES, text, tuple(line + 1 for _, _, line in rows), counts)]


def _steps_back(time: Ints, line: NDArray[np.int32]) -> list[Note]:
    count, most, first = steps_back(time)
    if not count:
        return []
    worst = most / SECOND
    lines = tuple(int(value) + 1 for value in line[first])
    text = f"The clock goes backwards {count} time(s), by up to {worst:g} s."
    return [Note(NoteKind.CLOCK_BACKWARD, text, lines, {"count": count, "most_seconds": worst})]


@njit(cache=True, nogil=True)
def steps_back(time: Ints) -> tuple[int, int, Ints]:
    """How often a time is more than STEP_BACK before the one above it, by how much at most, the first records."""
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
    return count, most, first[: min(count, SHOWN)].copy()


@njit(cache=True, nogil=True)
def clock_pairs(ctx: int, lines: Ints) -> Ints:
    """Wrapper time, inner time and the inner clock's bits of each line that has both; shape (n, 3)."""
    registers, result = np.zeros((2, REGISTERS), np.int64), np.zeros((len(lines), 3), np.int64)
    # Signed: numba takes an address for unsigned, and all below would be compiled twice.
    regs: Any = np.int64(registers.ctypes.data)
    inner, used = regs + REGISTERS * 8, 0
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    for index in range(len(lines)):
        if run(ctx, get(bounds, 0), get(bounds, 1), lines[index, 0], lines[index, 1], regs) == 0:
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
    lines = [(start, start + _length(file, int(start))) for start in starts.tolist()]
    ctx = Context(plan, file.base, file.size)
    pairs = clock_pairs(ctx.address, np.array(lines, np.int64) + file.base)
    if not len(pairs):
        return None
    apart = pairs[:, 0] - pairs[:, 1]
    dated = (pairs[:, 2] & C_ABSOLUTE != 0) | (pairs[:, 2] & C_YEAR != 0)
    wrapped = (apart + DAY // 2) % DAY - DAY // 2
    offset = int(np.median(np.where(dated, apart, wrapped)))
    whole = round(offset / QUARTER) * QUARTER
    return whole if abs(offset - whole) <= 2 * SECOND else offset


def _length(file: Mapped, start: int) -> int:
    block = file.data[start : start + 65_536].tobytes()
    end = block.find(b"\n")
    return len(block) if end < 0 else end
