"""Reading decisions, always as somebody."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import Table, carried, holder_for, holder_of_answer, table, waiting_for
from holdfast.desk.decisions.models import OPEN, Decision, Delegation, State, Voice
from holdfast.desk.decisions.publishing import changes
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.comparing import Line

MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A decision as one person sees it."""

    decision: Decision
    who: str
    """Who decides it, in words."""
    says: str
    may_answer: bool
    may_withdraw: bool
    may_break: bool
    may_review: bool
    hollow: bool
    """Approved, and yet not enough of the approvals count any more."""
    changes: list[tuple[str, list[Line]]]
    """What it would publish, line by line; of one that still waits."""


def _whole() -> QuerySet[Decision]:
    voices = Prefetch("voices", Voice.objects.select_related("person", "holder"))
    related = ("asked_by", "broken_by", "reviewed_by", "case__organisation")
    return Decision.objects.select_related(*related).prefetch_related(voices)


def of_case(case: Case) -> list[Decision]:
    """Return a case's decisions, newest first."""
    return list(_whole().filter(case=case).order_by("-number")[:MOST])


def rows(person: Person, case: Case, decisions: list[Decision]) -> list[Row]:
    """Return what a person may do with each decision of a case."""
    rights = table(case.organisation_id)
    holds: dict[Right, bool] = {}
    who: dict[Right, str] = {}
    return [_row(person, case, one, rights, holds, who) for one in decisions]


def _row(
    person: Person, case: Case, one: Decision, rights: Table, holds: dict[Right, bool], who: dict[Right, str]
) -> Row:
    right = Right(one.right)
    if right not in holds:
        holds[right] = holder_for(case, right, person, rights) is not None
        who[right] = rights.who(right)
    line = rights.line(right)
    said = any(voice.person_id == person.id for voice in one.voices.all())
    waits = one.state == State.WAITING
    mine = waits and not said and holds[right] and holder_of_answer(one, person, rights, case) is not None
    works = case.allows(person, Deed.RECORD)
    return Row(
        one,
        who[right],
        line.says,
        may_answer=mine,
        may_withdraw=one.state in OPEN and (one.asked_by_id == person.id or holds[right]),
        may_break=line.break_glass and works and one.state in (State.WAITING, State.EXPIRED) and not mine,
        may_review=one.unreviewed and holds[right] and one.broken_by_id != person.id,
        hollow=one.state == State.APPROVED and not carried(one, rights),
        changes=changes(one) if waits else [],
    )


def mine(person: Person) -> list[Decision]:
    """Return what waits for a person's word, of all cases they see, the most urgent first."""
    seen = Case.objects.visible_to(person).values("id")
    waits = _whole().filter(state=State.WAITING, case__in=seen).order_by("until")
    return waiting_for(person, waits[:MOST])


def unreviewed(person: Person) -> list[Decision]:
    """Return broken glass nobody has looked at, of the cases a person sees from inside."""
    inside = [m.organisation_id for m in person.standing if person.may(Deed.SEE_INTERNAL, m.organisation_id)]
    seen = Case.objects.visible_to(person).filter(organisation__in=inside).values("id")
    found = _whole().filter(broken_at__isnull=False, reviewed_at=None, case__in=seen)
    return list(found.order_by("broken_at")[:MOST])


def delegations(person: Person) -> list[Delegation]:
    """Return what a person handed on and was handed, those in force or to come."""
    found = Delegation.objects.filter(Q(holder=person) | Q(person=person), ends_at__gt=timezone.now())
    return list(found.select_related("holder", "person", "organisation")[:MOST])
