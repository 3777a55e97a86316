"""Which cases of the queue are asked for: read from a query, written back as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from holdfast.desk.cases.models import CaseQuerySet
from holdfast.desk.cases.states import OPEN
from holdfast.desk.people.models import Person

VIEWS = ("team", "mine", "unowned", "blocked", "waiting", "old")
FLAGS = {
    "no-step": "no next step",
    "silent": "untouched for 2 d",
    "over": "clock over",
    "disputed": "severity disputed",
    "unacknowledged": "not acknowledged",
    "unconfirmed": "severity not confirmed",
}
OLD = timedelta(days=14)
SILENT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty parts ask for everything."""

    view: str = "team"
    severities: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    owner: str = ""
    area: str = ""

    def query(self) -> str:
        """Return it as a query string; what it does not know is gone."""
        pairs = [("view", self.view)] if self.view != "team" else []
        pairs += [("severity", str(level)) for level in self.severities]
        pairs += [("state", state) for state in self.states] + [("is", flag) for flag in self.flags]
        pairs += [(name, value) for name, value in (("owner", self.owner), ("area", self.area)) if value]
        return urlencode(pairs)

    @property
    def narrowed(self) -> bool:
        """Whether anything beyond a view is asked for."""
        return bool(self.severities or self.states or self.flags or self.owner or self.area)

    def apply(self, cases: CaseQuerySet, person: Person, now: datetime) -> CaseQuerySet:
        """Return the cases it asks for."""
        cases = cases.filter(_view(self.view, person, now))
        if self.severities:
            cases = cases.filter(severity__in=self.severities)
        if self.states:
            cases = cases.filter(state__in=self.states)
        for flag in self.flags:
            cases = cases.filter(_flag(flag, now))
        if self.owner:
            cases = cases.filter(owner__username=self.owner)
        if self.area:
            cases = cases.filter(Q(area__icontains=self.area) | Q(component__icontains=self.area))
        return cases


def asked(query: QueryDict) -> Filter:
    """Read a filter from a query; words nobody knows are passed over."""
    view = query.get("view", "team")
    levels = sorted({int(level) for level in query.getlist("severity") if level in {"1", "2", "3", "4"}})
    return Filter(
        view if view in VIEWS else "team",
        tuple(levels),
        tuple(state for state in dict.fromkeys(query.getlist("state")) if state in set(OPEN)),
        tuple(flag for flag in dict.fromkeys(query.getlist("is")) if flag in FLAGS),
        query.get("owner", "").replace("\x00", "")[:150],
        query.get("area", "").replace("\x00", "").strip()[:80],
    )


def _view(view: str, person: Person, now: datetime) -> Q:
    return {
        "mine": Q(owner=person),
        "unowned": Q(owner=None),
        "blocked": ~Q(blocked_on=""),
        "waiting": Q(state="waiting"),
        "old": Q(reported_at__lt=now - OLD),
    }.get(view, Q())


def _flag(flag: str, now: datetime) -> Q:
    return {
        "no-step": Q(next_step=""),
        "silent": Q(touched_at__lt=now - SILENT),
        "over": Q(next_due_at__lt=now),
        "disputed": Q(disputed=True),
        "unacknowledged": Q(acknowledged_at=None),
        "unconfirmed": Q(confirmed_at=None),
    }[flag]
