"""Clocks: missing years and dates, zones, steps back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from holdfast.diagnostics.logs import NoteKind, read_log
from holdfast.diagnostics.logs.times import days_of

Writer = Callable[..., Path]
JANUARY = datetime(2024, 1, 2, tzinfo=UTC).timestamp()


def dates(table: object) -> list[str]:
    return [str(np.datetime64(int(value), "ns"))[:19] for value in table.time]  # type: ignore[attr-defined]


def test_syslog_over_new_year_gets_two_years(write: Writer) -> None:
    lines = [f"Dec 31 23:59:{n:02d} web1 cron[7]: job {n}" for n in range(50, 60)]
    lines += [f"Jan  1 00:00:{n:02d} web1 cron[7]: job {n}" for n in range(10)]
    table = read_log(write(*lines), reference=JANUARY)
    assert dates(table)[0] == "2023-12-31T23:59:50"
    assert dates(table)[-1] == "2024-01-01T00:00:09"
    notes = {note.kind: note for note in table.notes}
    assert notes[NoteKind.NEW_YEAR].lines == (11,)
    assert NoteKind.CLOCK_BACKWARD not in notes


def test_a_year_less_date_after_the_reference_belongs_to_the_year_before(write: Writer) -> None:
    table = read_log(
        write(*["Feb 29 10:00:00 web1 cron[7]: job"] * 3, "Mar  1 10:00:00 web1 cron[7]: job"),
        reference=JANUARY,
    )
    assert dates(table)[-1] == "2023-03-01T10:00:00"


def test_times_of_day_roll_over_midnight(write: Writer) -> None:
    table = read_log(write("23:59:59.500 INFO a.b.C#1 a", "00:00:01.000 INFO a.b.C#1 b"), reference=JANUARY)
    assert dates(table) == ["2024-01-01T23:59:59", "2024-01-02T00:00:01"]


def test_steps_back_are_reported_with_their_lines(write: Writer) -> None:
    hours = [10, 11, 12, 11, 12, 13]
    table = read_log(write(*[f"2023-01-29 {hour}:00:00,000 INFO [main] a.b.C: tick" for hour in hours]))
    note = next(note for note in table.notes if note.kind is NoteKind.CLOCK_BACKWARD)
    assert note.lines == (4,)
    assert note.data["most_seconds"] == pytest.approx(3600)


def test_two_zones_in_one_file_are_reported(write: Writer) -> None:
    lines = [f"2023-01-29T10:00:{n:02d}{'+02:00' if n > 5 else 'Z'} error: boom" for n in range(10)]
    table = read_log(write(*lines))
    note = next(note for note in table.notes if note.kind is NoteKind.TWO_ZONES)
    assert table.zone == "+00:00,+02:00"
    assert note.lines == (1, 7)


@pytest.mark.parametrize(
    ("stamp", "wanted"),
    [
        ("2023-01-29T10:55:27.123456789Z", "2023-01-29T10:55:27.123456789"),
        ("2023-01-29T10:55:27+0530", "2023-01-29T05:25:27.000000000"),
        ("2023-01-29 10:55:27,123 PST", "2023-01-29T18:55:27.123000000"),
        ("2000-02-29 23:59:60", "2000-03-01T00:00:00.000000000"),
        ("1969-12-31 23:59:59", "1969-12-31T23:59:59.000000000"),
    ],
)
def test_iso_times_are_read_to_the_nanosecond(write: Writer, stamp: str, wanted: str) -> None:
    table = read_log(write(*[f"{stamp} [error] boom"] * 3))
    assert str(np.datetime64(int(table.time[0]), "ns")) == wanted


def test_days_are_counted_as_the_calendar_counts_them() -> None:
    first = date(1, 1, 1)
    for number in range(0, 3_652_059, 13):
        day = first + timedelta(days=number)
        assert days_of(day.year, day.month, day.day) == (day - date(1970, 1, 1)).days
