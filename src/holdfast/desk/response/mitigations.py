"""Deeds on mitigations: propose, start, verify, roll back, extend, replace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, change_state, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.states import MOVES, State
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.clocks.policy import length
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed, Role
from holdfast.desk.policies.queries import current
from holdfast.desk.response.models import LIVE, Mitigation, Sample, Standing
from holdfast.desk.response.patterns import RIGHT, MitigationPatterns
from holdfast.desk.response.probing import Seen, probe_from

EVENT = "case.mitigation"
JOB = "probe-mitigation"
RISKS = ("low", "medium", "high")
LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is said when a mitigation is proposed; what is left empty comes from the pattern."""

    pattern: str
    what: str
    undo: str = ""
    changes: str = ""
    risk: str = ""
    probe: dict[str, Any] = field(default_factory=dict)


def mitigation_of(case: Case, number: int) -> Mitigation:
    """Return M-1, M-2, ... of a case."""
    return Mitigation.objects.select_related("owner").get(case_id=case.id, number=min(number, 2**31 - 1))


def right_of(mitigation: Mitigation) -> Right:
    """Return whose decision starting it is."""
    return RIGHT[mitigation.risk]


def about(mitigation: Mitigation) -> str:
    """Return what its decision calls it."""
    return f"mitigation/{mitigation.number}"


def details(mitigation: Mitigation) -> dict[str, Any]:
    """Return what exactly an approval of it is of."""
    return {"pattern": mitigation.pattern, "what": mitigation.what, "undo": mitigation.undo}


@transaction.atomic
def propose(case: Case, said: Proposal, *, by: Person) -> Mitigation:
    """Write a mitigation down and ask for the decision it needs. A lower risk than the pattern's needs no leave
    to be named higher, but never the other way round."""
    case = allowed(case, by, Deed.RECORD)
    policy = current(MitigationPatterns, case.organisation_id)
    pattern = policy.value.patterns.get(said.pattern)
    if pattern is None:
        known = ", ".join(policy.value.patterns)
        raise Conflict(
            f"there is no pattern {said.pattern or 'given'}; {known} are known; you wrote “{said.what}”"
        )
    risk = said.risk or pattern.risk
    if risk not in RISKS or RISKS.index(risk) < RISKS.index(pattern.risk):
        raise Conflict(f"the risk of {said.pattern} is {pattern.risk}; name a higher one, or none")
    made = Mitigation.objects.create(
        case=case,
        number=(case.mitigations.aggregate(most=Max("number"))["most"] or 0) + 1,
        pattern=said.pattern,
        what=words(said.what),
        risk=risk,
        reversible=pattern.reversible,
        undo=said.undo.strip() or "; ".join(pattern.rollback),
        changes=(said.changes.strip() or pattern.watch)[:200],
        probe=probe_from(said.probe) if said.probe else {},
        policy=policy.version,
        owner=by,
    )
    data = change(case, str(made), None, Standing.PROPOSED) | _told(made) | {"probe": _exact(made.probe)}
    append(case, Kind.ACTION, f"{made} proposed: {made.what}", by=by, event=EVENT, data=data)
    if made.probe:
        _enqueue(case, made, "before")
    if not alone(case, right_of(made), by):
        question = Question(
            right_of(made),
            f"Start {made}, {made.pattern}: {made.what}",
            about=about(made),
            risk=made.risk,
            undo=made.undo,
            details=details(made),
        )
        ask(case, question, by=by)
    return made


def _told(mitigation: Mitigation) -> dict[str, Any]:
    return {
        "mitigation": mitigation.number,
        "pattern": mitigation.pattern,
        "risk": mitigation.risk,
        "patterns": mitigation.policy,
    }


def _exact(value: Any) -> Any:
    """Return what a timeline can keep: floats as text."""
    if isinstance(value, dict):
        return {name: _exact(one) for name, one in value.items()}
    return f"{value:g}" if isinstance(value, float) else value


