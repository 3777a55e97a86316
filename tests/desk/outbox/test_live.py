"""Live streams: lossless, under the reader's rights, and without a database connection."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import AsyncClient

from holdfast.desk.cases import commands
from holdfast.desk.outbox import live

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live, "POLL", 0.05)
    monkeypatch.setattr(live, "_pollers", {})


async def opened(person, query="", last=None):
    client = AsyncClient()
    await client.aforce_login(person, backend=BACKEND)
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    answer = await client.get(f"/live/{query}", headers=headers)
    return aiter(answer.streaming_content)


async def news(stream, seconds=5):
    """Return the next event of a stream."""
    while True:
        text = (await asyncio.wait_for(anext(stream), seconds)).decode()
        if "event: news" in text:
            fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
            return int(fields["id"]), json.loads(fields["data"])


def run(play):
    """Run a play and let go of the connections its threads opened."""

    async def whole():
        try:
            return await play()
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(whole())


def held() -> int:
    """Return how many connections to the test database are open, the counting one left out."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
    name = str(connection.settings_dict["NAME"])
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    targets = [str(link.readlink()) for link in links if link.exists()]
    return targets.count(name)


def settled(most: int) -> int:
    """Return what is held once the server has seen off connections closed a moment ago; a stream's would stay."""
    for _ in range(40):
        if held() <= most:
            break
        time.sleep(0.05)
    return held()


def test_fifty_streams_hold_no_connection(case, engineer):
    connections.close_all()
    before = held()  # a served desk of another test may still have its own
    connections.close_all()  # the counting opened one

    async def play():
        streams = [await opened(engineer) for _ in range(50)]
        for stream in streams:
            assert "retry" in (await anext(stream)).decode()
        poller = live.poller()
        assert len(poller._readers) == 50
        poller._task.cancel()  # the poller holds one for milliseconds; stand still to count
        poller._thread.submit(lambda: None).result()
        counted = await sync_to_async(settled)(before)
        for stream in streams:
            await stream.aclose()
        return counted

    assert run(play) <= before


def test_what_happens_arrives_and_a_reader_who_comes_back_misses_nothing(case, engineer):
    async def play():
        stream = await opened(engineer, "?case=ESC-1")
        await anext(stream)
        await sync_to_async(commands.comment)(case, "one", by=engineer)
        first, data = await news(stream)
        assert (data["kind"], data["case"]) == ("case.comment", case.id)
        await stream.aclose()
        for text in ("two", "three"):
            await sync_to_async(commands.comment)(case, text, by=engineer)
        again = await opened(engineer, "?case=ESC-1", last=first)
        positions = [(await news(again))[1]["entry"] for _ in range(2)]
        assert positions == [3, 4]
        await again.aclose()

    run(play)


def test_a_reader_who_heard_nothing_yet_misses_nothing_either_however_much_it_is(case, engineer, monkeypatch):
    monkeypatch.setattr(live, "_BATCH", 2)

    async def play():
        stream = await opened(engineer, "?case=ESC-1")
        start = (await anext(stream)).decode()
        at = next(line.removeprefix("id: ") for line in start.splitlines() if line.startswith("id: "))
        await stream.aclose()
        for number in range(5):
            await sync_to_async(commands.comment)(case, f"no. {number}", by=engineer)
        again = await opened(engineer, f"?case=ESC-1&after={at}")
        positions = [(await news(again))[1]["entry"] for _ in range(5)]
        await again.aclose()
        return positions

    assert run(play) == [2, 3, 4, 5, 6]


def test_a_stream_tells_nobody_of_cases_they_do_not_see(case, engineer, stranger):
    async def play():
        theirs, ours = await opened(stranger), await opened(engineer)
        await anext(theirs), await anext(ours)
        await sync_to_async(commands.comment)(case, "secret", by=engineer)
        await news(ours)
        with pytest.raises(TimeoutError):
            await news(theirs, 0.5)
        await ours.aclose()

    run(play)


def test_the_stream_of_a_case_is_closed_to_who_may_not_see_it(case, stranger):
    async def play():
        client = AsyncClient()
        await client.aforce_login(stranger, backend=BACKEND)
        return (await client.get("/live/?case=ESC-1")).status_code

    assert run(play) == 404
