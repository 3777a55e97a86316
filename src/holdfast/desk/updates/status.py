"""The public status page: what was published, and who follows it by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.outbox import letters
from holdfast.desk.people.models import Organisation
from holdfast.desk.updates.models import Audience, Subscriber, Update

SHOWN = timedelta(days=30)
AGAIN = timedelta(hours=1)
"""How long nobody is asked a second time to confirm: a form is no way to fill somebody's mailbox."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What was published of one case, the newest first."""

    running: bool
    updates: list[Update]


def incidents(organisation: Organisation) -> list[Incident]:
    """Return what was published in the last 30 days, what still runs first."""
    rows = Update.objects.filter(
        case__organisation=organisation, audience=Audience.STATUS, state=Update.State.SENT,
        sent_at__gt=timezone.now() - SHOWN,
    )  # fmt: skip
    by_case: dict[int, list[Update]] = {}
    for one in rows.select_related("case").order_by("-sent_at")[:300]:
        by_case.setdefault(one.case_id, []).append(one)
    found = [Incident(updates[0].case.open, updates) for updates in by_case.values()]
    return sorted(found, key=lambda one: not one.running)


def page_of(prefix: str) -> Organisation:
    """Return whose page it is; ObjectDoesNotExist for one that has published nothing."""
    found = Organisation.objects.get(prefix=prefix.upper()[:12])
    if not Update.objects.filter(
        case__organisation=found, audience=Audience.STATUS, state=Update.State.SENT
    ).exists():
        raise ObjectDoesNotExist
    return found


@transaction.atomic
def follow(organisation: Organisation, email: str, base: str) -> None:
    """Ask an address to confirm that it follows. The answer is the same for every address."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Conflict(f"{email[:80]} is no mail address") from error
    who, created = Subscriber.objects.select_for_update().get_or_create(
        organisation=organisation, email=email.lower()[:254]
    )
    if who.confirmed_at or (not created and who.asked_at > timezone.now() - AGAIN):
        return
    box = Mailbox.objects.filter(organisation=organisation).order_by("id").first()
    if box is None or not settings.MAIL_URL:
        raise Conflict("this desk sends no mail, so nobody can follow by mail")
    who.asked_at = timezone.now()
    who.save(update_fields=["asked_at"])
    text = (
        f"Somebody asked to send the status of {organisation.name} to this address.\n\n"
        f"To confirm: {base}/status/confirm/{who.token}\nIf it was not you, do nothing.\n"
    )
    letters.post(
        who.email,
        f"Status of {organisation.name}",
        text,
        sender=box.address,
        organisation_id=organisation.id,
        ours=(f"{base}/status/confirm/{who.token}",),
    )


def confirm(token: str) -> Organisation:
    """Confirm an address; ObjectDoesNotExist for a link that is not ours."""
    who = Subscriber.objects.select_related("organisation").get(token=token)
    Subscriber.objects.filter(id=who.id, confirmed_at=None).update(confirmed_at=timezone.now())
    return who.organisation


def stop(token: str) -> Organisation:
    """Forget an address."""
    who = Subscriber.objects.select_related("organisation").get(token=token)
    who.delete()
    return who.organisation