@transaction.atomic
def set_probe(mitigation: Mitigation, probe: dict[str, Any], *, by: Person) -> Mitigation:
    """Say how it is verified; before it is verified, so that nobody chooses the test by its result."""
    case, mitigation = _held(mitigation, by)
    if mitigation.state not in (Standing.PROPOSED, Standing.STARTED):
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; its probe stays as it was")
    before, mitigation.probe = mitigation.probe, probe_from(probe)
    mitigation.save(update_fields=["probe"])
    data = _told(mitigation) | {"probe": _exact(mitigation.probe), "was": _exact(before)}
    append(
        case, Kind.ACTION, f"{mitigation} is verified by {_probe(mitigation)}", by=by, event=EVENT, data=data
    )
    if mitigation.state == Standing.PROPOSED:
        _enqueue(case, mitigation, "before")
    return mitigation


def _probe(mitigation: Mitigation) -> str:
    probe = mitigation.probe
    place = probe.get("url") or probe.get("component") or probe.get("text") or probe.get("command") or ""
    return f"{probe.get('kind', 'nothing')} {place}".strip()


@guarded("start a mitigation", Right.SAFE_CHANGE, Right.CHANGE, Right.RISKY_CHANGE)
def start(mitigation: Mitigation, *, by: Person | None) -> Mitigation:
    """Say that it is being put in place, by the decision its risk needs. From now on it is live and expires."""
    case, mitigation = _held(mitigation, by)
    if mitigation.state != Standing.PROPOSED:
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; propose another")
    decided = require(case, right_of(mitigation), by=by, about=about(mitigation), details=details(mitigation))
    policy = current(MitigationPatterns, case.organisation_id)
    pattern = policy.value.patterns.get(mitigation.pattern)
    now = timezone.now()
    mitigation.started_at, mitigation.owner = now, by or mitigation.owner
    mitigation.expires_at = now + (length(pattern.expires) if pattern else timedelta(days=1))
    mitigation.next_sample_at = now if mitigation.probe else None
    mitigation.save(update_fields=["started_at", "owner_id", "expires_at", "next_sample_at"])
    until = f"{mitigation.expires_at:%d %b %H:%M} UTC"
    text = f"{mitigation} started: {mitigation.what}. It may stay until {until}"
    _move(case, mitigation, Standing.STARTED, text, by, decided.data)
    return mitigation


def _move(
    case: Case, mitigation: Mitigation, to: Standing, text: str, by: Person | None, more: dict[str, Any]
) -> None:
    before, mitigation.state = mitigation.state, to
    mitigation.save(update_fields=["state"])
    data = change(case, str(mitigation), before, to) | _told(mitigation) | more
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)


