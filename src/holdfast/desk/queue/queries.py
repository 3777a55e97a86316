"""Reading the queue, always as somebody: its rows, the reasons of a place, who works on how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case, CaseQuerySet, Focus
from holdfast.desk.cases.ordering import NextClock, Reason, clock, fixed, reasons
from holdfast.desk.cases.outside import cases_as_read
from holdfast.desk.cases.policy import QueueOrderValue
from holdfast.desk.cases.rulebook import Rulebook, rulebook
from holdfast.desk.clocks.ledger import passes
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import with_standing
from holdfast.desk.people.rights import REACH, Deed, Reach
from holdfast.desk.queue.filters import OLD, SILENT, Filter
from holdfast.desk.queue.models import SavedView

PAGE = 50
SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the queue."""

    place: int
    case: Case
    reasons: list[Reason]
    points: int
    clock: NextClock | None
    lifted: bool
    """Whether most of its points are for the days it has been open."""


def queue(person: Person, wanted: Filter, start: int = 0, size: int = PAGE) -> list[Row]:
    """Return a stretch of the person's queue in the order of work; one row more tells there is more.

    Somebody outside reads cases as they are told of them, and asks for no part of them: to be found by what the team
    notes down would tell it.
    """
    now = timezone.now()
    if not person.may_anywhere(Deed.SEE_INTERNAL):
        wanted = Filter()
    cases = wanted.apply(Case.objects.visible_to(person).open(), person, now)
    chosen = cases_as_read(person, cases.in_order().listed()[start : start + size + 1])
    return [_row(person, place, case, now) for place, case in enumerate(chosen, start + 1)]


def _row(person: Person, place: int, case: Case, now: datetime) -> Row:
    if not case.allows(person, Deed.SEE_INTERNAL):
        return Row(place, case, [], 0, None, lifted=False)
    book = rulebook(case.organisation)
    why = reasons(case, book.queue.value, now)
    points = sum(reason.points for reason in why)
    return Row(place, case, why, points, clock(case, now), 2 * (points - case.points) > points)


