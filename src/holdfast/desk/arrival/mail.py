"""Judging a mail: whom it is from, whether a program sent it, which case it answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils import timezone

from holdfast.desk.arrival.mime import Mail
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.arrival.words import from_html, newly_said, visible
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.models import Letter
from holdfast.desk.people.models import Organisation, Person

RATE, RATE_WINDOW = 30, timedelta(minutes=10)
_IDS = re.compile(r"<[^<>\s]{1,240}>")
_TOKEN = re.compile(r"\[([A-Z][A-Z0-9]{0,7}-\d{1,9}) ([a-z2-7]{13})\]")
_MARKS = re.compile(r"^\s*((re|aw|sv|fw|fwd|wg|tr)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def message_id(mail: Mail) -> str:
    """Return the Message-ID, empty when there is none."""
    found = _IDS.search(mail.header("Message-ID"))
    return found[0] if found else ""


def sender(mail: Mail) -> str:
    """Return the address of From, in small letters."""
    address = parseaddr(mail.header("From"))[1].lower()
    return address if "@" in address else ""


def subject(mail: Mail) -> str:
    """Return the subject without reply marks and without our token."""
    return _MARKS.sub("", " ".join(_TOKEN.sub("", visible(mail.header("Subject"))).split())).strip()


def said(mail: Mail) -> str:
    """Return what was newly said."""
    text = "\n\n".join(mail.plain) or from_html("\n".join(mail.html))
    return newly_said(text)


def loop(mail: Mail, envelope: str | None) -> str:
    """Return why a program sent it, empty when a person did. To answer programs makes them answer back."""
    if mail.header("X-Holdfast") or Letter.objects.filter(message_id=message_id(mail) or "-").exists():
        return "a mail of this desk, come back"
    automatic = mail.header("Auto-Submitted").lower().partition(";")[0].strip()
    if automatic and automatic != "no":
        return f"an automatic mail (Auto-Submitted: {automatic[:40]})"
    precedence = mail.header("Precedence").lower()
    if precedence in {"bulk", "junk", "list", "auto_reply"}:
        return f"a mass or automatic mail (Precedence: {precedence})"
    if mail.header("List-Id"):
        return "a mailing list's mail"
    if envelope == "" or sender(mail).partition("@")[0] in {"mailer-daemon", "postmaster"}:
        return "a report of the mail system about another mail"
    return ""


def too_many(address: str) -> bool:
    """Whether a sender sends faster than people write."""
    since = timezone.now() - RATE_WINDOW
    return Arrival.objects.filter(sender=address, received_at__gt=since).count() > RATE


def vouched(mail: Mail) -> bool:
    """Whether our own mail server says that the address of From is genuine (RFC 8601, DMARC)."""
    if not settings.MAIL_VOUCHER:
        return False
    # Only the topmost of our server's name counts: it removes forged ones, but those below may be forged.
    for value in mail.headers.get_all("Authentication-Results", []):
        server, _, results = str(value).partition(";")
        if server.split() and server.split()[0].lower() == settings.MAIL_VOUCHER.lower():
            return re.search(r"\bdmarc\s*=\s*pass\b", results, re.IGNORECASE) is not None
    return False


def token(case: Case) -> str:
    """Return what a subject carries so that an answer finds its case: key and signature."""
    signed = hmac.new(
        settings.SECRET_KEY.encode(), f"mail:{case.organisation_id}:{case.key}".encode(), hashlib.sha256
    )
    return f"[{case.key} {base64.b32encode(signed.digest()[:8]).decode().rstrip('=').lower()}]"


@dataclass(frozen=True, slots=True)
class Thread:
    """The case a mail answers, and whether it shows that it had a mail of ours."""

    case: Case
    proven: bool


def thread(mail: Mail, organisation: Organisation) -> Thread | None:
    """Return the case a mail answers: by our token, by the ids of our mails, by mails that arrived before."""
    cases = Case.objects.select_related("organisation").filter(organisation=organisation)
    for key, _ in _TOKEN.findall(mail.header("Subject")):
        case = cases.filter(number=int(key.rpartition("-")[2])).first()
        if case is not None and token(case) in mail.header("Subject"):
            return Thread(case, proven=True)
    ids = _IDS.findall(f"{mail.header('In-Reply-To')} {mail.header('References')}")[-50:]
    letter = (
        Letter.objects.filter(message_id__in=ids, organisation_id=organisation.id)
        .exclude(case_id=None)
        .last()
    )
    if letter is not None and letter.case_id is not None:
        return Thread(cases.get(id=letter.case_id), proven=True)
    before = Arrival.objects.filter(message_id__in=ids, organisation=organisation).exclude(case=None).first()
    return (
        Thread(cases.get(id=before.case_id), proven=False)
        if before is not None and before.case_id is not None
        else None
    )


def known(address: str, organisation: Organisation) -> Person | None:
    """Return the person of an organisation who writes from an address."""
    found = Person.objects.filter(
        email__iexact=address, is_active=True, memberships__organisation=organisation
    )
    return found.first() if address else None
