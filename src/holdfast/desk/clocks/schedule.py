"""Business calendars as a policy: zone, hours by weekday, holidays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from holdfast.desk.clocks.calendar import Calendar, public_holidays
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin")
    ZoneInfo(name)
    return name


def _span(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} are no hours; write them like 09:00-17:30")
    start, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    if not start < end <= 1440:
        raise ValueError(f"{text}: ends before it begins; hours over midnight are two spans on two days")
    return start, end


def _hours_text(text: str) -> str:
    _span(text)
    return text


Hours = Annotated[str, AfterValidator(_hours_text)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Holidays(PolicyModel):
    """Days that do not count."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """Two letters, ISO 3166; its public holidays are known for every year."""
    subdivision: str = ""
    closed: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()


class ScheduleValue(PolicyModel):
    """A calendar as it is written."""

    title: str
    zone: Zone
    hours: dict[Weekday, tuple[Hours, ...]]
    holidays: Holidays = Holidays()

    def calendar(self) -> Calendar:
        """Return it as arithmetic uses it."""
        hours = tuple(tuple(sorted(map(_span, self.hours.get(day, ())))) for day in WEEKDAYS)  # type: ignore[call-overload]
        off = self.holidays
        return Calendar(
            self.zone, hours, off.country or "", off.subdivision, frozenset(off.closed), frozenset(off.worked)
        )


class BusinessCalendar(PolicyKind[ScheduleValue]):
    """Business calendars."""

    kind = "business-calendar"
    title = "Business calendars"
    says = "When time counts: zone, hours and holidays."
    schema = ScheduleValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return overlapping hours, weeks without any, days both off and worked, unknown countries."""
        if not any(value.hours.values()):
            yield Contradiction(("hours",), "no hour of the week counts, so nothing would ever be due")
        for day, spans in value.hours.items():
            for (_, end), (start, _) in pairwise(sorted(map(_span, spans))):
                if start < end:
                    yield Contradiction(("hours", day), f"the hours of {day} overlap")
        for day in sorted(set(value.holidays.closed) & set(value.holidays.worked)):
            yield Contradiction(("holidays", "worked"), f"{day} is both closed and worked")
        yield from _unknown_place(value.holidays)


def _unknown_place(off: Holidays) -> Iterable[Contradiction]:
    if off.subdivision and not off.country:
        yield Contradiction(("holidays", "subdivision"), "a subdivision needs its country")
    if off.country:
        try:
            public_holidays(off.country, off.subdivision, 2026)
        except NotImplementedError as error:
            yield Contradiction(("holidays", "country"), str(error))
