"""Deeds that clocks and figures count: diagnosed, review done; next step."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed


class Overtaken(Conflict):
    """Somebody changed it while it was being written; both texts are in the message, so neither is lost."""


@transaction.atomic
def diagnose(case: Case, domain: str, *, by: Person, proof: str = "") -> Entry:
    """Name the fault domain a validated hypothesis leads to; the clock of the initial diagnosis stops."""
    case = allowed(case, by, Deed.RECORD)
    data = change(case, "fault domain", None, words(domain)[:200]) | {"diagnosed": True, "proof": proof}
    return append(
        case, Kind.DECISION, f"Diagnosed: {words(domain)}", by=by, event="case.diagnosed", data=data
    )


@transaction.atomic
def take_back_diagnosis(case: Case, reason: str, *, by: Person) -> Entry:
    """Say that what was diagnosed is refuted; the clock runs on, with the time it took before."""
    case = allowed(case, by, Deed.RECORD)
    data = {"diagnosed": False}
    return append(case, Kind.DECISION, words(reason), by=by, event="case.diagnosed", data=data)


@transaction.atomic
def note_review(case: Case, reference: str, *, by: Person) -> Entry:
    """Note the review of causes that was done, and where it is kept."""
    case = allowed(case, by, Deed.RECORD)
    data = change(case, "review", None, words(reference)[:200]) | {"reviewed": True}
    return append(case, Kind.STATE, "Review done", by=by, event="case.review", data=data)


@transaction.atomic
def plan(
    case: Case,
    step: str,
    *,
    by: Person,
    blocked_on: str = "",
    due: datetime | None = None,
    before: str | None = None,
) -> Case:
    """Say what happens next, by when, and what it waits for. `before` is the step the writer saw."""
    case = allowed(case, by, Deed.RECORD)
    step, blocked_on = step.strip()[:200], blocked_on.strip()[:120]
    if before is not None and before.strip() != case.next_step and step != case.next_step:
        raise Overtaken(f"meanwhile the next step became “{case.next_step}”; you wrote “{step}”")
    if due is not None and due.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if (step, blocked_on, due) == (case.next_step, case.blocked_on, case.next_step_by):
        return case
    data = change(case, "next step", case.next_step or None, step or None)
    if blocked_on != case.blocked_on:
        data |= {"blocked_on": blocked_on, "was_blocked_on": case.blocked_on}
        case.blocked_at = timezone.now() if blocked_on else None
    case.next_step, case.blocked_on, case.next_step_by = step, blocked_on, due
    text = f"Blocked: waits for {blocked_on}" if blocked_on else "Next step" if step else "No next step"
    append(case, Kind.ACTION, text, by=by, event="case.planned", data=data)
    return case


@transaction.atomic
def rewrite_impact(case: Case, impact: str, *, by: Person, before: str) -> Case:
    """Write the impact anew. `before` is the text the writer started from."""
    case = allowed(case, by, Deed.RECORD)
    impact = words(impact)
    if before.strip() != case.impact and impact != case.impact:
        raise Overtaken(f"meanwhile the impact became “{case.impact}”; you wrote “{impact}”")
    if impact != case.impact:
        data = change(case, "impact", case.impact or None, impact)
        case.impact = impact
        append(case, Kind.FACT, "Impact rewritten", by=by, event="case.impact", data=data)
    return case
