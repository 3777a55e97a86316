"""Business time: which moments count, in whatever zone, over every change of its clocks.

Between two changes of a zone's offset local time is UTC plus a constant, so the open stretches are cut at
those changes and nothing has to be said about hours that come twice or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = timedelta(days=1)
FAR = timedelta(days=5 * 366)
"""How far ahead a due moment is looked for."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When time counts. Hours are minutes of the local day, by weekday from Monday."""

    zone: str
    hours: tuple[tuple[tuple[int, int], ...], ...]
    country: str = ""
    subdivision: str = ""
    closed: frozenset[date] = frozenset()
    """Days off beyond the public holidays."""
    worked: frozenset[date] = frozenset()
    """Public holidays that are worked all the same."""

    def open_between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open stretches within [start, end), in order, in UTC."""
        month = start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        while month < end:
            for opens, closes in _open(self, month.year, month.month):
                first, last = max(opens, start), min(closes, end)
                if first < last:
                    yield first, last
            month = _next(month)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of [start, end) is open."""
        return sum((last - first for first, last in self.open_between(start, end)), timedelta())

    def after(self, start: datetime, length: timedelta) -> datetime | None:
        """Return the moment at which `length` of open time has passed; None when that is years away."""
        left = length
        if left <= timedelta():
            return start
        for first, last in self.open_between(start, start + FAR):
            if last - first >= left:
                return first + left
            left -= last - first
        return None


ALWAYS = Calendar("UTC", (((0, 1440),),) * 7)
"""Every minute counts."""


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


@lru_cache(maxsize=4096)
def _open(calendar: Calendar, year: int, month: int) -> tuple[tuple[datetime, datetime], ...]:
    """Return the open stretches of one UTC month, joined where one ends as the next begins."""
    begin = datetime(year, month, 1, tzinfo=UTC)
    joined: list[tuple[datetime, datetime]] = []
    for start, end, offset in _steady(ZoneInfo(calendar.zone), begin, _next(begin)):
        for opens, closes in _stretches(calendar, start, end, offset):
            if joined and joined[-1][1] == opens:
                joined[-1] = (joined[-1][0], closes)
            else:
                joined.append((opens, closes))
    return tuple(joined)


def _steady(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the parts of a range during which the zone's offset does not change."""
    begun, at = start, start
    offset = _offset(zone, start)
    while at < end:
        later = min(at + DAY, end)
        if _offset(zone, later) != offset:
            later = _changes(zone, at, later, offset)
            if later > begun:
                yield begun, later, offset
            begun, offset = later, _offset(zone, later)
        at = later
    if begun < end:
        yield begun, end, offset


def _changes(zone: ZoneInfo, before: datetime, after: datetime, offset: timedelta) -> datetime:
    """Return the first second at which the offset is another one."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _stretches(
    calendar: Calendar, start: datetime, end: datetime, offset: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    day = (start + offset).date()
    while True:
        midnight = datetime.combine(day, time(), UTC) - offset
        if midnight >= end:
            return
        for opens, closes in _hours(calendar, day):
            first = max(midnight + timedelta(minutes=opens), start)
            last = min(midnight + timedelta(minutes=closes), end)
            if first < last:
                yield first, last
        day += DAY


def _hours(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    off = day in calendar.closed or (day not in calendar.worked and day in _public(calendar, day.year))
    return () if off else calendar.hours[day.weekday()]


def _public(calendar: Calendar, year: int) -> frozenset[date]:
    return public_holidays(calendar.country, calendar.subdivision, year) if calendar.country else frozenset()


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Return a country's public holidays of a year; NotImplementedError names a place that is not known."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
