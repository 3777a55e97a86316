"""Shifts as a policy: who works when, in which zone; what a day of 23 or 25 hours does to them is the zone's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from holdfast.desk.cases.models import Case
from holdfast.desk.cases.queries import possible_owners
from holdfast.desk.clocks.policy import Length
from holdfast.desk.clocks.schedule import Hours, Weekday, Zone
from holdfast.desk.people.models import Person, Team
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel
from holdfast.desk.policies.queries import current

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class ShiftValue(PolicyModel):
    """One shift."""

    title: str
    zone: Zone
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    hours: Hours
    people: tuple[str, ...] = ()
    """Names people sign in with."""
    team: str = ""


class ShiftsValue(PolicyModel):
    """The shifts."""

    title: str
    silent: Length
    """So long before a hand-over the lead hears that the receiver has read nothing."""
    shifts: dict[str, ShiftValue]


class Shifts(PolicyKind[ShiftsValue]):
    """Shifts."""

    kind = "shifts"
    title = "Shifts"
    says = "Who works when, so that a hand-over is offered to who comes next."
    schema = ShiftsValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return shifts that name a day or a person twice."""
        for name, shift in value.shifts.items():
            if len(set(shift.days)) < len(shift.days):
                yield Contradiction(("shifts", name, "days"), f"{name} names a day twice")
            if len(set(shift.people)) < len(shift.people):
                yield Contradiction(("shifts", name, "people"), f"{name} names a person twice")


@dataclass(frozen=True, slots=True)
class Turn:
    """One time a shift is on."""

    name: str
    shift: ShiftValue
    starts: datetime
    ends: datetime


def turns(value: ShiftsValue, at: datetime, days: int = 8) -> list[Turn]:
    """Return the times shifts are on that end after a moment, by their start; hours are those of each zone's clock."""
    found = []
    for name, shift in value.shifts.items():
        zone = ZoneInfo(shift.zone)
        today = at.astimezone(zone).date()
        start, end = (_minutes(part) for part in shift.hours.split("-"))
        for ahead in range(-1, days):
            day = today + timedelta(days=ahead)
            if WEEKDAYS[day.weekday()] not in shift.days:
                continue
            turn = Turn(name, shift, _moment(day, start, zone), _moment(day, end, zone))
            if turn.ends > at:
                found.append(turn)
    return sorted(found, key=lambda one: (one.starts, one.name))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _moment(day: Any, minutes: int, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time in UTC; one that the clock skips is the moment it skips to."""
    whole, rest = divmod(minutes, 1440)
    local = datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), zone)
    return local.astimezone(UTC)


def on_shift(value: ShiftsValue, at: datetime) -> list[Turn]:
    """Return the shifts that are on at a moment."""
    return [turn for turn in turns(value, at) if turn.starts <= at < turn.ends]


def next_change(value: ShiftsValue, at: datetime) -> Turn | None:
    """Return the next shift that begins."""
    return next((turn for turn in turns(value, at) if turn.starts > at), None)


def people_of(case: Case, turn: Turn, owners: Sequence[Person] | None = None) -> list[Person]:
    """Return who of a shift may own a case; owners: all who may, where they are read already."""
    team = (
        Team.objects.filter(organisation=case.organisation_id, name=turn.shift.team)
        if turn.shift.team
        else None
    )
    members = set(team.values_list("members__id", flat=True)) if team is not None else set()
    every = possible_owners(case) if owners is None else owners
    return [one for one in every if one.id in members or one.username in turn.shift.people]


def proposed(
    case: Case, at: datetime, value: ShiftsValue | None = None, owners: Sequence[Person] | None = None
) -> tuple[Turn | None, list[Person]]:
    """Return the shift that comes next and who of it may own the case; the owner is left out."""
    turn = next_change(value or current(Shifts, case.organisation_id).value, at)
    people = people_of(case, turn, owners) if turn else []
    return turn, [one for one in people if one.id != case.owner_id]
