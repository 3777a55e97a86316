"""Many watch one room: everybody hears, nobody holds a connection, and who was away misses nothing."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient

from holdfast.desk.cases import commands
from holdfast.desk.outbox import live
from holdfast.desk.response import room_views
from holdfast.desk.response.room import act
from holdfast.desk.response.standing import stream

pytestmark = pytest.mark.django_db(transaction=True)
WATCHERS = 40


async def opened(person, last=None, address="/cases/ESC-1/room/stream"):
    client = AsyncClient()
    await client.aforce_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    answer = await client.get(address, headers=headers)
    if answer.status_code != 200:
        return answer.status_code
    texts = aiter(answer.streaming_content)
    assert "retry" in (await anext(texts)).decode()
    return texts


async def heard(texts):
    while True:
        text = (await asyncio.wait_for(anext(texts), 10)).decode()
        if "event: news" in text:
            fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
            return int(fields["id"]), json.loads(fields["data"])


def run(play):
    async def whole():
        try:
            return await play()
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(whole())


def test_all_watchers_of_a_room_hear_and_one_poller_reads_for_them(case, engineer, monkeypatch):
    monkeypatch.setattr(live, "POLL", 0.05)
    monkeypatch.setattr(live, "_pollers", {})

    async def play():
        watchers = [await opened(engineer) for _ in range(WATCHERS)]
        assert len(live.poller()._readers) == WATCHERS
        entry = await sync_to_async(commands.comment)(case, "flag off on one pod", by=engineer)
        news = await asyncio.gather(*(heard(one) for one in watchers))
        assert {said["entry"] for _, said in news} == {entry.position}
        assert all("flag off on one pod" in said["html"] for _, said in news)
        assert len(live.poller()._words) == 1  # put together once for all of them
        for one in watchers:
            await one.aclose()
        return news[0][0], entry.position

    last, position = run(play)

    async def again():
        for text in ("two", "three"):
            await sync_to_async(commands.comment)(case, text, by=engineer)
        texts = await opened(engineer, last)
        missed = [(await heard(texts))[1]["entry"] for _ in range(2)]
        await texts.aclose()
        entries = await sync_to_async(lambda: [one.text for one in stream(case, after=position)])()
        return missed, entries

    missed, entries = run(again)
    assert missed == [position + 1, position + 2]
    assert entries == ["three", "two"]


def test_the_stream_carries_panels_where_they_changed_and_is_only_for_those_inside(
    case, engineer, customer, stranger, monkeypatch
):
    monkeypatch.setattr(live, "POLL", 0.05)
    monkeypatch.setattr(live, "_pollers", {})

    async def play():
        for person, status in ((customer, 403), (stranger, 404)):
            assert await opened(person) == status
        texts = await opened(engineer)
        await sync_to_async(act)(case, engineer, "read the dump", 15, by=engineer)
        said = [(await heard(texts))[1] for _ in range(2)]
        await texts.aclose()
        return said

    opening, acting = run(play)
    assert "War room opened" in opening["html"]
    assert "read the dump" in acting["panels"]


def test_what_cannot_be_told_is_still_heard_of(case, engineer, monkeypatch):
    monkeypatch.setattr(live, "POLL", 0.05)
    monkeypatch.setattr(live, "_pollers", {})
    monkeypatch.setattr(room_views, "said_in_room", lambda news: 1 // 0)

    async def play():
        texts = await opened(engineer)
        entry = await sync_to_async(commands.comment)(case, "hello", by=engineer)
        said = (await heard(texts))[1]
        await texts.aclose()
        return entry.position, said

    position, said = run(play)
    assert (said["entry"], "html" in said) == (position, False)
