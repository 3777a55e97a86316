"""Letting evidence go: its key is destroyed, so that no copy anywhere opens again, and a certificate says so.

Custody, timeline and ledger stay: that the evidence was here, with which SHA-256, and who had it in hand. A legal
hold keeps everything, whatever a policy or a person says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.clocks.policy import ClockPolicy
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.outbox.commands import publish
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.vault import storage
from holdfast.desk.vault.models import Artefact, DataKey, Deletion, Grant, Hold, SealedObject
from holdfast.desk.vault.retention import RetentionPolicy
from holdfast.sealing import StoreFailed

EVENT = "case.evidence_kept"
ABOUT = "evidence/deletion"
_log = logging.getLogger("holdfast.vault")
_leftovers: list[Callable[[int], None]] = []


def when_deleted(heard: Callable[[int], None]) -> Callable[[int], None]:
    """Register who removes what a room keeps of a case's evidence; told the case's id, and may be told twice."""
    _leftovers.append(heard)
    return heard


def held(case: Case) -> Hold | None:
    """Return the legal hold that keeps a case's evidence, None for none."""
    return Hold.objects.filter(case=case, lifted_at=None).select_related("placed_by").first()


@transaction.atomic
def hold(case: Case, why: str, *, by: Person) -> Hold:
    """Place a legal hold: nothing of the evidence is deleted until it is lifted. Placed twice it is one."""
    case = allowed(case, by, Deed.DECIDE)
    if (there := held(case)) is not None:
        return there
    if Deletion.objects.filter(case=case).exists():
        raise Conflict("the evidence of this case was deleted; there is nothing left to hold")
    made = Hold.objects.create(case=case, why=words(why)[:2000], placed_by=by)
    text = f"Legal hold placed: {made.why}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data={"hold": made.id, "held": True})
    return made


@transaction.atomic
def lift(case: Case, reason: str, *, by: Person) -> Hold:
    """Lift the legal hold."""
    case = allowed(case, by, Deed.DECIDE)
    found = held(case)
    if found is None:
        raise Conflict("there is no legal hold on this case")
    found.lifted_by, found.lifted_at, found.lifted_because = by, timezone.now(), words(reason)[:2000]
    found.save(update_fields=["lifted_by", "lifted_at", "lifted_because"])
    text = f"Legal hold lifted: {found.lifted_because}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data={"hold": found.id, "held": False})
    return found


def details(case: Case) -> dict[str, Any]:
    """Return what exactly an approval of deleting is of: these artefacts and no other."""
    found = Artefact.objects.filter(case=case).order_by("id")
    return {"artefacts": [list(one) for one in found.values_list("id", "sha256")]}


@transaction.atomic
def request(case: Case, reason: str, *, by: Person) -> Decision | None:
    """Ask for the decision that deleting takes; None where the person decides it alone."""
    case = allowed(case, by, Deed.DECIDE)
    if alone(case, Right.PROCESS, by):
        return None
    question = Question(
        Right.PROCESS,
        f"Delete the evidence of {case.key} for good",
        about=ABOUT,
        reason=words(reason),
        risk="it cannot be brought back",
        undo="it cannot be undone",
        details=details(case),
    )
    return ask(case, question, by=by)


@guarded("delete the evidence of a case", Right.PROCESS)
def delete(case: Case, reason: str, *, by: Person) -> Deletion:
    """Destroy the key of a case's evidence and return the certificate."""
    case = allowed(case, by, Deed.DECIDE)
    decided = require(case, Right.PROCESS, by=by, about=ABOUT, details=details(case))
    return _deleted(case, words(reason), by, decided.data)


