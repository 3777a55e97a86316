"""Plain functions behind the command line: migrate, let the first admin in, serve, open a case."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django


def set_up() -> None:
    """Load Django with the desk's settings; safe to call twice."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.web.settings")
    django.setup()


def migrate() -> bool:
    """Bring the database to this version's schema; return whether there was anything to do."""
    set_up()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from holdfast.desk.outbox.statistics import look_over

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", verbosity=0, interactive=False)
    look_over()
    return True


def first_admin(username: str, organisation: str, prefix: str) -> str:
    """Let an admin in and return the path of their one-time sign-in: `/sign-in/once/...`."""
    set_up()
    from holdfast.desk.people import commands
    from holdfast.desk.people.rights import Role

    person = commands.admit(
        commands.found(organisation, prefix), username, Role.ADMIN, chip=username[:3].upper()
    )
    return f"/sign-in/once/{commands.one_time_sign_in(person)}"


class CannotListen(Exception):
    """The desk cannot listen where it was told to; says where and why."""


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the desk answers on. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotListen(f"cannot listen on {host}:{port}: {why}") from error


def serve(listening: socket.socket, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve the desk with its workers until interrupted; `ready` is told the address once it answers."""
    migrate()
    from django.conf import settings

    server = _server()
    beside = [Beside("holdfast.web.answering", listening.fileno())] * (settings.WEB_PROCESSES - 1)
    beside += [Beside("holdfast.web.worker")] * settings.WORKERS
    beside += [Beside("holdfast.web.mailing")] * bool(settings.MAIL_LISTEN)
    with kept(beside):
        if ready is not None:
            threading.Thread(target=_tell_when_up, args=(server, ready), daemon=True).start()
        server.run(sockets=[listening])


def answer(parent: int, descriptor: int) -> None:
    """Answer on the listening socket of the process that started this one, until that is gone."""
    set_up()
    server = _server()

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        server.should_exit = True

    threading.Thread(target=end_with_parent, daemon=True).start()
    with socket.socket(fileno=descriptor) as listening:
        server.run(sockets=[listening])


def _server() -> Any:
    import gc

    import uvicorn

    from holdfast import redaction
    from holdfast.web import asgi  # noqa: F401

    redaction.warm()  # the first draft a process shows would otherwise wait, and all its pages with it
    gc.freeze()  # nor shall a page wait while the collector looks through what is loaded for good
    config = uvicorn.Config(
        "holdfast.web.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Open streams would otherwise keep a stopping server for ever.
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def _tell_when_up(server: Any, ready: Callable[[str], None]) -> None:
    while not server.started:
        time.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    ready(f"http://{host}:{port}")


@dataclass(frozen=True, slots=True)
class Beside:
    """A process that runs beside the server: a module of ours, and the socket it is given."""

    module: str
    socket: int | None = None


@contextmanager
def kept(beside: Sequence[Beside]) -> Iterator[None]:
    """Keep processes running beside the server; one that dies is started again."""
    stopping = threading.Event()
    keepers = [threading.Thread(target=_keep, args=(stopping, one)) for one in beside]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for keeper in keepers:
            keeper.join()


def _keep(stopping: threading.Event, one: Beside) -> None:
    given = [] if one.socket is None else [one.socket]
    command = [sys.executable, "-m", one.module, str(os.getpid()), *map(str, given)]
    while not stopping.is_set():
        process = subprocess.Popen(command, pass_fds=given)  # noqa: S603  names of ours
        while process.poll() is None and not stopping.wait(0.3):
            pass
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
        elif not stopping.wait(1):
            logging.getLogger("holdfast.jobs").warning("%s ended, starting another", one.module)


def run_worker(parent: int | None = None) -> None:
    """Work on jobs until told to stop or until the process that started this one is gone."""
    set_up()
    from holdfast.desk.outbox.worker import work

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    parent = parent or os.getppid()
    work(lambda: stopped.is_set() or os.getppid() != parent)


def take_mail(
    address: str = "", ready: Callable[[str, int], None] | None = None, *, parent: int | None = None
) -> None:
    """Take mail from a mail server until told to stop or until the process that started this one is gone.

    `address` is `lmtp://host:port` or `smtp://host:port`; `ready` is told host and port
    once it listens. Without an address that of HOLDFAST_MAIL_LISTEN counts.
    """
    set_up()
    import asyncio
    from urllib.parse import urlsplit

    from django.conf import settings

    from holdfast.desk.arrival.listening import listen

    parts = urlsplit(address or settings.MAIL_LISTEN)
    if parts.scheme not in {"lmtp", "smtp"} or not parts.hostname or not parts.port:
        raise ValueError("write where to listen like lmtp://127.0.0.1:8024 or smtp://127.0.0.1:8025")
    host, port = parts.hostname, parts.port
    parent = parent or os.getppid()

    async def run() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        server = await listen(parts.scheme, host, port)
        if ready is not None:
            ready(*server.sockets[0].getsockname()[:2])
        async with server:
            while not stopped.is_set() and os.getppid() == parent:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), 1)

    asyncio.run(run())


def open_case(
    url: str,
    token: str,
    said: dict[str, Any],
    evidence: Sequence[Path],
    *,
    baseline: Sequence[Path] = (),
    key: str = "",
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Declare a case over the API, send its evidence, have it read; return the case's address.

    said: `title`, `severity` and what else `POST /api/v1/cases` takes. key: an idempotency key. progress is
    told name, bytes sent and size. Raises OSError for a file and httpx.HTTPStatusError for an answer.
    """
    from holdfast.web.sending import Sender

    with Sender(url, token, progress or (lambda *_: None)) as sender:
        case: str = sender.declare(said, key)["key"]
        for path in evidence:
            sender.send(case, path)
        for path in baseline:
            sender.send(case, path, baseline=True)
        if evidence:
            sender.investigate(case)
    return f"{url.rstrip('/')}/cases/{case}/"
