"""A reader of events never passes one that is still to come."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from holdfast.desk.outbox.commands import publish
from holdfast.desk.outbox.live import after
from holdfast.desk.outbox.ordering import newest

pytestmark = pytest.mark.django_db(transaction=True)


def in_thread(what):
    def run():
        try:
            what()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_newest_event_is_the_last_one_told():
    assert newest() == 0
    with transaction.atomic():
        first, second = publish("case.a"), publish("case.b")
    assert newest() == second.id
    assert [news.kind for news in after(first.id)] == ["case.b"]


def test_a_slow_deed_is_heard_of_though_a_later_one_was_faster():
    before, published, may_end, heard = newest(), threading.Event(), threading.Event(), []

    def slow():
        with transaction.atomic():
            publish("case.slow")
            published.set()
            assert may_end.wait(20)

    def fast():
        with transaction.atomic():
            publish("case.fast")

    first = in_thread(slow)
    assert published.wait(20)
    second = in_thread(fast)
    second.join(1)
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        assert not second.is_alive(), "whoever publishes waits for nobody"
    reader = in_thread(lambda: heard.extend(news.kind for news in after(before)))
    reader.join(0.5)
    assert heard == []
    may_end.set()
    for thread in (first, second, reader):
        thread.join(20)
    assert heard in ([], ["case.slow", "case.fast"])
    assert [news.kind for news in after(before)] == ["case.slow", "case.fast"]
