"""A bounded pool of connections to one peer."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from holdfast.range.telemetry.openmetrics import Registry

from .troubles import CallError


class Connection(Protocol):
    """What a pool can hold."""

    def close(self) -> None: ...

    def usable(self) -> bool: ...


C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """At most `size` connections; waiting longer than `patience` seconds for one is a `CallError`.

    A connection older than `max_age` seconds is replaced, so that a changed address or certificate is
    noticed, as it is in systems whose clients recycle connections.
    """

    def __init__(
        self,
        name: str,
        size: int,
        connect: Callable[[], Awaitable[C]],
        registry: Registry,
        *,
        patience: float = 1.0,
        max_age: float = 3.0,
    ) -> None:
        self.name = name
        self.size = size
        self.connect = connect
        self.registry = registry
        self.patience = patience
        self.max_age = max_age
        self.free = asyncio.Semaphore(size)
        self.idle: list[tuple[C, float]] = []
        self.in_use = 0
        self.leaked: list[C] = []
        self._publish()

    @asynccontextmanager
    async def lease(self, *, leak: bool = False) -> AsyncIterator[C]:
        """Borrow a connection. With `leak` it is never given back: the mistake of a missing `finally`."""
        await self._acquire()
        connection: C | None = None
        healthy = False
        try:
            connection, born = await self._take()
            yield connection
            healthy = True
        finally:
            if leak and connection is not None:
                self.leaked.append(connection)
            else:
                self._give_back(connection if healthy else None, connection, born if healthy else 0.0)

    async def _acquire(self) -> None:
        began = time.perf_counter()
        try:
            await asyncio.wait_for(self.free.acquire(), self.patience)
        except TimeoutError:
            self.registry.count("pool_timeouts", pool=self.name)
            patience = f"{self.patience * 1000:.0f}ms"
            waited = f"request timed out after {patience} (total={self.size}, active={self.in_use})"
            raise CallError("pool", self.name, waited) from None
        finally:
            self.registry.observe("pool_wait_seconds", time.perf_counter() - began, pool=self.name)
        self.in_use += 1
        self._publish()

    async def _take(self) -> tuple[C, float]:
        while self.idle:
            connection, born = self.idle.pop()
            if connection.usable() and time.monotonic() - born < self.max_age:
                return connection, born
            connection.close()
        return await self.connect(), time.monotonic()

    def _give_back(self, healthy: C | None, connection: C | None, born: float) -> None:
        if healthy is not None:
            self.idle.append((healthy, born))
        elif connection is not None:
            connection.close()
        self.in_use -= 1
        self.free.release()
        self._publish()

    def close(self) -> None:
        """Close what is idle; what is borrowed closes when it comes back."""
        for connection, _ in self.idle:
            connection.close()
        self.idle.clear()
        self.max_age = 0.0

    def _publish(self) -> None:
        self.registry.gauge("pool_in_use", self.in_use, pool=self.name)
        self.registry.gauge("pool_size", self.size, pool=self.name)
