"""A TCP relay put in front of a part to delay, lose or swallow what passes: a network fault that is real."""

import asyncio

from .surroundings import Surroundings

RETRANSMISSION = 0.2
"""Seconds after which a lost packet is sent again, twice as many each time (Linux, TCP_RTO_MIN; RFC 6298, 5.5)."""


class Relay:
    """Forwards to the port `relay.target`, each chunk `relay.delay_ms` later; negative swallows all.

    Of the chunks a share of `relay.loss` is lost, and late by as long as it takes to send them again.
    """

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    async def start(self, port: int) -> int:
        return await self.around.listen(self.pass_on, port)

    def reload(self) -> None:
        """Nothing is cached."""

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delay = self.around.setting("relay.delay_ms", 0) / 1000
        if delay < 0:
            await reader.read(-1)
            return
        there, back = await asyncio.open_connection("127.0.0.1", int(self.around.setting("relay.target", 0)))
        await asyncio.gather(self._pump(reader, back, delay), self._pump(there, writer, delay))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float) -> None:
        while chunk := await source.read(65536):
            await asyncio.sleep(delay * self.around.rng.uniform(0.7, 1.4) + self._resent())
            sink.write(chunk)
            await sink.drain()
        sink.close()

    def _resent(self) -> float:
        """Seconds until a chunk that may be lost, and lost again, has come through."""
        loss, again, late = self.around.setting("relay.loss", 0), RETRANSMISSION, 0.0
        while self.around.rng.random() < loss:
            late, again = late + again, 2 * again
        return late