@transaction.atomic
def verify(mitigation: Mitigation, *, by: Person) -> Job:
    """Have its probe run as often as it says; the outcome decides whether it held."""
    case, mitigation = _held(mitigation, by)
    if mitigation.state not in (Standing.STARTED, Standing.HELD, Standing.FAILED):
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; start it first")
    if not mitigation.probe:
        raise Conflict(f"{mitigation} has no probe; set one, or say yourself what was observed")
    running = Job.objects.filter(kind=JOB, case_id=case.id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    mine = running.filter(payload__mitigation=mitigation.id, payload__purpose="verify")
    if (job := mine.first()) is not None:
        return job
    return _enqueue(case, mitigation, "verify")


def _enqueue(case: Case, mitigation: Mitigation, purpose: str) -> Job:
    payload = {"mitigation": mitigation.id, "purpose": purpose}
    return enqueue(JOB, payload, organisation_id=case.organisation_id, case_id=case.id)


@transaction.atomic
def judge(mitigation: Mitigation, held: bool, observed: str, *, by: Person) -> Mitigation:
    """Say yourself whether it held, with what was observed; for what no probe can see."""
    case, mitigation = _held(mitigation, by)
    if mitigation.state not in (Standing.STARTED, Standing.HELD, Standing.FAILED):
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; start it first")
    said = words(observed)
    Sample.objects.create(
        mitigation=mitigation, outcome="passed" if held else "failed", text=said[:400], verifies=True
    )
    _conclude(case, mitigation, held, said, by)
    return mitigation


@transaction.atomic
def keep_samples(mitigation_id: int, seen: list[Seen], *, verifies: bool) -> None:
    """Keep what a probe saw; where it verifies, let it decide. Nothing inconclusive ever counts as held."""
    found = Mitigation.objects.get(id=mitigation_id)
    case = lock(found.case_id)
    mitigation = Mitigation.objects.select_related("owner").get(id=mitigation_id)
    Sample.objects.bulk_create(
        Sample(
            mitigation=mitigation,
            outcome=one.outcome,
            value=one.value,
            unit=one.unit[:12],
            text=one.text.replace("\x00", "\ufffd")[:400],
            verifies=verifies,
        )
        for one in seen
    )
    if not verifies or mitigation.state not in (Standing.STARTED, Standing.HELD, Standing.FAILED):
        return
    if any(one.outcome == "failed" for one in seen):
        worst = next(one for one in seen if one.outcome == "failed")
        _conclude(case, mitigation, held=False, said=worst.text, by=None)
    elif seen and all(one.outcome == "passed" for one in seen):
        _conclude(case, mitigation, held=True, said=f"{len(seen)} of {len(seen)}: {seen[-1].text}", by=None)
    else:
        _inconclusive(case, mitigation, next((one for one in seen if one.outcome != "passed"), None))


def _inconclusive(case: Case, mitigation: Mitigation, seen: Seen | None) -> None:
    text = (
        f"{mitigation} probe inconclusive: {seen.text if seen else 'it saw nothing'}. It is not known to hold"
    )
    data = _told(mitigation) | {"outcome": "inconclusive"}
    entry = append(case, Kind.FACT, text, by=None, event=EVENT, data=data)
    notify(mitigation.owner, case, f"{case.key} {text}", f"mitigation/{mitigation.number}/{entry.position}")


def _conclude(case: Case, mitigation: Mitigation, held: bool, said: str, by: Person | None) -> None:
    to = Standing.HELD if held else Standing.FAILED
    if mitigation.state == to:
        return
    if held:
        mitigation.held_at = timezone.now()
        mitigation.save(update_fields=["held_at"])
    word = "held" if held else "did not hold; roll it back"
    _move(case, mitigation, to, f"{mitigation} {word}: {said}", by, {"held": held})
    if held:
        _mitigated(case, mitigation)
    else:
        text = f"{case.key} {mitigation} did not hold: {said}"
        notify(mitigation.owner, case, text, f"mitigation/{mitigation.number}/{case.entries_count}")
        _no_longer_mitigated(case, mitigation)


def _mitigated(case: Case, mitigation: Mitigation) -> None:
    """The first that held mitigates the case: its state and its clock say the same."""
    if case.state == State.NEW:
        case = change_state(case, State.DIAGNOSING, by=None, reason=f"{mitigation} is in place")
    if State.MITIGATED in MOVES[case.state]:
        more = {"mitigation": mitigation.number}
        change_state(case, State.MITIGATED, by=None, reason=f"Mitigated by {mitigation}", more=more)


def _no_longer_mitigated(case: Case, mitigation: Mitigation) -> None:
    others = case.mitigations.filter(state=Standing.HELD).exclude(id=mitigation.id)
    if case.state == State.MITIGATED and mitigation.held_at is not None and not others.exists():
        more = {"mitigation": mitigation.number}
        reason = f"{mitigation} no longer mitigates it"
        change_state(case, State.DIAGNOSING, by=None, reason=reason, more=more)


@transaction.atomic
def roll_back(mitigation: Mitigation, worked: bool, text: str, *, by: Person) -> Mitigation:
    """Say that it was undone, or that undoing it failed: leads and managers then hear at once."""
    case, mitigation = _held(mitigation, by)
    if not mitigation.live:
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; there is nothing to undo")
    if not mitigation.reversible and worked:
        raise Conflict(f"{mitigation} cannot be undone, its pattern says; say what took its place instead")
    said = words(text)
    if worked:
        mitigation.ended_at = timezone.now()
        mitigation.save(update_fields=["ended_at"])
        _move(case, mitigation, Standing.ROLLED_BACK, f"{mitigation} rolled back: {said}", by, {})
    else:
        shout = f"{mitigation} ROLLBACK FAILED: {said}"
        if mitigation.state == Standing.STUCK:
            append(case, Kind.FACT, shout, by=by, event=EVENT, data=_told(mitigation))
        else:
            _move(case, mitigation, Standing.STUCK, shout, by, {"rollback": "failed"})
        for person in {one.id: one for one in [mitigation.owner, *leading(case)]}.values():
            notify(
                person,
                case,
                f"ALARM {case.key} {shout}",
                f"mitigation/{mitigation.number}/{case.entries_count}",
            )
    _no_longer_mitigated(case, mitigation)
    return mitigation


def leading(case: Case) -> list[Person]:
    """Return the leads and managers of a case's organisation."""
    roles = {"memberships__role__in": [Role.LEAD, Role.MANAGER]}
    mine = Person.objects.filter(is_active=True, memberships__organisation=case.organisation_id, **roles)
    return list(mine.distinct())


@transaction.atomic
def extend(mitigation: Mitigation, until: datetime | None, reason: str, *, by: Person) -> Mitigation:
    """Let it stay longer, with the reason."""
    case, mitigation = _held(mitigation, by)
    if not mitigation.live:
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()}; nothing expires")
    if until is None or until.tzinfo is None:
        raise Conflict("say until when, with the zone, like 2026-03-01T10:56:00Z")
    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise Conflict(f"a temporary fix may stay up to {LONGEST.days} days from now; then look at it again")
    said, before = words(reason), mitigation.expires_at
    mitigation.expires_at, mitigation.warned_at, mitigation.expired_at = until, None, None
    mitigation.save(update_fields=["expires_at", "warned_at", "expired_at"])
    data = change(case, f"{mitigation} may stay until", _iso(before), _iso(until)) | _told(mitigation)
    append(case, Kind.DECISION, f"{mitigation} stays longer: {said}", by=by, event=EVENT, data=data)
    return mitigation


