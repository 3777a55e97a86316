"""A notice comes by mail to whoever wants that, once, through the one place where mail leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.cases.models import Notice
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.watching import attend
from holdfast.desk.outbox.models import Letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def reachable(organisation, lead, settings):
    """The desk sends mail, and the lead has an address."""
    settings.MAIL_URL = "smtp://127.0.0.1:1"
    Mailbox.objects.create(organisation=organisation, address="support@northline.example")
    lead.email = "lead@northline.example"
    lead.save()
    return lead


def test_a_clock_that_runs_out_is_mailed_by_default_and_other_notices_are_not(declare, reachable):
    case = declare("Search is down", 1, reported_at=timezone.now() - timedelta(minutes=14))
    attend(case.id, timezone.now() + timedelta(minutes=5))
    clocks = Notice.objects.filter(person=reachable).count()
    letters = Letter.objects.all()
    assert clocks
    assert letters.count() == clocks
    assert {(one.to, one.sender) for one in letters} == {
        ("lead@northline.example", "support@northline.example")
    }
    assert "Acknowledge" in letters.first().text
    assert "[ESC-1" in letters.first().subject
    attend(case.id, timezone.now() + timedelta(minutes=5))
    notify(reachable, case, "something else", "x")
    assert letters.count() == clocks


@pytest.mark.parametrize(("wanted", "clock", "other"), [("none", 0, 0), ("clocks", 1, 0), ("all", 1, 1)])
def test_each_chooses_on_their_profile(wanted, clock, other, case, reachable, signed_in):
    browser = signed_in(reachable)
    assert "lead@northline.example" in browser.get("/me/profile").content.decode()
    browser.post("/me/profile", {"mails": wanted})
    reachable.refresh_from_db()
    notify(reachable, case, "a clock", "a", clock=True)
    notify(reachable, case, "a clock", "a", clock=True)
    assert Letter.objects.count() == clock
    notify(reachable, case, "a dispute", "b")
    assert Letter.objects.count() == clock + other
    assert Notice.objects.count() == 2
    body = {"mails": "all"}
    told = browser.post("/api/v1/me/mails", body, content_type="application/json").json()
    assert told["mails"] == "all"
    assert browser.post("/me/profile", {"mails": "sometimes"}).status_code == 409


@pytest.mark.parametrize("lacking", ["address", "mailbox", "server", "person"])
def test_what_cannot_be_mailed_is_still_a_notice(lacking, case, reachable, settings):
    if lacking == "address":
        reachable.email = ""
    if lacking == "person":
        reachable.is_active = False
    if lacking == "mailbox":
        Mailbox.objects.all().delete()
    if lacking == "server":
        settings.MAIL_URL = ""
    notify(reachable, case, "a clock", "a", clock=True)
    assert (Notice.objects.count(), Letter.objects.count()) == (1, 0)
