"""The rounds: mitigations that expire, actions over their time, receivers who say nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.models import Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.clocks.policy import length
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.rounds import every
from holdfast.desk.policies.queries import current
from holdfast.desk.response.handing import tell_silent
from holdfast.desk.response.jobs import WATCH_KINDS, next_look
from holdfast.desk.response.mitigations import EVENT, JOB, leading
from holdfast.desk.response.models import LIVE, Action, Ended, HandOver, Mitigation, Passing
from holdfast.desk.response.patterns import MitigationPatterns
from holdfast.desk.response.room import tell_overdue

BATCH = 200
LONGEST_WARNING = timedelta(days=7)


@every(15, "live mitigations")
def watch() -> None:
    """Attend to those about which something is due."""
    now = timezone.now()
    live = Mitigation.objects.filter(state__in=LIVE)
    soon = live.filter(expires_at__lte=now + LONGEST_WARNING, expired_at=None).order_by("expires_at")
    for number in soon.values_list("id", flat=True)[:BATCH]:
        attend(number)
    due = live.filter(next_sample_at__lte=now, probe__kind__in=WATCH_KINDS).order_by("next_sample_at")
    for number in due.values_list("id", flat=True)[:BATCH]:
        look(number)


@transaction.atomic
def attend(mitigation_id: int) -> None:
    """Warn before a mitigation expires, and say once that it did."""
    found = Mitigation.objects.get(id=mitigation_id)
    case = lock(found.case_id)
    one = Mitigation.objects.select_related("owner").get(id=mitigation_id)
    now = timezone.now()
    if not one.live or one.expires_at is None or one.expired_at is not None:
        return
    if one.expires_at <= now:
        one.expired_at = now
        one.save(update_fields=["expired_at"])
        said = f"{one} is in place longer than it may be: {one.what}. Extend it, roll it back or replace it"
        data = {"mitigation": one.number, "expired": True}
        append(case, Kind.FACT, said, by=None, event=EVENT, data=data, happened_at=one.expires_at)
        for person in {person.id: person for person in [one.owner, *leading(case)]}.values():
            notify(person, case, f"{case.key} {said}", f"mitigation/{one.number}/expired/{one.expires_at:%s}")
        return
    before = length(current(MitigationPatterns, case.organisation_id).value.warn_before)
    if one.warned_at is None and one.expires_at <= now + before:
        one.warned_at = now
        one.save(update_fields=["warned_at"])
        said = f"{case.key} {one} may stay until {one.expires_at:%d %b %H:%M} UTC: {one.what}"
        notify(one.owner, case, said, f"mitigation/{one.number}/expires/{one.expires_at:%s}")


@transaction.atomic
def look(mitigation_id: int) -> None:
    """Have the signal of a live mitigation looked at; it only draws, it does not judge."""
    now = timezone.now()
    one = Mitigation.objects.select_related("case").get(id=mitigation_id)
    due = now + timedelta(seconds=next_look(one, now))
    if Mitigation.objects.filter(id=one.id, next_sample_at__lte=now).update(next_sample_at=due):
        payload = {"mitigation": one.id, "purpose": "watch"}
        enqueue(JOB, payload, organisation_id=one.case.organisation_id, case_id=one.case_id)


@every(10, "actions over their time")
def watch_actions() -> None:
    """Say of each once that its time is over."""
    due = Action.objects.filter(state=Ended.RUNNING, due_at__lte=timezone.now(), told_at=None)
    for number in due.order_by("due_at").values_list("id", flat=True)[:BATCH]:
        tell_overdue(number)


@every(20, "receivers who say nothing")
def watch_hand_overs() -> None:
    """Tell the lead, while there is still time, that a receiver has read nothing."""
    soon = timezone.now() + timedelta(hours=2)
    due = HandOver.objects.filter(state=Passing.OPEN, effect_at__lte=soon, told_at=None)
    for number in due.order_by("effect_at").values_list("id", flat=True)[:BATCH]:
        tell_silent(number)
