"""A clock is a ledger of intervals with reasons; what it used, when it is due and whether it broke follow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from holdfast.desk.clocks.calendar import Calendar
from holdfast.desk.clocks.story import DONE, MERGED, Mark, Moment, Story

ZERO = timedelta()
RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"
OUTSIDE = "outside hours"
RESOLVED = "case resolved"
ELSEWHERE = "merged into another case"


@dataclass(frozen=True, slots=True)
class Rule:
    """One clock, as the policy means it for one case."""

    name: str
    title: str
    starts: Mark
    stops: Mark
    targets: dict[int, timedelta]
    calendars: dict[int, Calendar]
    pauses: dict[str, str]
    """States in which it stands still, each with the reason shown."""
    repeats: bool = False
    """Each stop begins it anew, until the case is resolved."""
    restarts: bool = False
    """A raised severity begins the count anew; what was used before stays visible and does not count."""
    warn: int = 70
    """Percent of the target at which somebody is warned."""


class Interval(NamedTuple):
    """A stretch of a clock's life."""

    start: datetime
    end: datetime
    kind: str
    """`running`, `paused` or `stopped`."""
    reason: str
    severity: int
    counts: bool
    """Whether its length is used up; not so before a restart."""
    answered_at: datetime | None = None
    """In a pause for the customer: when the customer had answered."""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def needless(self) -> timedelta:
        """How much of a pause went on after the customer had answered."""
        return self.end - self.answered_at if self.answered_at else ZERO


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock at one moment."""

    rule: Rule
    number: int
    """1, 2, 3, ... for one that repeats."""
    intervals: tuple[Interval, ...]
    severity: int
    target: timedelta
    used: timedelta
    status: str
    """`running`, `paused`, `met`, `missed` or `ended` (the case was resolved or merged without it)."""
    started_at: datetime
    stopped_at: datetime | None
    broke_at: datetime | None
    """When the target was first passed."""
    warned_at: datetime | None
    """When so much was used that a warning is due."""
    due: datetime | None
    """When it will break, or broke; nobody can say while it is paused for somebody."""
    pause: str = ""
    """Why it is paused now."""

    @property
    def left(self) -> timedelta:
        """What is left of the target, negative when passed."""
        return self.target - self.used

    @property
    def share(self) -> float:
        """What is left of the target, 0..1."""
        return max(0.0, min(1.0, self.left / self.target)) if self.target else 0.0

    @property
    def runs(self) -> bool:
        """Whether it still may be kept or broken."""
        return self.status in (RUNNING, PAUSED)

    @property
    def tone(self) -> str:
        """`over`, `low` under 30 % left, or nothing."""
        if self.broke_at is not None:
            return "over"
        return "low" if self.share < 0.3 else ""

    @property
    def needless(self) -> tuple[Interval, ...]:
        """Pauses during which the customer had answered."""
        return tuple(interval for interval in self.intervals if interval.answered_at is not None)


def reckon(rule: Rule, story: Story, now: datetime) -> list[Clock]:
    """Return the clock as of `now`; none when it never started, several when it repeats."""
    begun = story.first(rule.starts) if rule.starts != Mark.RESOLVED else story.reached(rule.starts)
    if begun is None or begun.at > now:
        return []
    if not rule.repeats:
        found = _clock(rule, story, begun.at, _stops(rule, story), now, 1)
        return [found] if found else []
    stops = [update.at for update in story.updates if begun.at <= update.at <= now]
    starts = [begun.at, *stops]
    clocks = []
    for number, start in enumerate(starts, 1):
        stop = starts[number] if number < len(starts) else None
        changes = [Moment(stop, value=True)] if stop else []
        found = _clock(rule, story, start, changes, stop or now, number)
        if found is not None and (found.runs or found.used):
            clocks.append(found)
    return clocks


def _stops(rule: Rule, story: Story) -> list[Moment]:
    return story.marks.get(rule.stops, [])


def _clock(
    rule: Rule, story: Story, start: datetime, stops: list[Moment], now: datetime, number: int
) -> Clock | None:
    walk = _Walk(rule)
    for piece in _pieces(rule, story, start, stops, now):
        walk.add(piece)
    final = [stop for stop in stops if stop.at <= now]
    stopped = final[-1] if final and final[-1].value else None
    severity = _at(story.severities, stopped.at if stopped else now)
    target = rule.targets.get(severity)
    if target is None:
        return None
    state = _at(story.states, now)
    done = state == MERGED or (state in DONE and rule.starts != Mark.RESOLVED)
    return walk.clock(story, number, severity, target, start, stopped.at if stopped else None, now, done=done)


def _at(moments: Sequence[Moment], when: datetime) -> Any:
    value: Any = None
    for moment in moments:
        if moment.at > when:
            break
        value = moment.value
    return value


def _pieces(
    rule: Rule, story: Story, start: datetime, stops: list[Moment], now: datetime
) -> Iterator[Interval]:
    """Cut [start, now) where anything changes, and say of each piece what the clock does in it."""
    moments = (*story.states, *story.severities, *stops)
    cuts = sorted({start, now, *(moment.at for moment in moments if start < moment.at < now)})
    stopping = [moment for moment in stops if moment.at <= now]
    for first, last in itertools.pairwise(cuts):
        severity = _at(story.severities, first)
        if _at(stopping, first):
            if not rule.repeats and stopping[-1].at > first:  # reached, but it did not hold
                yield Interval(first, last, STOPPED, f"{rule.stops} until taken back", severity, counts=False)
            continue
        state = _at(story.states, first)
        if state == MERGED:
            yield Interval(first, last, STOPPED, ELSEWHERE, severity, counts=False)
        elif state in DONE and rule.starts != Mark.RESOLVED:
            yield Interval(first, last, STOPPED, RESOLVED, severity, counts=False)
        elif severity not in rule.targets:
            yield Interval(first, last, PAUSED, f"no target at severity {severity}", severity, counts=False)
        elif state in rule.pauses:
            reply = next((reply.at for reply in story.replies if first <= reply.at < last), None)
            yield Interval(first, last, PAUSED, rule.pauses[state], severity, counts=False, answered_at=reply)
        else:
            yield from _by_hours(rule.calendars[severity], first, last, severity)


def _by_hours(calendar: Calendar, first: datetime, last: datetime, severity: int) -> Iterator[Interval]:
    at = first
    for opens, closes in calendar.open_between(first, last):
        if at < opens:
            yield Interval(at, opens, PAUSED, OUTSIDE, severity, counts=False)
        yield Interval(opens, closes, RUNNING, "running", severity, counts=True)
        at = closes
    if at < last:
        yield Interval(at, last, PAUSED, OUTSIDE, severity, counts=False)


class _Walk:
    """Adds up the pieces of a clock and notes when a threshold was passed."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.intervals: list[Interval] = []
        self.used = ZERO
        self.broke_at: datetime | None = None
        self._full: tuple[timedelta, datetime] | None = None
        """A target used up to the end of a piece, and that end: where the next begins later, it broke here."""
        self.warned_at: datetime | None = None
        self.severity: int | None = None

    def add(self, piece: Interval) -> None:
        if self.severity is not None and piece.severity < self.severity and self.rule.restarts:
            self.intervals = [one._replace(counts=False) for one in self.intervals]
            self.used, self.warned_at = ZERO, None
        self.severity = piece.severity
        if piece.counts:
            target = self.rule.targets[piece.severity]
            self._pass(piece, target)
            self.used += piece.length
        last = self.intervals[-1] if self.intervals else None
        if last and _same(last, piece):
            self.intervals[-1] = last._replace(
                end=piece.end, answered_at=last.answered_at or piece.answered_at
            )
        else:
            self.intervals.append(piece)

    def _pass(self, piece: Interval, target: timedelta) -> None:
        """Note a threshold that is passed within the piece; at the piece's start when it was before."""
        after = self.used + piece.length
        if self.broke_at is None and after > target:
            full, ended = self._full or (None, piece.start)
            used_up = full == target == self.used
            self.broke_at = ended if used_up else piece.start + max(ZERO, target - self.used)
        if piece.length and after == target:
            self._full = (target, piece.end)
        warning = target * self.rule.warn / 100
        if self.warned_at is None and after >= warning:
            self.warned_at = piece.start + max(ZERO, warning - self.used)

    def clock(
        self,
        story: Story,
        number: int,
        severity: int,
        target: timedelta,
        start: datetime,
        stopped: datetime | None,
        now: datetime,
        *,
        done: bool,
    ) -> Clock:
        status, pause, due = self._standing(story, severity, target, stopped, now, done=done)
        return Clock(
            self.rule, number, tuple(self.intervals), severity, target, self.used, status, start, stopped,
            self.broke_at, self.warned_at, due, pause,
        )  # fmt: skip

    def _standing(
        self,
        story: Story,
        severity: int,
        target: timedelta,
        stopped: datetime | None,
        now: datetime,
        *,
        done: bool,
    ) -> tuple[str, str, datetime | None]:
        if stopped is not None:
            return ("missed" if self.broke_at else "met"), "", self.broke_at
        if done:
            return ("missed" if self.broke_at else "ended"), "", self.broke_at
        state = _at(story.states, now)
        calendar = self.rule.calendars[severity]
        if state in self.rule.pauses:
            return PAUSED, self.rule.pauses[state], self.broke_at
        due = self.broke_at or calendar.after(now, target - self.used)
        closed = next(calendar.open_between(now, now + timedelta(microseconds=1)), None) is None
        return (PAUSED, OUTSIDE, due) if closed else (RUNNING, "", due)


def _same(one: Interval, other: Interval) -> bool:
    alike = (one.kind, one.reason, one.severity, one.counts) == (
        other.kind,
        other.reason,
        other.severity,
        other.counts,
    )
    return alike and one.end == other.start


def passes(clock: Clock, percent: int, now: datetime) -> datetime | None:
    """Return when `percent` of the target is used, if nothing changes; None while paused for somebody."""
    wanted = clock.target * percent / 100
    if not clock.runs:
        return None
    if clock.used >= wanted:
        return now
    if clock.due is None:
        return None
    return clock.rule.calendars[clock.severity].after(now, wanted - clock.used)
