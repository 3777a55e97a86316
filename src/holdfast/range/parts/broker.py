"""The queue part: a broker with acknowledgement, redelivery in order and dead letters."""

import asyncio
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .surroundings import Surroundings

JOURNAL = "msg_store"


@dataclass
class Letter:
    """One message; `ready` is the monotonic time before which it is not delivered again."""

    id: int
    queue: str
    body: str
    headers: dict[str, str]
    attempt: int = 0
    ready: float = 0.0


@dataclass
class Queue:
    """Waiting and unacknowledged messages of one name."""

    waiting: deque[Letter] = field(default_factory=deque)
    taken: dict[int, Letter] = field(default_factory=dict)
    dead: int = 0


class Broker:
    """Delivers in order: a refused message goes back to the head, and holds up what is behind it."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.queues: dict[str, Queue] = {}
        self.ids = itertools.count(1)
        self.arrived = asyncio.Condition()
        self.sessions = 0
        self.blocked = False

    async def start(self, port: int) -> int:
        bound = await self.around.listen(self.session, port)
        self._log("info", "Server startup complete; 4 plugins started.")
        self.around.spawn(self.housekeeping())
        return bound

    def reload(self) -> None:
        self._log("info", "rabbit on node: configuration refreshed")

    def _log(self, level: str, message: str, session: int = 222) -> None:
        self.around.log.write(level, "broker", message, None, None, session=session)

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = json.loads(await reader.readline())
        number = 600 + next(self.ids)
        expected = self.around.settings.get(f"users.{hello['user']}", "")
        if expected and str(hello.get("password")) != str(expected):
            text = f"PLAIN login refused: user '{hello['user']}' - invalid credentials"
            self._log("error", text, number)
            writer.write(json.dumps({"error": text}).encode() + b"\n")
            return
        writer.write(b'{"ok": true}\n')
        self._log(
            "info",
            f"connection <0.{number}.0>: user '{hello['user']}' authenticated and granted access",
            number,
        )
        held: dict[int, Letter] = {}
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._execute(json.loads(line), held)).encode() + b"\n")
                await writer.drain()
        finally:
            for letter in held.values():
                await self._return(letter, "connection closed")

    async def _execute(self, message: dict[str, Any], held: dict[int, Letter]) -> dict[str, Any]:
        await self.around.ailments.slow_down(self.around.rng)
        if message["op"] == "publish":
            return await self._publish(message)
        if message["op"] == "take":
            return await self._take(message["queue"], message["wait"], held)
        letter = held.pop(message["id"])
        if message["op"] == "ack":
            self.queues[letter.queue].taken.pop(letter.id, None)
            self.around.registry.count("queue_acks", queue=letter.queue)
        else:
            await self._return(letter, "rejected by consumer")
        return {"ok": True}

    async def _publish(self, message: dict[str, Any]) -> dict[str, Any]:
        queue = self.queues.setdefault(message["queue"], Queue())
        if len(queue.waiting) >= self.around.setting("queue.max_length", 5000):
            return {"error": f"queue '{message['queue']}' is full: maxlen reached"}
        try:
            await self.around.write(JOURNAL, message["body"].encode() + b"\n" + b"\0" * 400)
        except OSError:
            return self._disk_alarm()
        self.blocked = False
        letter = Letter(next(self.ids), message["queue"], message["body"], message["headers"])
        queue.waiting.append(letter)
        self.around.registry.count("queue_published", queue=letter.queue)
        await self._wake()
        return {"ok": True}

    def _disk_alarm(self) -> dict[str, Any]:
        if not self.blocked:
            free = max(0, self.around.disk.quota - self.around.disk.used())
            self._log("warning", f"Free disk space is insufficient. Free bytes: {free}. Limit: 50000")
            self._log(
                "warning", "disk resource limit alarm set on node rabbit@events. Publishers will be blocked."
            )
        self.blocked = True
        return {"error": "connection.blocked: low on disk"}

    async def _take(self, name: str, wait: float, held: dict[int, Letter]) -> dict[str, Any]:
        queue = self.queues.setdefault(name, Queue())
        deadline = time.monotonic() + wait
        while not (queue.waiting and queue.waiting[0].ready <= time.monotonic()):
            if time.monotonic() >= deadline:
                return {"id": None}
            await self._sleep(min(0.1, deadline - time.monotonic()))
        letter = queue.waiting.popleft()
        letter.attempt += 1
        queue.taken[letter.id] = held[letter.id] = letter
        return {"id": letter.id, "body": letter.body, "headers": letter.headers, "attempt": letter.attempt}

    async def _return(self, letter: Letter, why: str) -> None:
        """Put a message back to the head, or to the dead letters after too many attempts."""
        queue = self.queues[letter.queue]
        queue.taken.pop(letter.id, None)
        limit = int(self.around.setting("queue.max_deliveries", 8))
        if letter.attempt >= limit:
            queue.dead += 1
            self.around.registry.count("queue_dead_letters", queue=letter.queue)
            self._log(
                "warning",
                f"message {letter.id} of queue '{letter.queue}' dead-lettered: delivery limit {limit}",
            )
            return
        letter.ready = time.monotonic() + self.around.setting("queue.redelivery_ms", 250) / 1000
        queue.waiting.appendleft(letter)
        self.around.registry.count("queue_redeliveries", queue=letter.queue)
        self._log("debug", f"message {letter.id} requeued: {why}")
        await self._wake()

    async def _wake(self) -> None:
        async with self.arrived:
            self.arrived.notify_all()

    async def _sleep(self, seconds: float) -> None:
        async with self.arrived:
            try:
                await asyncio.wait_for(self.arrived.wait(), max(0.001, seconds))
            except TimeoutError:
                return

    async def housekeeping(self) -> None:
        """Publish queue depths and compact the store."""
        rounds = itertools.count(1)
        while True:
            await asyncio.sleep(0.5)
            for name, queue in self.queues.items():
                self.around.registry.gauge("queue_depth", len(queue.waiting), queue=name)
                self.around.registry.gauge("queue_unacked", len(queue.taken), queue=name)
            if next(rounds) % 14 == 0:
                self.around.disk.truncate(JOURNAL)
                self._log("info", "Message store: garbage collection finished")
