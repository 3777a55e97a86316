"""Bytes leave as they are made, and the threads that make them keep no connection to the database."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection

from holdfast.desk.cases.models import Case
from holdfast.desk.vault.handing_out import streamed

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_stream_that_reads_from_the_database_leaves_no_connection_behind(case):
    def pieces():
        for _ in range(6):
            yield str(Case.objects.get().title).encode()

    answer = streamed(pieces(), "titles.txt")

    async def sent():
        async for block in answer:
            assert block == case.title.encode()
            yield await asyncio.to_thread(lambda: connection.connection)

    async def play():
        return [one async for one in sent()]

    connection.close()
    assert asyncio.run(play()) == [None] * 6
