"""Closing, reopening, writing down what was learned, answering the survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, change_state, when_moving, words
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.states import OPEN, State
from holdfast.desk.cases.timeline import append, lock, when_told
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.clocks.story import Step
from holdfast.desk.closure.models import Survey
from holdfast.desk.closure.policy import ClosurePolicy, ClosureValue
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed, Role
from holdfast.desk.policies.queries import current

ITEMS = ("cause", "article", "ticket", "actions")
_SALT = "holdfast.survey"


@when_moving
def _only_by_closing(case: Case, to: str, more: Mapping[str, Any]) -> None:
    """Keep a case from being closed past the checks below."""
    if to == State.CLOSED and "confirmation" not in more:
        raise Conflict(
            f"{case.key} is closed on its page Closing, with the customer's word or a stated reason"
        )


@transaction.atomic
def learn(case: Case, item: str, text: str, *, by: Person, needed: bool = True) -> Entry:
    """Write down the cause, the article, the ticket or the actions; or why none is needed."""
    case = allowed(case, by, Deed.RECORD)
    if item not in ITEMS:
        raise Conflict(f"there is no {item}; {', '.join(ITEMS)} are learned")
    said = words(text)
    data = {"learned": item, "needed": needed}
    told = said if needed else f"Not needed: {said}"
    return append(case, Kind.FACT, f"{item.capitalize()}: {told}", by=by, event="case.learned", data=data)


def learned(case: Case) -> dict[str, Entry]:
    """Return the newest of what was learned, by item; a ticket that was filed is one that need not be written down."""
    written = Q(kind=Kind.FACT, data__has_key="learned") | Q(kind=Kind.STATE, data__has_key="ticketed")
    found: dict[str, Entry] = {}
    for entry in case.entries.filter(written).order_by("position"):
        if "learned" in entry.data:
            found[entry.data["learned"]] = entry
        elif entry.data["ticketed"]:
            found["ticket"] = entry
        elif "ticketed" in found.get("ticket", entry).data:  # withdrawn
            found.pop("ticket", None)
    return found


def missing(case: Case, policy: ClosureValue) -> list[str]:
    """Return the items of the checklist nobody has written."""
    known = learned(case)
    return [item for item in policy.checklist[case.severity] if item not in known]


@transaction.atomic
def close(case: Case, *, by: Person, confirmed: str = "", reason: str = "") -> Case:
    """Close a resolved case on the customer's word (`confirmed`: who said so, how) or for a stated reason."""
    case = allowed(case, by, Deed.CHANGE_STATE)
    if case.state != State.RESOLVED:
        raise Conflict(f"{case.key} is {case.get_state_display().lower()}; resolve it first")
    policy = current(ClosurePolicy, case.organisation_id)
    if lacking := missing(case, policy.value):
        raise Conflict(f"not learned yet: {', '.join(lacking)}; write each down, or why it is not needed")
    told, more = _ending(case, policy.value, confirmed.strip(), reason)
    more |= {"closure": policy.version, "reopened_within_days": policy.value.reopened_within_days}
    case = change_state(case, State.CLOSED, by=by, reason=told, more=more)
    _ask(case, policy.value)
    return case


def _ending(case: Case, policy: ClosureValue, confirmed: str, reason: str) -> tuple[str, dict[str, Any]]:
    if customers_word(case):
        return f"Confirmed by the customer. {confirmed}".strip(), {"confirmation": "customer"}
    if confirmed:
        return f"Confirmed by the customer: {confirmed}", {"confirmation": "customer"}
    known = policy.reasons.get(reason)
    if known is None:
        ways = ", ".join(policy.reasons)
        raise Conflict(f"say how the customer confirmed it, or one of the stated reasons: {ways}")
    _require_silence(case, known.days)
    return f"Closed without the customer's word: {known.says}", {"confirmation": reason}


def _require_silence(case: Case, days: int | None) -> None:
    since = max(moment for moment in (case.state_at or case.reported_at, case.customer_at) if moment)
    if days is not None and timezone.now() < since + timedelta(days=days):
        ends = since + timedelta(days=days)
        raise Conflict(f"the customer has until {ends:%d %b %H:%M} UTC to answer")


