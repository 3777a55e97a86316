"""Up to which event nothing more will appear.

PostgreSQL hands ids out before commit: event 4 may appear after a reader has passed 5, and would be lost to it.
So whoever publishes holds a lock, shared with all others who do, from before their event has its id until it is
committed; and a reader waits until nobody holds it any more before they look how far they may read. Those who
publish never wait for one another. SQLite has one writer at a time and needs none of it.
"""

from __future__ import annotations

from django.db import connection, transaction

from holdfast.desk.outbox.models import Event

_PUBLISHING = 7_104_201


def enter() -> None:
    """Hold readers off until this transaction ends; call it before an event gets its id."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_PUBLISHING])


def newest(last: int = 0) -> int:
    """Return the id of the newest event, all before which are there or will never be; 0 without any.

    `last` is what the caller knows already: nothing is waited for while there is nothing newer.
    """
    found = _newest()
    if connection.vendor != "postgresql" or found <= last:
        return found
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PUBLISHING])
        return _newest()


def _newest() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
