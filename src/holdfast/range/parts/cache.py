"""The cache part: a small RESP2 server with expiry and a memory limit."""

import asyncio
import time

from .surroundings import Surroundings
from .wire import read_command


class Cache:
    """Keys with a time to live; beyond `server.max_bytes` the oldest are evicted."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.keys: dict[str, tuple[float, str]] = {}
        self.bytes = 0
        self.clients = 0
        self.evicted = 0

    async def start(self, port: int) -> int:
        bound = await self.around.listen(self.session, port)
        self._log("info", "Ready to accept connections tcp")
        self.around.spawn(self.saves())
        return bound

    def reload(self) -> None:
        self._log("info", f"maxmemory is now {self.around.setting('server.max_bytes', 2e6):.0f} bytes")

    def _log(self, level: str, message: str) -> None:
        self.around.log.write(level, "cache", message)

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        self.around.registry.gauge("cache_clients", self.clients)
        try:
            while True:
                words = await read_command(reader)
                await self.around.ailments.slow_down(self.around.rng)
                writer.write(self.execute(words))
                await writer.drain()
        finally:
            self.clients -= 1

    def execute(self, words: list[str]) -> bytes:
        """The encoded reply to one command."""
        name = words[0].upper()
        self.around.registry.count("cache_commands", command=name.lower())
        if name == "GET":
            return self._get(words[1])
        if name == "SETEX":
            return self._set(words[1], float(words[2]), words[3])
        if name == "DEL":
            return b":1\r\n" if self._drop(words[1]) else b":0\r\n"
        return b"+PONG\r\n" if name == "PING" else f"-ERR unknown command '{name}'\r\n".encode()

    def _get(self, key: str) -> bytes:
        until, value = self.keys.get(key, (0.0, ""))
        hit = until > time.monotonic()
        self.around.registry.count("cache_lookups", outcome="hit" if hit else "miss")
        return f"${len(value.encode())}\r\n{value}\r\n".encode() if hit else b"$-1\r\n"

    def _set(self, key: str, seconds: float, value: str) -> bytes:
        self._drop(key)
        self.keys[key] = (time.monotonic() + seconds, value)
        self.bytes += len(value)
        while self.bytes > self.around.setting("server.max_bytes", 2e6) and self.keys:
            self._drop(next(iter(self.keys)))
            self.evicted += 1
            self.around.registry.count("cache_evictions")
        self.around.registry.gauge("cache_bytes", self.bytes)
        return b"+OK\r\n"

    def _drop(self, key: str) -> bool:
        found = self.keys.pop(key, None)
        self.bytes -= len(found[1]) if found else 0
        return found is not None

    async def saves(self) -> None:
        """The periodic lines every such server writes."""
        while True:
            await asyncio.sleep(self.around.rng.uniform(5, 8))
            self._log("info", f"{len(self.keys)} changes in 60 seconds. Saving...")
            self._log("info", f"Background saving started by pid {self.around.rng.randint(100, 999)}")
            self._log("info", "DB saved on disk")
            if self.evicted > 50:
                self._log("warning", f"{self.evicted} keys evicted since last save, used_memory:{self.bytes}")
            self.evicted = 0