def counts(person: Person) -> dict[str, int]:
    """Return how many open cases each view of the queue holds, and how many need somebody now."""
    now = timezone.now()
    return (
        Case.objects.visible_to(person)
        .open()
        .aggregate(
            team=Count("id"),
            mine=Count("id", filter=Q(owner=person)),
            unowned=Count("id", filter=Q(owner=None)),
            blocked=Count("id", filter=~Q(blocked_on="")),
            waiting=Count("id", filter=Q(state="waiting")),
            old=Count("id", filter=Q(reported_at__lt=now - OLD)),
            sev1=Count("id", filter=Q(severity=1)),
            over=Count("id", filter=Q(next_due_at__lt=now)),
            soon=Count("id", filter=Q(next_due_at__range=(now, now + SOON))),
            stepless=Count("id", filter=Q(next_step="")),
            silent=Count("id", filter=Q(touched_at__lt=now - SILENT)),
            disputed=Count("id", filter=Q(disputed=True)),
        )
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Why a case stands where it stands, and when that would change."""

    case: Case
    place: int
    reasons: list[Reason]
    points: int
    lifted: int
    """Places it stands further up than without its age."""
    change_at: datetime | None
    change: str
    change_place: int | None
    policy: str


def place_of(person: Person, case: Case) -> Place:
    """Return a case's place in the person's queue with the sum of its points."""
    now, book = timezone.now(), rulebook(case.organisation)
    mine = Case.objects.visible_to(person).open()
    why = reasons(case, book.queue.value, now)
    place = _before(mine, case.standing, case.id) + 1
    lifted = mine.filter(points__gt=case.points, standing__gt=case.standing).count()
    at, what, standing = _next_change(case, book, now)
    then = _before(mine, standing, case.id) + 1 if standing is not None else None
    return Place(case, place, why, sum(one.points for one in why), lifted, at, what, then, book.queue.label)


def _before(cases: CaseQuerySet, standing: int, case_id: int) -> int:
    return (
        cases.filter(Q(standing__lt=standing) | Q(standing=standing, id__lt=case_id))
        .exclude(id=case_id)
        .count()
    )


def _next_change(case: Case, book: Rulebook, now: datetime) -> tuple[datetime | None, str, int | None]:
    """Return the next moment at which its points change by themselves, what happens, and its key then."""
    policy = book.queue.value
    ahead: list[tuple[datetime, str, int]] = []
    for one in (found for found in clocks_of(case, now) if found.runs):
        for percent in policy.clock:
            at = passes(one, percent, now)
            if percent > case.clock_percent and at is not None and at > now:
                ahead.append((at, f"{one.rule.title} has used {percent} %", percent))
    for days in policy.untouched:
        at = case.touched_at + timedelta(days=days)
        if at > now:
            ahead.append((at, f"untouched for {days} d", case.clock_percent))
    if not ahead:
        return None, "", None
    at, what, percent = min(ahead)
    return at, what, _standing_with(case, policy, percent, at)


def _standing_with(case: Case, policy: QueueOrderValue, percent: int, at: datetime) -> int:
    then = Case(**{field.attname: getattr(case, field.attname) for field in Case._meta.concrete_fields})
    then.clock_percent = percent
    points = sum(reason.points for reason in fixed(then, policy, at))
    return int(case.reported_at.timestamp()) - points * 86_400 // policy.aging


@dataclass(frozen=True, slots=True)
class Load:
    """How much a person works on."""

    person: Person
    at_once: int
    most: int
    focus: Focus | None

    @property
    def full(self) -> bool:
        """Whether one more is too many."""
        return self.at_once >= self.most


def loads(person: Person) -> list[Load]:
    """Return the engineers and leads of the person's organisations with their open cases."""
    whole = [m.organisation for m in person.standing if REACH[m.role] == Reach.ALL]
    if not whole:
        return []
    most = rulebook(whole[0]).queue.value.at_once
    counted = Case.objects.filter(organisation__in=whole).open().exclude(owner=None).order_by()
    numbers = dict(counted.values_list("owner").annotate(n=Count("id")))
    mates = Person.objects.filter(
        Q(id__in=numbers) | Q(memberships__role__in=["engineer", "lead"]),
        memberships__organisation__in=whole,
        is_active=True,
    ).distinct()
    focused = {one.person_id: one for one in Focus.objects.filter(until__gt=timezone.now())}
    found = [Load(mate, numbers.get(mate.id, 0), most, focused.get(mate.id)) for mate in mates[:60]]
    return sorted(found, key=lambda load: (load.at_once, load.person.username))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody who could take a case, and why."""

    load: Load
    known: int
    """Cases with the same component, area or customer they worked on in half a year."""
    reason: str


HALF_YEAR = timedelta(days=183)


def suggestions(person: Person, case: Case) -> list[Suggestion]:
    """Return who could take the case: free and not in focus first, then who knows it, then who has less."""
    alike = Q(customer=case.customer_id) if case.customer_id else Q(pk=None)
    if case.component:
        alike |= Q(component=case.component)
    if case.area:
        alike |= Q(area=case.area)
    earlier = Case.objects.filter(alike, organisation_id=case.organisation_id, owner__isnull=False)
    earlier = earlier.filter(reported_at__gt=timezone.now() - HALF_YEAR).exclude(id=case.id)
    known = dict(earlier.order_by().values_list("owner").annotate(n=Count("id")))
    team = loads(person)
    with_standing(load.person for load in team)
    found = [_suggested(load, known.get(load.person.id, 0), case) for load in team if _may_own(load, case)]
    return sorted(
        found, key=lambda one: (one.load.full, _closed(one.load, case), -min(one.known, 5), one.load.at_once)
    )


def _may_own(load: Load, case: Case) -> bool:
    return case.allows(load.person, Deed.ACKNOWLEDGE) and load.person.id != case.owner_id


def _closed(load: Load, case: Case) -> bool:
    return load.focus is not None and case.severity > load.focus.lets_in


def _suggested(load: Load, known: int, case: Case) -> Suggestion:
    parts = [f"{load.at_once} of {load.most} cases"]
    if known:
        parts.append(f"{known} like it in half a year")
    if _closed(load, case):
        parts.append("in focus")
    return Suggestion(load, known, ", ".join(parts))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whom or what cases wait for."""

    on: str
    cases: list[Case]
    since: datetime


def waits(person: Person) -> list[Waiting]:
    """Return who waits on whom: open cases by what blocks them, the longest wait first."""
    blocked = (
        Case.objects.visible_to(person).open().exclude(blocked_on="").listed().order_by("blocked_at")[:300]
    )
    found: dict[str, list[Case]] = {}
    for case in blocked:
        found.setdefault(case.blocked_on, []).append(case)
    return [Waiting(on, cases, cases[0].blocked_at or cases[0].touched_at) for on, cases in found.items()]


def views_of(person: Person) -> QuerySet[SavedView]:
    """Return the views the person kept, and those others share with their organisations."""
    mine = [m.organisation_id for m in person.standing if REACH[m.role] == Reach.ALL]
    return SavedView.objects.filter(Q(person=person) | Q(organisation__in=mine)).select_related("person")[:40]
