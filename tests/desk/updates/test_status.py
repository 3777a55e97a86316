"""The public page shows what was published and nothing else; who follows has confirmed it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.outbox.models import Letter
from holdfast.desk.updates.models import Subscriber, Update

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(case: Any, engineer: Any, settings: Any) -> Update:
    """Something on the status page, and a way to send mail."""
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    Mailbox.objects.create(organisation=case.organisation, address="help@acme.example")
    more = {
        "audience": "status",
        "state": "sent",
        "headline": "Search is slow",
        "sent_text": "7 of 31 <b>fail</b>.",
    }
    return Update.objects.create(case=case, number=1, author=engineer, sent_at=timezone.now(), **more)


def test_anybody_reads_what_was_published_and_no_more(published: Update, case: Any) -> None:
    page = Client().get("/status/ESC/")

    assert page.status_code == 200
    text = page.content.decode()
    assert "7 of 31 &lt;b&gt;fail&lt;/b&gt;" in text
    assert case.key not in text
    assert case.title not in text


def test_who_is_signed_in_reads_the_same_page_as_everybody(
    published: Update, engineer: Any, signed_in: Any
) -> None:
    page = signed_in(engineer).get("/status/ESC/").content.decode()

    assert 'class="top"' not in page
    assert "/cases/" not in page


def test_a_page_with_nothing_published_is_not_there(case: Any) -> None:
    assert Client().get("/status/ESC/").status_code == 404
    assert Client().get("/status/NONE/").status_code == 404


def test_following_takes_a_confirmation_and_asks_once(published: Update) -> None:
    browser = Client()
    for _ in range(3):
        assert browser.post("/status/ESC/", {"email": "Ops@Other.example"}).status_code == 200
    who = Subscriber.objects.get()
    assert (who.email, who.confirmed_at) == ("ops@other.example", None)
    assert Letter.objects.count() == 1
    assert who.token in Letter.objects.get().text

    browser.get(f"/status/confirm/{who.token}")
    who.refresh_from_db()
    assert who.confirmed_at is not None
    browser.get(f"/status/stop/{who.token}")
    assert Subscriber.objects.exists()  # a mail program that opens links stops nothing
    browser.post(f"/status/stop/{who.token}")
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x\r\nBcc: y@z.example"])
def test_what_is_no_address_is_told(published: Update, email: str) -> None:
    page = Client().post("/status/ESC/", {"email": email})

    assert "no mail address" in page.content.decode()
    assert not Letter.objects.exists()


def test_a_link_that_is_not_ours_is_not_found(published: Update) -> None:
    assert Client().get("/status/confirm/xyz").status_code == 404
    assert Client().post("/status/stop/xyz").status_code == 404
