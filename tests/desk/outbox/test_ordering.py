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
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    before, published, may_end, heard = newest(), threading.Event(), threading.Event(), []

    def slow():
        with transaction.atomic():
            publish("case.slow")
            published.set()
            assert may_end.wait(20)

    def fast():
        with transaction.atomic():
            publish("case.fast")

    writer = in_thread(slow)
    assert published.wait(20)
    in_thread(fast).join(20)  # whoever publishes waits for nobody
    reader = in_thread(lambda: heard.extend(news.kind for news in after(before)))
    reader.join(0.5)
    assert reader.is_alive()
    may_end.set()
    reader.join(20)
    writer.join(20)
    assert heard == ["case.slow", "case.fast"]
