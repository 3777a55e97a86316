"""Plain functions behind the command line: migrate, let the first admin in, serve, open a case."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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


def serve(host: str = "127.0.0.1", port: int = 8137, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve the desk with its workers until interrupted; `ready` is told the address once it answers."""
    import uvicorn

    migrate()
    from django.conf import settings

    config = uvicorn.Config(
        "holdfast.web.asgi:application",
        host=host,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        # Open streams would otherwise keep a stopping server for ever.
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    with workers(settings.WORKERS, mail=bool(settings.MAIL_LISTEN)):
        if ready is not None:
            threading.Thread(target=_tell_when_up, args=(server, ready), daemon=True).start()
        server.run()


def _tell_when_up(server: Any, ready: Callable[[str], None]) -> None:
    while not server.started:
        time.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    ready(f"http://{host}:{port}")


@contextmanager
def workers(number: int, *, mail: bool = False) -> Iterator[None]:
    """Keep that many worker processes running beside the server, and one that takes mail where that is
    wanted; one that dies is started again."""
    stopping = threading.Event()
    modules = ["holdfast.web.worker"] * number + ["holdfast.web.mailing"] * mail
    keepers = [threading.Thread(target=_keep, args=(stopping, module)) for module in modules]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for keeper in keepers:
            keeper.join()


def _keep(stopping: threading.Event, module: str) -> None:
    while not stopping.is_set():
        process = subprocess.Popen([sys.executable, "-m", module])  # noqa: S603  names of ours
        while process.poll() is None and not stopping.wait(0.3):
            pass
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
        elif not stopping.wait(1):
            logging.getLogger("holdfast.jobs").warning("%s ended, starting another", module)


def run_worker() -> None:
    """Work on jobs until told to stop or until the server that started this process is gone."""
    set_up()
    from holdfast.desk.outbox.worker import work

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    parent = os.getppid()
    work(lambda: stopped.is_set() or os.getppid() != parent)


def take_mail(address: str = "", ready: Callable[[str, int], None] | None = None) -> None:
    """Take mail from a mail server until told to stop; `address` is `lmtp://host:port` or `smtp://host:port`.

    `ready` is told host and port once it listens. Without an address that of HOLDFAST_MAIL_LISTEN counts.
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
    parent = os.getppid()

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
