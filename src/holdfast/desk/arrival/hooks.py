"""Signed webhooks, as the Standard Webhooks specification has them.

`webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature` (`v1,` and base64 of HMAC-SHA256 over
`id.timestamp.body`). A wrong signature or an old time is refused before anything is kept; a right one is kept
before it is read, and the same id again is the same arrival.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival import commands, keeping
from holdfast.desk.arrival.intake import WebhookMapping, read_payload
from holdfast.desk.arrival.models import Arrival, Hook, Mailbox
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.outbox.commands import enqueue, publish
from holdfast.desk.outbox.jobs import Run, handles
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.kind import when_published
from holdfast.desk.policies.queries import current

TOLERANCE = 300
"""Seconds a timestamp may be away from now."""
LARGEST = 2 * 2**20
AGAIN = "read-payloads-again"


class Unsigned(Exception):
    """A payload that is not proven to come from the system it names; the message says what is wrong."""


@transaction.atomic
def make_hook(
    organisation: Organisation, name: str, *, mapping: str, person: Person, by: Person
) -> tuple[Hook, str]:
    """Declare a system that sends webhooks; return it and its secret, which is not shown again."""
    _manages(by, organisation)
    if not person.may(Deed.DECLARE, organisation.id):
        raise Conflict(f"{person.title} may not declare cases here; choose somebody who may")
    if Hook.objects.filter(name=name).exists():
        raise Conflict(f"a webhook is called {name} already; choose another name")
    current(WebhookMapping, organisation, mapping)
    value = secrets.token_bytes(32)
    hook = Hook.objects.create(
        organisation=organisation,
        name=name,
        secret=_fernet().encrypt(value).decode(),
        mapping=mapping,
        person=person,
    )
    publish("hook.made", organisation_id=organisation.id, hook=hook.id)
    return hook, "whsec_" + base64.b64encode(value).decode()


@transaction.atomic
def end_hook(hook: Hook, *, by: Person) -> None:
    """End a webhook; what it sends is refused from now on."""
    _manages(by, hook.organisation)
    hook.ended_at = hook.ended_at or timezone.now()
    hook.save(update_fields=["ended_at"])
    publish("hook.ended", organisation_id=hook.organisation_id, hook=hook.id)


@transaction.atomic
def declare_mailbox(organisation: Organisation, address: str, *, by: Person) -> Mailbox:
    """Declare an address whose mail is the organisation's."""
    _manages(by, organisation)
    address = address.strip().lower()
    if address.count("@") != 1 or address.startswith("@") or address.endswith("@") or " " in address:
        raise Conflict("write an address such as support@example.org")
    if Mailbox.objects.filter(address=address).exists():
        raise Conflict(f"{address} is declared already")
    box = Mailbox.objects.create(organisation=organisation, address=address)
    publish("mailbox.declared", organisation_id=organisation.id, mailbox=box.id)
    return box


def _manages(by: Person, organisation: Organisation) -> None:
    if not by.may(Deed.MANAGE_PEOPLE, organisation.id):
        raise PermissionDenied("your role does not manage where things arrive here")


def sign(value: bytes, identity: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a payload."""
    signed = hmac.new(value, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A payload as it was sent, with what its headers claim."""

    name: str
    identity: str
    timestamp: str
    signature: str
    body: bytes


def verify(delivery: Delivery, now: datetime) -> Hook:
    """Return the hook that sent it; raise Unsigned when that is not proven."""
    hook = (
        Hook.objects.select_related("organisation", "person")
        .filter(name=delivery.name, ended_at=None)
        .first()
    )
    value = _fernet().decrypt(hook.secret.encode()) if hook else secrets.token_bytes(32)
    due = sign(value, delivery.identity, delivery.timestamp, delivery.body)
    # Compared also for a hook that does not exist: how long it takes tells nothing.
    genuine = any(
        hmac.compare_digest(one.encode(), due.encode()) for one in delivery.signature.split(" ")[:5]
    )
    if hook is None or not genuine:
        raise Unsigned(
            "the signature does not fit; check the name, the secret, and that the body is sent as signed"
        )
    if not delivery.identity or not delivery.timestamp.isdecimal():
        raise Unsigned("webhook-id and webhook-timestamp are needed")
    if abs(now.timestamp() - int(delivery.timestamp[:12])) > TOLERANCE:
        raise Unsigned(
            f"the timestamp is more than {TOLERANCE} seconds away from now; check the clock, sign anew"
        )
    return hook


def deliver(delivery: Delivery) -> tuple[Arrival, bool]:
    """Keep a signed payload, then take it; what cannot be taken waits in the tray with its reason."""
    hook = verify(delivery, timezone.now())
    kept = keeping.keep(hook.organisation, [delivery.body], LARGEST)
    arrival, created = keeping.receive(
        hook.organisation,
        Arrival.Source.HOOK,
        f"{hook.name}:{delivery.identity}",
        kept,
        sender=hook.name,
        person=hook.person,
        hook=hook,
    )
    if arrival.state == Arrival.State.NEW:
        _take(arrival, hook, delivery.body)
        arrival.refresh_from_db()
    return arrival, created


def _take(arrival: Arrival, hook: Hook, body: bytes) -> None:
    fields: dict[str, Any] = {}
    try:
        fields = fields_of(hook, body)
        commands.take(arrival, fields, by=hook.person)
    except (commands.Unreadable, Conflict, PermissionDenied) as refusal:
        commands.wait(arrival, str(refusal), fields)


@when_published
def read_again(kind: str, organisation_id: int) -> None:
    """After a field mapping was corrected have the payloads that wait in the tray read once more."""
    waiting = Arrival.objects.filter(
        organisation_id=organisation_id, source=Arrival.Source.HOOK, state=Arrival.State.WAITING
    )
    if kind == WebhookMapping.kind and waiting.exists():
        enqueue(AGAIN, {}, organisation_id=organisation_id)


@handles(AGAIN)
def take_again(run: Run) -> Callable[[], None]:
    """Read the waiting payloads of an organisation by the mapping that holds now, oldest first."""
    waiting = Arrival.objects.filter(
        organisation_id=run.job.organisation_id or 0, source=Arrival.Source.HOOK, state=Arrival.State.WAITING
    )
    ids = list(waiting.exclude(hook=None).order_by("id").values_list("id", flat=True))
    for number, arrival_id in enumerate(ids):
        if number % 20 == 0:
            run.beat(100 * number // len(ids), "reading payloads again")
        arrival = Arrival.objects.select_related("organisation", "hook__person", "hook__organisation")
        _once_more(arrival.get(id=arrival_id))
    return lambda: None


def _once_more(arrival: Arrival) -> None:
    hook, fields = arrival.hook, dict[str, Any]()
    if hook is None:
        return
    try:
        fields = fields_of(hook, keeping.whole(arrival))
        commands.take(arrival, fields, by=hook.person)
    except (commands.Unreadable, Conflict, PermissionDenied) as refusal:
        commands.still_waits(arrival, str(refusal), fields)


def fields_of(hook: Hook, body: bytes) -> dict[str, Any]:
    """Return what the hook's mapping finds in a payload; raise Unreadable when it is no JSON."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise commands.Unreadable("the payload is no JSON; it is kept as it came") from wrong
    try:
        mapping = current(WebhookMapping, hook.organisation_id, hook.mapping)
    except ObjectDoesNotExist as gone:
        raise commands.Unreadable(f"there is no field mapping {hook.mapping}") from gone
    return read_payload(mapping.value, payload)


def _fernet() -> Fernet:
    key = hashlib.sha256(b"webhooks:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
