"""The database part: SQLite behind a socket, with sessions, locks, a statement log and a journal on disk."""

import asyncio
import itertools
import json
import sqlite3
import time
from dataclasses import dataclass, field
from typing import Any

from .surroundings import Surroundings

JOURNAL = "pg_wal"


@dataclass
class Session:
    """One connected client and what it holds."""

    number: int
    user: str
    in_transaction: bool = False
    held: set[str] = field(default_factory=set)
    running: str = ""


def conflicts(one: str, other: str) -> bool:
    """Lock keys are `table` or `table:row`; a table conflicts with all of its rows."""
    table, _, row = one.partition(":")
    other_table, _, other_row = other.partition(":")
    return table == other_table and (not row or not other_row or row == other_row)


class Database:
    """Holds its tables in memory and journals every write into its quota-limited directory."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.store = sqlite3.connect(":memory:", isolation_level=None)
        self.sessions: dict[int, Session] = {}
        self.numbers = itertools.count(around.rng.randint(2000, 9000))
        self.changed = asyncio.Condition()
        for statement in around.component["schema"]:
            self.store.execute(statement)
        self._fill(around.component.get("rows", {}))

    def _fill(self, tables: dict[str, int]) -> None:
        for table, rows in tables.items():
            columns = len(self.store.execute(f"SELECT * FROM {table} LIMIT 0").description)  # noqa: S608 - own schema
            marks = ",".join("?" * columns)
            values = [
                (i, *[self.around.rng.randint(1, 500) for _ in range(columns - 1)])
                for i in range(1, rows + 1)
            ]
            self.store.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608

    async def start(self, port: int) -> int:
        bound = await self.around.listen(self.session, port)
        self._log("info", "database system is ready to accept connections")
        self.around.spawn(self.checkpoints())
        return bound

    def reload(self) -> None:
        self._log("info", "received SIGHUP, reloading configuration files")

    def _log(self, level: str, message: str, session: Session | None = None) -> None:
        fields = {"session": session.number, "user": session.user} if session else {}
        self.around.log.write(level, "database", message, None, None, **fields)

    # --- sessions

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = json.loads(await reader.readline())
        session = Session(next(self.numbers), str(hello["user"]))
        refusal = self._refusal(session, hello)
        writer.write(json.dumps({"error": refusal} if refusal else {"ok": True}).encode() + b"\n")
        if refusal:
            return self._log("fatal", refusal, session)
        self.sessions[session.number] = session
        self._gauge()
        try:
            await self._statements(session, reader, writer)
        finally:
            del self.sessions[session.number]
            self._gauge()
            await self._release(session)
        return None

    def _refusal(self, session: Session, hello: dict[str, Any]) -> str:
        expected = self.around.settings.get(f"users.{session.user}", "")
        if expected and str(hello.get("password")) != str(expected):
            return f'password authentication failed for user "{session.user}"'
        if len(self.sessions) >= int(self.around.setting("server.max_connections", 60)):
            return "sorry, too many clients already"
        return ""

    def _gauge(self) -> None:
        self.around.registry.gauge("db_connections", len(self.sessions))
        self.around.registry.gauge("db_connections_max", self.around.setting("server.max_connections", 60))

    async def _statements(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            answer = await self._execute(session, message)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    async def _execute(self, session: Session, message: dict[str, Any]) -> dict[str, Any]:
        if message["op"] == "begin":
            session.in_transaction = True
            return {"ok": True}
        if message["op"] == "commit":
            session.in_transaction = False
            await self._release(session)
            return {"ok": True}
        began = time.perf_counter()
        session.running = message["sql"]
        answer = await self._query(session, message)
        self._account(session, message["sql"], time.perf_counter() - began, answer)
        return answer

    async def _query(self, session: Session, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("lock") and not await self._lock(session, message["lock"]):
            return {"error": "canceling statement due to lock timeout"}
        await self.around.ailments.slow_down(self.around.rng)
        try:
            rows = await self._run(message["sql"], message.get("values", {}))
        except (sqlite3.Error, OSError) as error:
            return {"error": _worded(error)}
        finally:
            if not session.in_transaction:
                await self._release(session)
        return {"rows": rows}

    async def _run(self, statement: str, values: dict[str, Any]) -> list[list[Any]]:
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            await self.around.write(JOURNAL, json.dumps([statement, values]).encode() + b"\n" + b"\0" * 600)
        if statement.upper().startswith("LOCK"):
            return []
        return [list(row) for row in self.store.execute(statement, values).fetchmany(50)]

    def _account(self, session: Session, statement: str, seconds: float, answer: dict[str, Any]) -> None:
        self.around.registry.observe("db_statement_seconds", seconds)
        self.around.registry.count("db_statements", outcome="error" if "error" in answer else "ok")
        if "error" in answer:
            self._log("error", f"{answer['error']}\n\tSTATEMENT:  {statement}", session)
        elif seconds * 1000 > self.around.setting("log.min_duration_ms", 250):
            self._log("info", f"duration: {seconds * 1000:.3f} ms  statement: {statement}", session)

    # --- locks

    async def _lock(self, session: Session, key: str) -> bool:
        """Wait for a lock; False when `lock.timeout_ms` passed. A long wait is told with its blocker."""
        deadline = time.monotonic() + self.around.setting("lock.timeout_ms", 1800) / 1000
        complain = time.monotonic() + self.around.setting("lock.deadlock_timeout_ms", 300) / 1000
        while blockers := self._blockers(session, key):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if complain is not None and time.monotonic() > complain:
                self._tell_wait(session, key, blockers)
                complain = float("inf")
            await self._change(min(left, 0.1))
        session.held.add(key)
        return True

    def _blockers(self, session: Session, key: str) -> list[Session]:
        others = [s for s in self.sessions.values() if s is not session]
        return [s for s in others if any(conflicts(key, held) for held in s.held)]

    async def _change(self, patience: float) -> None:
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait(), patience)
            except TimeoutError:
                return

    def _tell_wait(self, session: Session, key: str, blockers: list[Session]) -> None:
        self.around.registry.count("db_lock_waits")
        holders = ", ".join(str(b.number) for b in blockers)
        text = f"process {session.number} still waiting for ShareLock on relation {key} after 300.112 ms"
        detail = f"\tDETAIL:  Process holding the lock: {holders}. Wait queue: {session.number}."
        told = "".join(f"\n\tProcess {b.number} ({b.user}): {b.running}" for b in blockers)
        self._log("info", f"{text}\n{detail}{told}", session)

    async def _release(self, session: Session) -> None:
        session.held.clear()
        async with self.changed:
            self.changed.notify_all()

    # --- housekeeping

    async def checkpoints(self) -> None:
        """Recycle the journal now and then, as a real one does; it is why the disk saws."""
        while True:
            await asyncio.sleep(self.around.setting("checkpoint.interval_s", 5))
            buffers = self.around.disk.truncate(JOURNAL) // 620
            took = self.around.rng.randint(10, 99)
            self._log("info", f"checkpoint complete: wrote {buffers} buffers; write=0.{took} s")


def _worded(error: Exception) -> str:
    if isinstance(error, OSError):
        return f'could not extend file "{JOURNAL}/000000010000000000000003": No space left on device'
    return str(error)