def customers_word(case: Case) -> Entry | None:
    """Return the entry by which the customer confirmed the present resolution."""
    found = case.entries.filter(
        data__resolution="confirmed", happened_at__gte=case.state_at or case.reported_at
    )
    return found.order_by("-position").first()


@transaction.atomic
def judge(case: Case, *, by: Person, solved: bool, text: str = "") -> Case:
    """Say as the customer whether it is solved. If not, the case is reopened."""
    case = allowed(case, by, Deed.COMMENT)
    if case.allows(by, Deed.SEE_INTERNAL):
        raise Conflict("this is the customer's to say; write down their word when you close it")
    if case.state not in (State.RESOLVED, State.CLOSED):
        raise Conflict("it is not resolved yet")
    said = "Solved" if solved else "Not solved"
    data = {"resolution": "confirmed" if solved else "rejected"}
    told = f"{said}: {text.strip()}" if text.strip() else said
    append(case, Kind.COMMENT, told, by=by, event="case.judged", data=data, shared=True)
    return case if solved else _reopened(case, "the customer says it is not solved", None)


@transaction.atomic
def reopen(case: Case, reason: str, *, by: Person) -> Case:
    """Reopen a resolved or closed case, with the reason."""
    case = allowed(case, by, Deed.CHANGE_STATE)
    if case.state in OPEN:
        raise Conflict(f"{case.key} is open")
    return _reopened(case, words(reason), by)


def _reopened(case: Case, reason: str, by: Person | None) -> Case:
    return change_state(case, State.DIAGNOSING, by=by, reason=f"Reopened: {reason}", more={"reopened": True})


@when_told
def notice_comeback(case: Case, steps: Sequence[Step], _: Sequence[Clock], now: datetime) -> None:  # noqa: ARG001
    """Tell who answers for a resolved case that its customer wrote again: it may be back."""
    last = steps[-1] if steps else None
    if (
        last is None
        or case.state in (*OPEN, State.MERGED)
        or not last.from_customer
        or "resolution" in last.data
    ):
        return
    if last.position != case.entries_count or "satisfaction" in last.data:
        return
    owner = [case.owner] if case.owner else []
    leads = {"memberships__organisation": case.organisation_id, "memberships__role": Role.LEAD}
    for person in owner or Person.objects.filter(is_active=True, **leads):
        notify(
            person,
            case,
            f"{case.key} is {case.state}, and its customer wrote again. Reopen it?",
            f"back/{last.position}",
        )


def _ask(case: Case, policy: ClosureValue) -> None:
    if case.severity not in policy.survey.severities:
        return
    ends = timezone.now() + timedelta(days=policy.survey.days)
    survey = Survey.objects.create(case=case, expires_at=ends)
    publish("survey.asked", organisation_id=case.organisation_id, survey=survey.id)


def address_of(survey: Survey) -> str:
    """Return the signed part of a survey's address."""
    return signing.Signer(salt=_SALT).sign(str(survey.id))


def survey_of(signed: str) -> Survey:
    """Return the survey of an address; ObjectDoesNotExist when the signature is not ours."""
    try:
        number = signing.Signer(salt=_SALT).unsign(signed)
    except signing.BadSignature as error:
        raise ObjectDoesNotExist from error
    return Survey.objects.select_related("case__organisation").get(id=int(number))


@transaction.atomic
def answer_survey(survey: Survey, score: int, text: str = "") -> None:
    """Keep the customer's answer on the timeline; the link then takes no other."""
    if score not in {1, 2, 3, 4, 5}:
        raise Conflict("the score is 1, 2, 3, 4 or 5")
    now = timezone.now()
    # The update decides between two answers that come at once: only one of them changes the row.
    mine = Survey.objects.filter(id=survey.id, answered_at=None, expires_at__gt=now)
    if not mine.update(answered_at=now, score=score):
        raise Conflict("this was answered before, or is too old")
    case = lock(survey.case_id)
    told = f"Satisfaction {score} of 5" + (f": {text.strip()[:4000]}" if text.strip() else "")
    data = {"satisfaction": score, "side": "customer"}
    append(case, Kind.COMMENT, told, by=None, event="case.survey", data=data, shared=True)
