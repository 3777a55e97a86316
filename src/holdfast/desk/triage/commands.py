"""Answering the matrix, confirming a severity, disputing it, settling the dispute; who is affected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from holdfast.desk.cases.commands import Conflict, allowed, require_right, words
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.commands import Question, ask, when_decided
from holdfast.desk.decisions.commands import close as close_decision
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.models import State as Asked
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.triage.matrix import Impact, SeverityMatrix, Workaround, recommend

ABOUT = "severity"
SCOPES = ("customers", "tenants", "regions", "versions")
MOST_NAMES, LONGEST_NAME = 200, 120


class Answers(BaseModel):
    """Answers to the matrix's questions; null where nobody knows yet."""

    model_config = ConfigDict(extra="forbid")
    impact: Impact | None = None
    workaround: Workaround | None = None
    customers: int | None = Field(default=None, ge=0, le=10**9)
    revenue_at_risk: int | None = Field(default=None, ge=0, le=10**15)
    security: bool | None = None
    regulation: bool | None = None


@transaction.atomic
def answer(case: Case, answers: Answers, *, by: Person) -> Case:
    """Keep the answers and say what the matrix recommends now. What is left null stays as it was."""
    case = allowed(case, by, Deed.RECORD)
    given = answers.model_dump(exclude_none=True)
    changed = {name: value for name, value in given.items() if case.criteria.get(name) != value}
    if not changed:
        return case
    case.criteria = case.criteria | changed
    policy = current(SeverityMatrix, case.organisation_id)
    said = recommend(policy.value, case.criteria)
    data = {"criteria": changed, "recommended": said.severity, "rules": said.rules, "matrix": policy.version}
    append(case, Kind.FACT, f"Recommended {said.sentence}", by=by, event="case.criteria", data=data)
    return case


@transaction.atomic
def confirm(case: Case, severity: int, *, by: Person, reason: str = "") -> Case:
    """Confirm a severity. Another than the recommended or the present one needs a reason."""
    case = allowed(case, by, Deed.RAISE_SEVERITY)
    if severity not in {1, 2, 3, 4}:
        raise Conflict("severity is 1, 2, 3 or 4")
    if case.disputed:
        raise Conflict("the severity is disputed; settle the dispute first")
    policy = current(SeverityMatrix, case.organisation_id)
    said = recommend(policy.value, case.criteria)
    reason = reason.strip()
    if severity != said.severity and not reason:
        raise Conflict(f"the matrix recommends Sev {said.severity}; say why it is Sev {severity}")
    _decide(
        case, severity, reason or said.sentence, by, {"recommended": said.severity, "matrix": policy.version}
    )
    return case


@transaction.atomic
def answer_and_confirm(case: Case, answers: Answers, *, by: Person) -> Case:
    """Answer the matrix and, where it recommends the severity the case has, confirm it in the same breath.

    Where it recommends another the answers are kept and nothing is confirmed: that is looked at first.
    """
    require_right(case, by, Deed.RAISE_SEVERITY)
    case = answer(case, answers, by=by)
    policy = current(SeverityMatrix, case.organisation_id)
    if recommend(policy.value, case.criteria).severity == case.severity and not case.disputed:
        return confirm(case, case.severity, by=by)
    return case


def _decide(case: Case, severity: int, reason: str, by: Person, more: Mapping[str, Any]) -> None:
    before, case.severity = case.severity, severity
    case.confirmed_at, case.disputed = timezone.now(), False
    data = change(case, "severity", before, severity) | {
        "confirmed": True,
        "asked": case.asked_severity,
        **more,
    }
    append(
        case,
        Kind.DECISION,
        reason,
        by=by,
        event="case.severity",
        data=data,
        outside=f"Severity {severity} confirmed",
    )


@transaction.atomic
def dispute(case: Case, proposed: int, *, by: Person, reason: str) -> Case:
    """Say that the severity is wrong. It becomes a decision of others; until then nothing changes."""
    case = allowed(case, by, Deed.COMMENT)
    if not case.allows(by, Deed.SEE_INTERNAL):
        raise PermissionDenied("ask the team to look at the severity; a comment reaches them")
    if proposed not in {1, 2, 3, 4} or proposed == case.severity:
        raise Conflict(f"say which severity it should be; now it is {case.severity}")
    text, opened = words(reason), open_dispute(case)
    if opened is not None:
        return _joined(case, opened, proposed, text, by)
    case.disputed = True
    data = {"dispute": "open", "proposed": proposed, "severity": case.severity}
    append(case, Kind.DECISION, text, by=by, event="case.disputed", data=data)
    return _put_before_others(case, proposed, text, by)


def _put_before_others(case: Case, proposed: int, reason: str, by: Person) -> Case:
    what = f"Sev {proposed} instead of Sev {case.severity}"
    details = {"to": proposed}
    ask(
        case,
        Question(Right.SEVERITY, what, about=ABOUT, reason=reason, details=details, to_others=True),
        by=by,
    )
    return lock(case.id)