def _iso(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


@transaction.atomic
def replace(mitigation: Mitigation, text: str, *, by: Person) -> Mitigation:
    """Say what lasting repair took its place; or that a proposed one is not wanted."""
    case, mitigation = _held(mitigation, by)
    said = words(text)
    if mitigation.state == Standing.PROPOSED:
        _move(case, mitigation, Standing.DROPPED, f"{mitigation} dropped: {said}", by, {})
        return mitigation
    if not mitigation.live:
        raise Conflict(f"{mitigation} is {mitigation.get_state_display().lower()} already")
    mitigation.ended_at = timezone.now()
    mitigation.save(update_fields=["ended_at"])
    _move(case, mitigation, Standing.REPLACED, f"{mitigation} replaced: {said}", by, {})
    return mitigation


def decision_for(mitigation: Mitigation) -> Decision | None:
    """Return the newest decision on starting it."""
    found = Decision.objects.filter(case_id=mitigation.case_id, about=about(mitigation))
    return found.order_by("-number").first()


def live_on(case: Case) -> list[Mitigation]:
    """Return the temporary fixes in place on a case."""
    return list(case.mitigations.filter(state__in=LIVE).select_related("owner").order_by("number"))


def _held(mitigation: Mitigation, by: Person | None) -> tuple[Case, Mitigation]:
    """Return the case, locked, and the mitigation as it is by now."""
    case = Case.objects.select_related("organisation").get(id=mitigation.case_id)
    case = allowed(case, by, Deed.RECORD) if by else lock(case.id)
    return case, Mitigation.objects.select_related("owner").get(id=mitigation.id)
