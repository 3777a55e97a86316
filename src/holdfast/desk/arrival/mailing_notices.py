"""Notices by mail, for whoever wants them, through the one place where mail leaves."""

from __future__ import annotations

from django.conf import settings

from holdfast.desk.arrival.mail import token
from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.cases.models import Notice
from holdfast.desk.cases.noticing import when_noticed
from holdfast.desk.outbox import letters
from holdfast.desk.people.models import Mails


@when_noticed
def mail_notice(notice: Notice, clock: bool) -> None:
    """Write a notice to its person by mail, if they want it and the desk can send any."""
    person, case = notice.person, notice.case
    wanted = person.mails == Mails.ALL or (clock and person.mails == Mails.CLOCKS)
    if not wanted or not person.email or not person.is_active or not settings.MAIL_URL:
        return
    box = Mailbox.objects.filter(organisation=case.organisation_id).order_by("id").first()
    if box is None:
        return
    letters.post(
        person.email,
        f"{notice.text[:150]} {token(case)}",
        f"{notice.text}\n\nWhich notices come by mail is set on the page Profile of the desk.",
        sender=box.address,
        organisation_id=case.organisation_id,
        case_id=case.id,
        ours=(token(case),),
    )
