"""The clock policy: which clocks there are, what starts, stops and pauses them, and how long each may take."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from holdfast.desk.clocks.calendar import Calendar
from holdfast.desk.clocks.ledger import Rule
from holdfast.desk.clocks.schedule import BusinessCalendar, ScheduleValue
from holdfast.desk.clocks.story import Mark
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel
from holdfast.desk.policies.queries import all_current

_LENGTH = re.compile(r"(?:(\d{1,4})d)? ?(?:(\d{1,4})h)? ?(?:(\d{1,5})m)?")
SEVERITIES = (1, 2, 3, 4)


def length(text: str) -> timedelta:
    """Return `1d 4h 30m` as a length; a day is 24 hours of whatever counts."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no length; write it like 15m, 4h or 1d 4h")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    found = timedelta(days=days, hours=hours, minutes=minutes)
    if found <= timedelta():
        raise ValueError(f"{text!r} is no time at all")
    return found


def _length_text(text: str) -> str:
    length(text)
    return text.strip()


Length = Annotated[str, AfterValidator(_length_text)]
Severity = Annotated[int, Field(ge=1, le=4)]
Targets = dict[Severity, Length]
Started = Literal["reported", "acknowledged", "diagnosed", "mitigated", "resolved"]
Stopped = Literal["acknowledged", "diagnosed", "mitigated", "resolved", "ticketed", "reviewed", "updated"]
Who = Literal["owner", "lead", "manager", "admin"]


class ClockValue(PolicyModel):
    """One clock."""

    title: str
    starts: Started
    stops: Stopped
    targets: Targets
    pauses: dict[Literal["waiting", "mitigated"], str] = Field(default_factory=dict)
    repeats: bool = False
    restarts_when_raised: bool = False


class Rung(PolicyModel):
    """A step of the escalation path."""

    at: Annotated[int, Field(ge=1, le=1000)]
    """Percent of the target used."""
    tell: tuple[Who, ...]


class ContractValue(PolicyModel):
    """What some customers were promised beyond everybody."""

    customers: tuple[str, ...]
    calendars: dict[Severity, str] = Field(default_factory=dict)
    targets: dict[str, Targets] = Field(default_factory=dict)


class ClockPolicyValue(PolicyModel):
    """The clocks of an organisation."""

    title: str
    calendars: dict[Severity, str]
    """Name of the business calendar by severity."""
    clocks: dict[str, ClockValue]
    path: tuple[Rung, ...]
    """Who hears of a clock that runs out, and when."""
    contracts: dict[str, ContractValue] = Field(default_factory=dict)

    @property
    def warn(self) -> int:
        """Percent at which the first rung stands."""
        return min((rung.at for rung in self.path), default=100)

    def contract(self, customer: str) -> tuple[str, ContractValue | None]:
        """Return the contract a customer is in, with its name."""
        for name, contract in self.contracts.items():
            if customer and customer in contract.customers:
                return name, contract
        return "", None


