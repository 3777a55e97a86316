"""Entry point of every child process: builds its part, serves metrics, obeys the parent.

The first line of standard input is the specification; further lines are orders, each answered by one line
on standard output. The end of standard input is the end of the process, so no child outlives its parent.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Protocol

from holdfast.range.telemetry.openmetrics import observe_process

from .application import Application
from .broker import Broker
from .cache import Cache
from .database import Database
from .load import Load
from .name_server import NameServer
from .relay import Relay
from .rules import DEFECTS
from .surroundings import Ailments, Surroundings

PR_SET_PDEATHSIG = 1


class Part(Protocol):
    """What every building block offers its process."""

    async def start(self, port: int, /) -> int: ...

    def reload(self) -> None: ...


PARTS: dict[str, type[Any]] = {
    "application": Application, "database": Database, "cache": Cache, "broker": Broker,
    "resolver": NameServer, "relay": Relay, "load": Load,
}  # fmt: skip


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent dies; elsewhere the closed pipe does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spec = json.loads(sys.stdin.buffer.readline())
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(live(Surroundings(spec)))


async def live(around: Surroundings) -> None:
    """Run the part until standard input ends."""
    _limit_files(around)
    part: Part = PARTS[around.component["kind"]](around)
    port = await part.start(int(around.spec.get("port", 0)))
    admin = await around.listen(lambda r, w: _metrics(around, r, w))
    around.spawn(_tick(around))
    if "dies_of" in around.spec:
        around.spawn(_die(around))
    _tell({"port": port, "admin": admin})
    orders = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        obey(part, around, json.loads(line))
        _tell({"done": True})
    around.tracer.flush()


async def _die(around: Surroundings) -> None:
    """The background work of a bad release: it fails, and nothing catches it."""
    await asyncio.sleep(around.rng.uniform(0.8, 2.0))
    try:
        DEFECTS[around.spec["dies_of"]]({"customer": 1})
    except Exception as error:
        around.log.write(
            "fatal", around.name, f"Fatal error in background task, exiting: {error}", None, error
        )
        os._exit(1)


def _limit_files(around: Surroundings) -> None:
    """An ordinary limit of open files, low enough to be reached in a drill."""
    limit = int(around.setting("process.max_open_files", 256))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    around.registry.gauge("process_max_fds", limit)


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def _metrics(around: Surroundings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    observe_process(around.registry)
    around.registry.gauge("disk_used_bytes", around.disk.used())
    around.registry.gauge("disk_quota_bytes", around.disk.quota)
    body = around.registry.render().encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/openmetrics-text; version=1.0.0\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


async def _tick(around: Surroundings) -> None:
    while True:
        await asyncio.sleep(0.5)
        around.tracer.flush()
        if around.ailments.fill_disk:
            _fill_disk(around)


def _fill_disk(around: Surroundings) -> None:
    """A forgotten debug dump: grows by a quarter of the quota at a time, then takes whatever is free."""
    free = around.disk.quota - around.disk.used()
    if free > 0:
        around.disk.append("debug-dump.bin", b"\0" * min(free, around.disk.quota // 4))


# --- orders


def obey(part: Part, around: Surroundings, order: dict[str, Any]) -> None:
    """Carry out one order of the parent; an unknown one is a KeyError, a mistake of this package."""
    match order["op"]:
        case "ail":
            _ail(part, around, order["set"])
        case "reload":
            around.reload()
            part.reload()
        case "skew":
            around.clock.offset = order["seconds"]
        case "zone":
            vars(part)["zone"] = order["zone"]
        case "odd":
            vars(part)["odd"] = order
        case "har" if isinstance(part, Load):
            part.write_har(Path(order["path"]))
        case "flush":
            around.tracer.flush()
        case unknown:
            raise KeyError(unknown)


def _ail(part: Part, around: Surroundings, changes: dict[str, Any]) -> None:
    ailments: Ailments = around.ailments
    for name, value in changes.items():
        if not hasattr(ailments, name):
            raise KeyError(name)
        setattr(ailments, name, value)
    for _ in range(int(changes.get("burn_threads", 0))):
        threading.Thread(target=_burn, daemon=True).start()
    if ailments.hold_lock and isinstance(part, Application):
        around.spawn(part.hold_lock(ailments.hold_lock))


def _burn() -> None:
    """Spin for ever: a runaway loop that fights the event loop for the interpreter and the core."""
    while True:
        sum(range(2000))
