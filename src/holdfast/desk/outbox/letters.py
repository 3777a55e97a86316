"""Outgoing mail: one place writes it down, one job sends it. What leaves the desk by mail leaves here."""

from __future__ import annotations

import smtplib
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.jobs import Refused, Run, handles
from holdfast.desk.outbox.models import Letter

TIMEOUT = 30


class NoPost(Exception):
    """This desk has no way to send mail; the message says which setting is missing."""


Gate = Callable[[str, int, int | None, Sequence[str]], str]
_gates: list[Gate] = []


def before_leaving(gate: Gate) -> Gate:
    """Register what every letter's subject and text pass: told text, organisation, case and words of ours."""
    _gates.append(gate)
    return gate


@transaction.atomic
def post(
    to: str,
    subject: str,
    text: str,
    *,
    sender: str,
    organisation_id: int,
    case_id: int | None = None,
    answers: str = "",
    ours: Sequence[str] = (),
) -> Letter:
    """Write a letter down and have it sent; `answers` is the Message-ID it replies to.

    Subject and text pass the gate, whoever wrote them. ours: words of the desk in them that stay as they are.
    """
    if not settings.MAIL_URL:
        raise NoPost("HOLDFAST_MAIL_URL is not set, so the desk sends no mail; send the text yourself")
    for gate in _gates:
        subject, text = (gate(said, organisation_id, case_id, ours) for said in (subject, text))
    letter = Letter.objects.create(
        message_id=f"<{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>",
        sender=_line(sender),
        to=_line(to),
        subject=_line(subject)[:300],
        text=text,
        answers=_line(answers),
        organisation_id=organisation_id,
        case_id=case_id,
    )
    enqueue("send-letter", {"letter": letter.id}, organisation_id=organisation_id, case_id=case_id)
    return letter


def _line(text: str) -> str:
    """Return text that stays one header line, whatever somebody wrote in it."""
    return " ".join(text.split())


def written(letter: Letter) -> EmailMessage:
    """Return a letter as it is sent. It says that a program sent it, so that other programs stay silent."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = letter.sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = format_datetime(letter.created_at), letter.message_id
    if letter.answers:
        message["In-Reply-To"] = message["References"] = letter.answers
    message["Auto-Submitted"] = "auto-generated"
    message["X-Holdfast"] = "1"
    message.set_content(letter.text)
    return message


@handles("send-letter")
def send(run: Run) -> Callable[[], None]:
    """Hand a letter to the mail server. Sent twice after a crash it has the same Message-ID."""
    letter = Letter.objects.get(id=run.job.payload["letter"])
    if letter.sent_at is None:
        try:
            _hand_over(written(letter))
        except smtplib.SMTPResponseException as error:
            if 500 <= error.smtp_code < 600:
                raise Refused(f"the mail server refused it: {error.smtp_code}; the text is kept") from error
            raise
        except smtplib.SMTPRecipientsRefused as error:
            raise Refused("the mail server refused the recipient; the text is kept") from error

    def store() -> None:
        Letter.objects.filter(id=letter.id, sent_at=None).update(sent_at=timezone.now())

    return store


def _hand_over(message: EmailMessage) -> None:
    server = _server()
    try:
        server.send_message(message)
        # It is taken: a server that stumbles over the good-bye must not make us send it again.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _server() -> smtplib.SMTP:
    """Return a connection to the mail server of HOLDFAST_MAIL_URL: smtp, smtps, or smtp with ?starttls."""
    parts = urlsplit(settings.MAIL_URL)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    server = kind(
        parts.hostname or "localhost",
        parts.port or (465 if parts.scheme == "smtps" else 25),
        timeout=TIMEOUT,
    )
    if parts.query == "starttls":
        server.starttls()
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
