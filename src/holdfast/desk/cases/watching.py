"""The round that watches clocks: warns before, records a break once, and follows the escalation path.

Whether something was said already is read from the timeline under the case's lock, so a round that is
killed, runs twice, or runs on two workers says it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.clockwork import count, mark_of, recorded, steps_of, story_of
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.rulebook import Rulebook, rulebook
from holdfast.desk.cases.timeline import append, lock, refresh
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Person
from holdfast.desk.policies.kind import when_published

BATCH = 200
_KINDS = {"clock-policy", "queue-order", "business-calendar"}


@every(5, "watch clocks")
def watch() -> None:
    """Attend to the cases about which something changed by itself, the longest waiting first."""
    now = timezone.now()
    due = Case.objects.filter(attention_at__lte=now).order_by("attention_at")
    for case_id in due.values_list("id", flat=True)[:BATCH]:
        attend(case_id)


@when_published
def look_again(kind: str, organisation_id: int) -> None:
    """After a new policy have every open case counted anew; the round does it in batches."""
    if kind in _KINDS:
        mine = Case.objects.filter(organisation_id=organisation_id)
        mine.filter(closed_at=None).update(attention_at=timezone.now())
        mine.exclude(attention_at=None).update(attention_at=timezone.now())


@transaction.atomic
def attend(case_id: int, now: datetime | None = None) -> None:
    """Record the thresholds a case's clocks passed and nobody spoke of, and count it anew."""
    now = now or timezone.now()
    case = lock(case_id)
    book, steps = rulebook(case.organisation), steps_of(case)
    clocks = [clock for clock in count(case, book, story_of(case, steps), now) if clock.runs]
    told = recorded(steps)
    for clock in clocks:
        for rung in book.clocks.value.path:
            if clock.used * 100 >= clock.target * rung.at and mark_of(clock, rung.at) not in told:
                _record(case, clock, rung.at, rung.tell, book, now)
    refresh(case, now)


def _record(
    case: Case, clock: Clock, percent: int, tell: Sequence[str], book: Rulebook, now: datetime
) -> None:
    people = list(_people(case, tell))
    text = _words(clock, percent)
    if people:
        text += f" Told: {', '.join(person.title for person in people)}."
    name, started, _ = mark_of(clock, percent)
    data = {"clock": name, "started": started, "percent": percent, "number": clock.number}
    data |= {"broken": percent >= 100, "policy": book.clocks.version, "severity": clock.severity}
    at = {clock.rule.warn: clock.warned_at, 100: clock.broke_at}.get(percent)
    append(case, Kind.STATE, text, by=None, event="case.clock", data=data, happened_at=at or now)
    for person in people:
        notify(
            person, case, f"{case.key} {_words(clock, percent)}", f"{name}/{started}/{percent}", clock=True
        )


def _words(clock: Clock, percent: int) -> str:
    target = _length(clock.target)
    if percent >= 100 and clock.broke_at:
        over = "" if percent == 100 else f", now {percent} % of it"
        return f"{clock.rule.title} is over its {target} since {clock.broke_at:%d %b %H:%M} UTC{over}."
    due = f", due {clock.due:%d %b %H:%M} UTC" if clock.due else ""
    return f"{clock.rule.title} has used {percent} % of {target}{due}."


def _length(value: timedelta) -> str:
    minutes = int(value.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _people(case: Case, tell: Iterable[str]) -> Iterable[Person]:
    """Return whom the path names; where there is no owner the leads are told."""
    roles = {who for who in tell if who != "owner"}
    if "owner" in tell and case.owner_id is None:
        roles.add("lead")
    mine = Person.objects.filter(
        memberships__organisation=case.organisation_id, memberships__role__in=roles, is_active=True
    )
    owners = Person.objects.filter(id=case.owner_id) if "owner" in tell and case.owner_id else []
    return {person.id: person for person in [*owners, *mine]}.values()