def _deleted(case: Case, reason: str, by: Person | None, more: dict[str, Any]) -> Deletion:
    if (hold := held(case)) is not None:
        raise Conflict(f"a legal hold of {hold.placed_at:%d %b %Y} keeps it: {hold.why}")
    if Deletion.objects.filter(case=case).exists():
        raise Conflict("the evidence of this case was deleted before; its certificate stands")
    artefacts = list(Artefact.objects.filter(case=case).order_by("id"))
    if not artefacts:
        raise Conflict("this case has no evidence")
    scope = storage.case_scope(case.id)
    if plain := [one.id for one in artefacts if not _sealed(scope, one)]:
        raise Conflict(f"artefact {plain[0]} is not sealed yet; `holdfast vault seal` first")
    now = timezone.now()
    certificate = _certificate(case, artefacts, reason, by, more)
    event = publish(
        "evidence.deleted", organisation_id=case.organisation_id, case_id=case.id, objects=len(artefacts)
    )
    made = Deletion.objects.create(
        case=case, at=now, by=by, reason=reason, certificate=certificate, event=event.id
    )
    DataKey.objects.filter(scope=scope).update(wrapped=b"", shredded_at=now)
    Grant.objects.filter(case=case, state__in=["asked", "open"]).update(state="ended", ended_at=now)
    for one in artefacts:
        Artefact.objects.filter(id=one.id).update(name=f"deleted-{one.id}")
    text = f"Evidence deleted for good, {len(artefacts)} artefacts: {reason}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data={"deletion": made.id, **more})
    transaction.on_commit(lambda: remove_left(case.id))
    return made


def _sealed(scope: str, artefact: Artefact) -> bool:
    return SealedObject.objects.filter(key__scope=scope, sha256=artefact.sha256).exists()


def _certificate(
    case: Case, artefacts: list[Artefact], reason: str, by: Person | None, more: dict[str, Any]
) -> dict[str, Any]:
    key = DataKey.objects.get(scope=storage.case_scope(case.id))
    return {
        "certificate": "Deletion of evidence",
        "case": case.key,
        "organisation": case.organisation.name,
        "deleted_at": timezone.now().astimezone(UTC).isoformat(),
        "by": by.title if by else "retention policy",
        "because": reason,
        "decision": more.get("decision"),
        "retention": more.get("retention"),
        "how": "The AES-256 key under which all of it was sealed was destroyed; then the sealed bytes were removed.",
        "key": {"scope": key.scope, "made_at": key.made_at.isoformat(), "wrapped_by": key.key_id},
        "artefacts": [
            {
                "id": one.id,
                "sha256": one.sha256,
                "size": one.size,
                "received_at": one.received_at.isoformat(),
            }
            for one in artefacts
        ],
    }


def remove_left(case_id: int) -> None:
    """Remove what is left of evidence whose key is destroyed: sealed bytes, readings, uploads. Safe to repeat."""
    for found in SealedObject.objects.select_related("key").filter(key__scope=storage.case_scope(case_id)):
        storage.store_of(found.key.region).delete(found.place)
        found.delete()
    storage.clear_arriving(storage.case_scope(case_id))
    for heard in _leftovers:
        heard(case_id)


@every(600, "what is left of deleted evidence")
def _remove_all_left() -> None:
    for scope in (
        SealedObject.objects.exclude(key__shredded_at=None).values_list("key__scope", flat=True).distinct()
    ):
        try:
            remove_left(int(scope.removeprefix("case-")))
        except StoreFailed:
            _log.exception("sealed bytes without a key could not be removed; they are tried again")


def _customer(case: Case) -> str:
    return case.customer.name if case.customer else ""


@every(3600, "evidence past its time")
def let_go() -> None:
    """Delete the evidence of closed cases whose time is over by the retention policy, unless it is held."""
    closed = Case.objects.exclude(closed_at=None).filter(artefacts__isnull=False, deletion__isnull=True)
    for case in closed.exclude(holds__lifted_at=None, holds__isnull=False).distinct().order_by("id")[:500]:
        policy = current(RetentionPolicy, case.organisation_id)
        contract, _ = current(ClockPolicy, case.organisation_id).value.contract(_customer(case))
        keeps = policy.value.keeps(case.severity, contract)
        if keeps is None or case.closed_at is None or case.closed_at + keeps > timezone.now():
            continue
        try:
            with transaction.atomic():
                reason = f"kept for {keeps.days} days after closing, by {policy.label}"
                _deleted(lock(case.id), reason, None, {"retention": policy.version})
        except Conflict:
            _log.exception("evidence past its time could not be deleted", extra={"case": case.key})
