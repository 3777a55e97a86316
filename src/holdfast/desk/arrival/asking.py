"""Deeds of intake: mark an item, ask for what is missing, re-apply a template, score."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival.completeness import Completeness, completeness, fitting, score, words_of
from holdfast.desk.arrival.intake import IntakeRubric
from holdfast.desk.arrival.models import Arrival, Intake
from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.commands import Conflict, allowed, require_right
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.states import MOVES, State
from holdfast.desk.cases.telling import Message, tell
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Membership, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current

STATES = {"given": "given", "not_needed": "not needed", "missing": "missing"}


def request_text(case: Case, found: Completeness) -> str:
    """Return the one request for everything that is missing, as the customer reads it."""
    template = found.template.value
    lines = [f"Hello,\n\nabout {case.key}, “{case.title}”: {template.opening}\n"]
    for number, one in enumerate(found.missing, 1):
        lines.append(f"{number}. {one.item.asks}")
        if one.item.why:
            lines.append(f"   Why: {one.item.why}")
        if one.item.collect:
            lines.append(f"   To collect it:\n       {one.item.collect}")
    return "\n".join([*lines, f"\n{template.closing}"])


@transaction.atomic
def mark(case: Case, item: str, state: str, *, by: Person, why: str = "") -> Intake:
    """Say that an item is given, not needed (with the reason), or missing after all."""
    case = allowed(case, by, Deed.RECORD)
    if state not in STATES:
        raise Conflict(f"an item is {', '.join(STATES)}, not {state[:20]}")
    found = completeness(case)
    known = next((one for one in found.asked if one.item.id == item), None)
    if known is None:
        raise Conflict(f"the template {found.template.name} has no item {item[:40]}")
    if state == "not_needed" and not why.strip():
        raise Conflict("say why it is not needed")
    kept = _kept(case, found)
    if state == "missing":
        kept.marks.pop(item, None)
    else:
        kept.marks[item] = {"state": state, "by": by.title, "why": why.strip()[:400]}
    kept.save(update_fields=["marks"])
    data = change(case, f"intake {item}", known.state, state)
    append(
        case, Kind.STATE, f"{known.item.asks} {why.strip()}".strip(), by=by, event="case.intake", data=data
    )
    return kept


@transaction.atomic
def apply_template(case: Case, *, by: Person) -> Intake:
    """Ask a case by the template that fits it now, in its newest version; marks stay with their items."""
    case = allowed(case, by, Deed.RECORD)
    found = completeness(case)
    kept, newest = _kept(case, found), fitting(case)
    if not found.behind:
        return kept
    before = f"{kept.template} {kept.version}"
    kept.template, kept.version = newest.name, newest.version
    kept.save(update_fields=["template", "version"])
    data = change(case, "intake template", before, f"{newest.name} {newest.version}")
    append(case, Kind.STATE, "Intake template applied", by=by, event="case.intake", data=data)
    return kept


def ask(case: Case, text: str, *, by: Person, to: str = "", wait: bool = False) -> Entry:
    """Ask the customer for what is missing: by mail to an address of theirs, or recorded as sent by hand.

    It goes the way of every update. What may not be sent as it is waits as a draft, and raises Waits.
    """
    require_right(case, by, Deed.ASK_CUSTOMER)
    if to and to not in addresses(case):
        raise Conflict(f"{to} is no address of this case's customer; nothing was sent")
    found = completeness(case)
    _kept(case, found)
    data: dict[str, Any] = {"asked": [one.item.id for one in found.missing], "by": "mail" if to else "hand"}
    if to:
        data["to"] = to
    message = Message(text, (to,) if to else (), request_text(case, found), data)
    entry = tell(case, message, by=by)
    if wait:
        _wait(case, by)
    return entry


@transaction.atomic
def _wait(case: Case, by: Person) -> None:
    case = lock(case.id)
    if State.WAITING in MOVES[case.state] and case.allows(by, Deed.CHANGE_STATE):
        cases.change_state(case, State.WAITING, by=by, reason="Waits for what was asked for")


def addresses(case: Case) -> list[str]:
    """Return where the customer can be asked: their people, and who wrote in about the case."""
    people = Membership.objects.filter(organisation=case.organisation_id, customer=case.customer_id)
    theirs = people.exclude(customer=None).values_list("person__email", flat=True)
    wrote = Arrival.objects.filter(case=case, source=Arrival.Source.MAIL, state=Arrival.State.TAKEN)
    return sorted({one for one in [*theirs[:50], *wrote.values_list("sender", flat=True)[:50]] if one})


def _kept(case: Case, found: Completeness) -> Intake:
    """Return the row that pins the template's version, made now if there is none."""
    defaults = {"template": found.template.name, "version": found.template.version}
    return Intake.objects.get_or_create(case=case, defaults=defaults)[0]


@transaction.atomic
def score_intake(case: Case) -> Entry | None:
    """Count what was there when the case was acknowledged, once, and tell who filed it on the timeline."""
    case = lock(case.id)
    kept = _kept(case, completeness(case))
    if kept.scored_at is not None or case.acknowledged_at is None:
        return None
    rubric = current(IntakeRubric, case.organisation_id)
    evidence = case.artefacts.filter(received_at__lte=case.acknowledged_at).exists()
    found = score(rubric.value, words_of(case, case.acknowledged_at), evidence)
    kept.scored_at, kept.score = timezone.now(), found.points
    kept.save(update_fields=["scored_at", "score"])
    data = {
        "intake_score": found.points,
        "good": rubric.value.good,
        "rubric": rubric.version,
        "missing": found.missing,
        "source": case.source,
        "filed_by": case.declared_by.username,
    }
    text = f"Intake quality {found.points} of 100"
    text += f". {' '.join(found.advice)}" if found.advice else ", nothing is missing."
    return append(case, Kind.STATE, text, by=None, event="case.intake_scored", data=data)


@every(20, "intake quality")
def score_acknowledged() -> None:
    """Score what was acknowledged of late and is not scored yet."""
    since = timezone.now() - timedelta(days=7)
    unscored = Case.objects.filter(acknowledged_at__gt=since).exclude(intake__scored_at__isnull=False)
    for case in unscored.order_by("id")[:200]:
        score_intake(case)