class ClockPolicy(PolicyKind[ClockPolicyValue]):
    """Clocks."""

    kind = "clock-policy"
    title = "Clocks"
    says = "Which clocks run on a case, what pauses them, how long each may take, and who hears of it."
    schema = ClockPolicyValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return targets that grow with the severity, clocks that cannot stop, unknown names."""
        if missing := [level for level in SEVERITIES if level not in value.calendars]:
            yield Contradiction(("calendars",), f"no calendar for severity {missing[0]}")
        for name, clock in value.clocks.items():
            yield from _of_clock(name, clock, value.calendars)
        for rung, following in zip(value.path, value.path[1:], strict=False):
            if following.at <= rung.at:
                yield Contradiction(
                    ("path",), f"{following.at} % comes after {rung.at} %; write the path upwards"
                )
        yield from _of_contracts(value)

    @classmethod
    def unmet(cls, value: Any, organisation_id: int) -> Iterable[Contradiction]:
        """Return calendars that are named and do not exist."""
        known = all_current(BusinessCalendar, organisation_id)
        for level, name in value.calendars.items():
            if name not in known:
                yield Contradiction(("calendars", level), f"there is no business calendar called {name}")
        for called, contract in value.contracts.items():
            for level, name in contract.calendars.items():
                if name not in known:
                    way = ("contracts", called, "calendars", level)
                    yield Contradiction(way, f"there is no business calendar called {name}")


_ORDER = ("reported", "acknowledged", "diagnosed", "mitigated", "resolved")


def _of_clock(name: str, clock: ClockValue, calendars: Mapping[int, str]) -> Iterable[Contradiction]:
    way = ("clocks", name)
    if clock.stops in _ORDER and _ORDER.index(clock.stops) <= _ORDER.index(clock.starts):
        yield Contradiction(
            (*way, "stops"), f"{name} would stop at {clock.stops} before it starts at {clock.starts}"
        )
    if clock.repeats != (clock.stops == "updated"):
        yield Contradiction((*way, "repeats"), f"{name}: a clock repeats when updates stop it, and only then")
    if clock.stops == "mitigated" and "mitigated" in clock.pauses:
        yield Contradiction((*way, "pauses"), f"{name} stops when mitigated, so that cannot pause it")
    yield from _growing((*way, "targets"), name, clock.targets, calendars)


def _growing(
    way: tuple[str | int, ...], name: str, targets: Mapping[int, str], calendars: Mapping[int, str]
) -> Iterable[Contradiction]:
    """Find worse severities that may take longer, among those whose time is counted by one calendar."""
    if not targets:
        yield Contradiction(way, f"{name} has no target at all")
    levels = sorted(targets)
    for worse, milder in itertools.pairwise(levels):
        same = calendars.get(worse) == calendars.get(milder)
        if same and length(targets[worse]) > length(targets[milder]):
            theirs = f"longer than severity {milder} with {targets[milder]}"
            text = f"{name}: severity {worse} may take {targets[worse]}, {theirs}"
            yield Contradiction((*way, worse), text)


def _of_contracts(value: ClockPolicyValue) -> Iterable[Contradiction]:
    seen: dict[str, str] = {}
    for name, contract in value.contracts.items():
        for customer in contract.customers:
            if customer in seen:
                text = f"{customer} is in {seen[customer]} and in {name}; one contract holds"
                yield Contradiction(("contracts", name, "customers"), text)
            seen[customer] = name
        for clock, targets in contract.targets.items():
            way = ("contracts", name, "targets", clock)
            if clock not in value.clocks:
                yield Contradiction(way, f"there is no clock called {clock}")
            else:
                merged = {**value.clocks[clock].targets, **targets}
                hours = {**value.calendars, **contract.calendars}
                yield from _growing(way, f"{clock} under {name}", merged, hours)


def rules(
    policy: ClockPolicyValue, calendars: Mapping[str, ScheduleValue], customer: str = ""
) -> tuple[Rule, ...]:
    """Return the clocks as they are meant for a customer's cases. A calendar that is gone counts as always."""
    _, contract = policy.contract(customer)
    named = {**policy.calendars, **(contract.calendars if contract else {})}
    hours = {level: _calendar(calendars, name) for level, name in named.items()}
    return tuple(_rule(name, clock, contract, hours, policy.warn) for name, clock in policy.clocks.items())


def _calendar(calendars: Mapping[str, ScheduleValue], name: str) -> Calendar:
    return calendars[name].calendar()


def _rule(
    name: str, clock: ClockValue, contract: ContractValue | None, hours: dict[int, Calendar], warn: int
) -> Rule:
    written = {**clock.targets, **(contract.targets.get(name, {}) if contract else {})}
    return Rule(
        name,
        clock.title,
        Mark(clock.starts),
        Mark(clock.stops),
        {level: length(text) for level, text in written.items()},
        hours,
        {str(state): reason for state, reason in clock.pauses.items()},
        clock.repeats,
        clock.restarts_when_raised,
        warn,
    )
