"""Asking the resolver for the address of a name: one UDP datagram there, one back.

Request `<id> <name>`, answer `<id> <rcode> <ttl seconds> <port,port,...>`; everything is on loopback,
so a port stands for an address.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass

from .troubles import CallError


@dataclass(frozen=True)
class Answer:
    """What the resolver said: rcode, seconds it may be kept, ports."""

    rcode: str
    ttl: float
    ports: tuple[int, ...]


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[Answer]] = {}

    def datagram_received(self, data: bytes, _: tuple[str, int], /) -> None:
        number, rcode, ttl, ports = data.decode().split(" ", 3)
        future = self.waiting.pop(number, None)
        if future is not None and not future.done():
            future.set_result(Answer(rcode, float(ttl), tuple(int(p) for p in ports.split(",") if p)))

    def error_received(self, exc: Exception) -> None:
        """An ICMP refusal: the waiting question simply times out, as with a real stub resolver."""


class Resolver:
    """A stub resolver with a cache that honours the time to live."""

    def __init__(self, port: int, *, timeout: float = 0.7, attempts: int = 2) -> None:
        self.port = port
        self.timeout = timeout
        self.attempts = attempts
        self.cache: dict[str, tuple[float, Answer]] = {}
        self.turn = itertools.count()
        self.number = itertools.count(1)
        self.inbox: _Inbox | None = None
        self.transport: asyncio.DatagramTransport | None = None

    async def port_of(self, name: str) -> int:
        """A port of `name`, in turn when there are several; `CallError("name")` when there is none."""
        kept = self.cache.get(name)
        if kept is None or kept[0] < time.monotonic():
            answer = await self._ask(name)
            kept = (time.monotonic() + answer.ttl, answer)
            self.cache[name] = kept
        return kept[1].ports[next(self.turn) % len(kept[1].ports)]

    async def _ask(self, name: str) -> Answer:
        for _ in range(self.attempts):
            try:
                answer = await asyncio.wait_for(await self._send(name), self.timeout)
            except TimeoutError:
                continue
            if answer.rcode == "NOERROR" and answer.ports:
                return answer
            raise CallError("name", name.split(".")[0], name)
        raise CallError("name", name.split(".")[0], f"{name} (resolver timed out)")

    async def _send(self, name: str) -> "asyncio.Future[Answer]":
        loop = asyncio.get_running_loop()
        if self.inbox is None:
            self.inbox = _Inbox()
            self.transport, _ = await loop.create_datagram_endpoint(
                lambda: self.inbox or _Inbox(), remote_addr=("127.0.0.1", self.port)
            )
        number, future = str(next(self.number)), loop.create_future()
        self.inbox.waiting[number] = future
        if self.transport is not None:
            self.transport.sendto(f"{number} {name}".encode())
        return future