def _joined(case: Case, opened: Entry, proposed: int, text: str, by: Person) -> Case:
    """Add a voice to an open dispute; another proposal has to be argued before the lead decides this one."""
    if opened.data["proposed"] != proposed:
        raise Conflict(
            f"{opened.author} disputes it already, for Sev {opened.data['proposed']}; write a comment for the lead"
        )
    data = {"dispute": "joined", "joins": opened.position}
    append(case, Kind.COMMENT, text, by=by, event="case.comment", data=data)
    return _put_before_others(case, proposed, text, by)


@guarded("settle a disputed severity", Right.SEVERITY)
def settle(case: Case, severity: int, *, by: Person, reason: str) -> Case:
    """Decide a dispute, for whoever was right, with the reason."""
    case = allowed(case, by, Deed.COMMENT)
    if not case.disputed:
        raise Conflict("nothing is disputed here")
    if severity not in {1, 2, 3, 4}:
        raise Conflict("severity is 1, 2, 3 or 4")
    text = words(reason)
    decided = require(case, Right.SEVERITY, by=by, about=ABOUT, details={"to": severity})
    waits = Decision.objects.filter(case=case, right=Right.SEVERITY, about=ABOUT, state=Asked.WAITING)
    for one in waits.order_by("number"):
        state = Asked.TAKEN if one.details["to"] == severity else Asked.REFUSED
        close_decision(case, one, state, by=by, text=f"{one} {state}: settled as Sev {severity}")
    _settled(case, severity, text, by, decided.data)
    return case


def _settled(case: Case, severity: int, reason: str, by: Person, more: Mapping[str, Any]) -> None:
    opened = open_dispute(case)
    data = {"dispute": "settled", "settles": opened.position if opened else 0, **more}
    _decide(case, severity, reason, by, data)


@when_decided
def settle_by_decision(case: Case, decision: Decision, by: Person) -> None:
    """Settle the dispute when the decision it waits for is given: as proposed, or as it was."""
    if decision.right != Right.SEVERITY or decision.about != ABOUT or not case.disputed:
        return
    voice = decision.voices.order_by("-id").first()
    reason = (voice.text if voice else "") or decision.reason
    if decision.state == Asked.REFUSED:
        _settled(case, case.severity, reason, by, {"decision": decision.number})
        return
    to = decision.details["to"]
    decided = require(case, Right.SEVERITY, by=by, about=ABOUT, details={"to": to})
    _settled(case, to, reason, by, decided.data)


def open_dispute(case: Case) -> Entry | None:
    """Return the entry that disputes the severity, None when nothing is disputed."""
    if not case.disputed:
        return None
    return case.entries.filter(kind=Kind.DECISION, data__dispute="open").order_by("-position").first()


@transaction.atomic
def set_scope(
    case: Case,
    after: Mapping[str, Sequence[str]],
    *,
    by: Person,
    before: Mapping[str, Sequence[str]] | None = None,
) -> Case:
    """Say who and what is affected. `before` is what the writer saw: only what they added or took away is
    applied, so that two who write at once both keep theirs."""
    case = allowed(case, by, Deed.RECORD)
    unknown = set(after) - set(SCOPES)
    if unknown:
        raise Conflict(f"there is no scope of {', '.join(sorted(unknown))}; {', '.join(SCOPES)} are known")
    scope = {name: list(case.scope.get(name, ())) for name in SCOPES}
    seen = scope if before is None else before
    for name, names in after.items():
        scope[name] = _merged(scope[name], _names(seen.get(name, ())), _names(names))
    changed = [name for name in SCOPES if scope[name] != case.scope.get(name, [])]
    was, case.scope = case.scope, scope
    for name in changed:
        old, new = ", ".join(was.get(name, [])), ", ".join(scope[name])
        data = change(case, name, old or None, new or None) | {"scope": name, "names": scope[name]}
        append(
            case, Kind.FACT, _told(name, was.get(name, []), scope[name]), by=by, event="case.scope", data=data
        )
    return case


def _names(names: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(kept) > MOST_NAMES or any(len(name) > LONGEST_NAME for name in kept):
        raise Conflict(f"at most {MOST_NAMES} names of {LONGEST_NAME} characters; give the rest as a count")
    return kept


def _merged(present: list[str], seen: list[str], wanted: list[str]) -> list[str]:
    gone = set(seen) - set(wanted)
    return [name for name in present if name not in gone] + [
        n for n in wanted if n not in present and n not in seen
    ]


def _told(name: str, was: Sequence[str], now: Sequence[str]) -> str:
    added, gone = [n for n in now if n not in was], [n for n in was if n not in now]
    parts = [
        f"{word} {', '.join(names[:10])}" for word, names in (("with", added), ("without", gone)) if names
    ]
    return f"Affected {name}: {len(now)}, now {' and '.join(parts)}"


def answers_from(form: Mapping[str, str]) -> Answers:
    """Return the answers of a form; an empty field is a question nobody answered."""
    yes = {"yes": True, "no": False}
    given: dict[str, Any] = {name: form[name] for name in ("impact", "workaround") if form.get(name)}
    given |= {name: yes[form[name]] for name in ("security", "regulation") if form.get(name) in yes}
    for name in ("customers", "revenue_at_risk"):
        text = form.get(name, "").replace(" ", "").replace(",", "")
        if text:
            given[name] = text
    try:
        return Answers(**given)
    except ValidationError as error:
        first = error.errors()[0]
        raise Conflict(f"{first['loc'][0]}: {first['msg']}") from error
