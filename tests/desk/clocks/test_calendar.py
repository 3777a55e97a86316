"""Business time is exact to the minute, in every zone, over every change of its clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.desk.clocks.calendar import ALWAYS, Calendar, public_holidays

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Africa/Casablanca", "America/Santiago", "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def spans():
    cuts = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)
    return cuts.map(lambda c: tuple(zip(c[::2], c[1::2], strict=False)))


def calendars():
    weeks = st.lists(spans(), min_size=7, max_size=7).map(tuple)
    days = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20)
    country = st.sampled_from(["", "DE", "US"])
    return st.builds(Calendar, st.sampled_from(ZONES), weeks, country, st.just(""), days, days)


def counts(calendar: Calendar, moment: datetime) -> bool:
    """Say minute by minute whether it counts: the plainest thing that can be right."""
    local = moment.astimezone(ZoneInfo(calendar.zone))
    day, at = local.date(), local.hour * 60 + local.minute
    holiday = bool(calendar.country) and day in public_holidays(calendar.country, "", day.year)
    if day in calendar.closed or (holiday and day not in calendar.worked):
        return False
    return any(start <= at < end for start, end in calendar.hours[day.weekday()])


# around the nights on which clocks change, and anywhere
NIGHTS = [(3, 8), (3, 28), (3, 29), (4, 4), (4, 5), (10, 24), (10, 25), (10, 4), (11, 1)]
starts = st.one_of(
    st.integers(0, 360 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE),
    st.tuples(st.sampled_from(NIGHTS), st.integers(-1440, 1440)).map(
        lambda one: datetime(2026, *one[0], tzinfo=UTC) + one[1] * MINUTE
    ),
)


@settings(max_examples=250, deadline=None)
@given(calendars(), starts, st.integers(0, 4 * 1440))
@example(Calendar("Europe/Berlin", (((120, 150),),) * 7), datetime(2026, 10, 24, 22, tzinfo=UTC), 1440)
@example(Calendar("Europe/Berlin", (((120, 150),),) * 7), datetime(2026, 3, 28, 22, tzinfo=UTC), 1440)
def test_elapsed_is_what_counting_minute_by_minute_gives(calendar, start, minutes):
    counted = sum(counts(calendar, start + n * MINUTE) for n in range(minutes))
    assert calendar.elapsed(start, start + minutes * MINUTE) == counted * MINUTE


@settings(max_examples=100, deadline=None)
@given(calendars(), starts, st.integers(1, 2000))
def test_after_is_the_first_moment_by_which_so_much_has_passed(calendar, start, minutes):
    due = calendar.after(start, minutes * MINUTE)
    if due is None:
        assert not any(calendar.hours)
        return
    assert calendar.elapsed(start, due) == minutes * MINUTE
    assert calendar.elapsed(start, due - MINUTE) < minutes * MINUTE


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_day_of_changing_clocks_has_its_own_length(day, hours):
    berlin = Calendar("Europe/Berlin", (((0, 1440),),) * 7)
    start = datetime(*day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    end = (datetime(*day, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=1)).astimezone(UTC)
    assert berlin.elapsed(start, end) == timedelta(hours=hours)


def test_every_minute_counts_where_nothing_else_is_said():
    start = datetime(2026, 3, 28, 12, 30, tzinfo=UTC)
    assert ALWAYS.elapsed(start, start + timedelta(days=40)) == timedelta(days=40)
    assert ALWAYS.after(start, timedelta(days=40)) == start + timedelta(days=40)


def test_a_calendar_without_hours_has_no_due_moment():
    assert Calendar("UTC", ((),) * 7).after(datetime(2026, 1, 1, tzinfo=UTC), MINUTE) is None
