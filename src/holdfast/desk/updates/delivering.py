"""How an update reaches its readers. A channel is a protocol; mail is one, others join by registering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from django.conf import settings

from holdfast.desk.arrival.asking import addresses
from holdfast.desk.arrival.mail import token
from holdfast.desk.arrival.models import Arrival, Mailbox
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox import letters
from holdfast.desk.people.models import Membership
from holdfast.desk.people.rights import Role
from holdfast.desk.updates.models import Audience, Subscriber, Update


class Channel(Protocol):
    """A way to somebody. Called in the transaction that sends, so it only writes down what is to be delivered."""

    name: str

    def recipients(self, update: Update) -> list[str]:
        """Return who is reached by it; nobody when it is not set up."""

    def deliver(self, update: Update, to: str, text: str) -> str:
        """Have the text delivered and return what names the delivery."""


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Let updates go this way too."""
    if channel.name in _channels:
        raise ValueError(f"two channels are called {channel.name}")
    _channels[channel.name] = channel


def deliver(update: Update, text: str) -> list[str]:
    """Have an update delivered by every channel; return the deliveries, `mail:41`."""
    if update.to is not None:
        return [f"{Mail.name}:{_channels[Mail.name].deliver(update, to, text)}" for to in update.to]
    made = []
    for name, channel in _channels.items():
        made += [f"{name}:{channel.deliver(update, to, text)}" for to in channel.recipients(update)]
    return made


class Mail:
    """Mail, from the organisation's address."""

    name = "mail"

    def recipients(self, update: Update) -> list[str]:
        """Return the readers of the audience; nobody where the desk sends no mail."""
        if not settings.MAIL_URL or _box(update.case) is None:
            return []
        return READERS[Audience(update.audience)](update.case)

    def deliver(self, update: Update, to: str, text: str) -> str:
        """Write the letter down; a job sends it."""
        case, box = update.case, _box(update.case)
        if box is None:
            raise Conflict("this organisation has no mail address; an admin declares one under Sources")
        outside = update.audience == Audience.CUSTOMER
        mark, end = token(case) if outside else "", _end(update, to)
        try:
            letter = letters.post(
                to,
                f"{update.headline} {mark}".strip(),
                text + end,
                sender=box.address,
                organisation_id=case.organisation_id,
                case_id=case.id,
                answers=_last_of(case, to) if outside else "",
                ours=(mark, end),
            )
        except letters.NoPost as missing:
            raise Conflict(str(missing)) from missing
        return str(letter.id)


def _box(case: Case) -> Mailbox | None:
    return Mailbox.objects.filter(organisation=case.organisation_id).order_by("id").first()


def _last_of(case: Case, sender: str) -> str:
    """Return which mail of theirs it answers, so that their program shows both together."""
    last = (
        Arrival.objects.filter(case=case, sender=sender, source=Arrival.Source.MAIL).order_by("-id").first()
    )
    return last.message_id if last else ""


def _end(update: Update, to: str) -> str:
    """Return how to stop, for those who follow the status page."""
    if update.audience != Audience.STATUS:
        return ""
    who = Subscriber.objects.get(organisation=update.case.organisation_id, email=to)
    host = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    return f"\nTo stop these mails: https://{host}/status/stop/{who.token}\n"


def _executives(case: Case) -> list[str]:
    held = Membership.objects.filter(organisation=case.organisation_id, role=Role.EXECUTIVE)
    return sorted({one for one in held.values_list("person__email", flat=True) if one})


def _followers(case: Case) -> list[str]:
    held = Subscriber.objects.filter(organisation=case.organisation_id).exclude(confirmed_at=None)
    return list(held.order_by("email").values_list("email", flat=True))


READERS: dict[Audience, Callable[[Case], list[str]]] = {
    Audience.CUSTOMER: addresses,
    Audience.EXECUTIVE: _executives,
    Audience.INTERNAL: lambda _: [],
    Audience.STATUS: _followers,
}

register(Mail())
