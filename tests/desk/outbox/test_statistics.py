"""The planner knows what stands in the database."""

from __future__ import annotations

import pytest
from django.db import connection

from holdfast.desk.outbox.statistics import look_over
from holdfast.desk.people.models import Organisation


@pytest.mark.django_db
def test_what_has_grown_is_counted_anew() -> None:
    Organisation.objects.create(name="Acme", prefix="ACM")

    look_over()

    if connection.vendor == "sqlite":  # PostgreSQL counts by itself, and look_over leaves it alone
        with connection.cursor() as cursor:
            cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'people_organisation'")
            assert cursor.fetchall()
