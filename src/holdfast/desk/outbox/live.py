"""The live stream: one poller a process, any number of readers, no database connection held.

A stream under ASGI would pin the connection its view used for as long as it lives; so the view
authenticates, lets go of its connections and only then streams what the poller hands on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse

from holdfast.desk.outbox.models import Event
from holdfast.desk.outbox.ordering import newest

T = TypeVar("T")
POLL = 0.4
KEEP_ALIVE = 15.0
LIFETIME = 600.0
"""Seconds after which a stream ends and the browser comes back, so that lost rights take effect."""
_BATCH = 500
_KEPT = 200
_log = logging.getLogger("holdfast.live")


@dataclass(frozen=True, slots=True)
class News:
    """An event as the stream carries it: what kind, where; never any content of a case."""

    id: int
    kind: str
    organisation_id: int | None
    case_id: int | None
    data: str

    def sse(self) -> str:
        """Return it in the event stream format (WHATWG HTML, 9.2)."""
        return f"id: {self.id}\nevent: news\ndata: {self.data}\n\n"


Wanted = Callable[[News], bool]
Told = Callable[[News], str]
"""Returns an event's data with more than that it happened. Asked once for all streams of a process, so it may
say only what everybody who is let into such a stream may read."""


@dataclass(eq=False, slots=True)
class _Reader:
    wanted: Wanted
    start: int
    queue: asyncio.Queue[News] = field(default_factory=lambda: asyncio.Queue(1000))
    lagging: bool = False

    def offer(self, news: News) -> None:
        if not self.wanted(news):
            return
        try:
            self.queue.put_nowait(news)
        except asyncio.QueueFull:
            self.lagging = True


class Poller:
    """Reads new events for all streams of one event loop while there is anybody to read for."""

    def __init__(self) -> None:
        self._readers: set[_Reader] = set()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "live")
        self._last = 0
        self._words: dict[tuple[int, Told], asyncio.Future[str]] = {}

    async def join(self, wanted: Wanted) -> _Reader:
        """Give a reader its queue; it must leave."""
        if self._task is None or self._task.done():
            self._last = await self._call(newest)
            self._task = asyncio.create_task(self._poll())
        reader = _Reader(wanted, self._last)
        self._readers.add(reader)
        return reader

    def leave(self, reader: _Reader) -> None:
        """Forget a reader; with the last one the polling ends."""
        self._readers.discard(reader)

    async def since(self, last: int) -> AsyncIterator[News]:
        """Yield what came after an event id, for a reader that comes back."""
        while batch := await self._call(partial(after, last)):
            last = batch[-1].id
            for news in batch:
                yield news

    async def words(self, news: News, told: Told) -> str:
        """Return an event as the stream carries it, with what is told of it; put together once for all."""
        key = (news.id, told)
        if key not in self._words:
            self._words[key] = asyncio.ensure_future(self._call(lambda: told(news)))
            while len(self._words) > _KEPT:
                self._words.pop(next(iter(self._words)))
        try:
            data = await asyncio.shield(self._words[key])
        except Exception:  # the reader still hears that something happened, and asks for it
            _log.exception("event not told", extra={"event": news.id})
            return news.sse()
        return News(news.id, news.kind, news.organisation_id, news.case_id, data).sse()

    async def _poll(self) -> None:
        while self._readers:
            await asyncio.sleep(POLL)
            with contextlib.suppress(Exception):  # a database that is away for a moment comes back
                for news in await self._call(lambda: after(self._last)):
                    self._last = news.id
                    for reader in self._readers:
                        reader.offer(news)

    async def _call(self, query: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _released, query)


def _released(query: Callable[[], T]) -> T:
    try:
        return query()
    finally:
        connections.close_all()


def after(last: int) -> list[News]:
    """Return the events after an id, oldest first."""
    rows = Event.objects.filter(id__gt=last, id__lte=newest(last)).order_by("id")[:_BATCH]
    return [_news(event) for event in rows]


def _news(event: Event) -> News:
    data = json.dumps({"kind": event.kind, "case": event.case_id, **event.data})
    return News(event.id, event.kind, event.organisation_id, event.case_id, data)


_pollers: dict[int, Poller] = {}


def poller() -> Poller:
    """Return the poller of the running event loop."""
    loop = asyncio.get_running_loop()
    return _pollers.setdefault(id(loop), Poller())


async def stream(
    request: HttpRequest, wanted: Wanted, told: Told | None = None, lifetime: float = LIFETIME
) -> StreamingHttpResponse:
    """Answer with the live stream of what is wanted; the caller has checked who asks and for what.

    A stream that tells more than that something happened should have a short lifetime: until its end it does not
    notice that its reader has lost a right.
    """
    await sync_to_async(connections.close_all)()
    # The browser says it when a connection broke, the page when it let go of the stream itself.
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    response = StreamingHttpResponse(
        _events(wanted, int(last) if last.isdecimal() else None, told, lifetime),
        content_type="text/event-stream",
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(wanted: Wanted, last: int | None, told: Told | None, lifetime: float) -> AsyncIterator[str]:
    reader = await poller().join(wanted)
    try:
        sent = reader.start if last is None else last
        yield f"retry: 2000\nid: {sent}\nevent: start\ndata: {{}}\n\n"
        async for news in poller().since(sent):
            sent = news.id
            if wanted(news):
                yield await _said(news, told)
        async for one in _following(reader, sent, lifetime):
            yield await _said(one, told) if one is not None else ": still here\n\n"
    finally:
        poller().leave(reader)


async def _said(news: News, told: Told | None) -> str:
    return news.sse() if told is None else await poller().words(news, told)


async def _following(reader: _Reader, sent: int, lifetime: float) -> AsyncIterator[News | None]:
    """Yield what comes; None as a sign of life."""
    ends = asyncio.get_running_loop().time() + lifetime
    while asyncio.get_running_loop().time() < ends and not reader.lagging:
        try:
            news = await asyncio.wait_for(reader.queue.get(), min(KEEP_ALIVE, lifetime))
        except TimeoutError:
            yield None
            continue
        if news.id > sent:
            yield news
