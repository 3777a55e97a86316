"""200 people watch one war room on one process: how soon does an event reach all of them, and what do pages take?

    python benchmarks/watchers.py [--watchers 200] [--events 20] [--url postgresql://user@host/name]

A server in a process of its own; the watchers are streams of this one. Each round writes a line into the room
and waits until every stream carried its words, while pages are asked for and timed. Prints the figures, the pages'
times without watchers beside them; exit 1 when one misses its mark.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MARK_ALL, MARK_PAGE = 1.0, 0.150
PAGES = ("/cases/ESC-1/room", "/cases/ESC-1/", "/")


def main() -> int:
    """Prepare a desk, serve it, watch it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=200)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--url", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        os.environ |= {
            "HOLDFAST_DATA": folder,
            "HOLDFAST_DATABASE_URL": chosen.url,
            "HOLDFAST_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "holdfast.web.settings",
        }
        from holdfast.web.serving import migrate

        migrate()
        cookies = people(chosen.watchers)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "holdfast.web.asgi:application", "--port", str(port)]
        server = subprocess.Popen([*command, "--log-level", "error"])
        try:
            return asyncio.run(watch(f"http://127.0.0.1:{port}", cookies, chosen.events, server.pid, folder))
        finally:
            server.terminate()
            server.wait()


def people(number: int) -> list[str]:
    """Make a case, and so many engineers who are signed in; return their sessions."""
    from holdfast.desk.cases.commands import Escalation, assign, declare
    from holdfast.desk.people import commands
    from holdfast.desk.people.rights import Role
    from holdfast.desk.response.room import act, open_room

    organisation = commands.found("Bench", "ESC")
    found = [commands.admit(organisation, f"engineer{n}", Role.ENGINEER) for n in range(number)]
    case = declare(organisation, Escalation("Search fails", 1), by=found[0], source="bench").case
    assign(case, found[0], by=found[0])
    open_room(case, by=found[0])
    for one in found[:8]:
        act(case, one, "read what there is", 30, by=found[0])
    return signed_in(found)


def signed_in(people: list[Any]) -> list[str]:
    """Sign everybody in; return their sessions."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    cookies = []
    for one in people:
        session = SessionStore()
        session[SESSION_KEY] = str(one.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = one.get_session_auth_hash()
        session.save()
        cookies.append(str(session.session_key))
    return cookies


async def watch(url: str, cookies: list[str], events: int, pid: int, folder: str) -> int:
    """Open the streams, write, and time what comes."""
    import httpx

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        await ready(client)
        alone = [await page(client, cookies[0], PAGES[n % len(PAGES)]) for n in range(3 * len(PAGES))]
        inboxes: list[asyncio.Queue[float]] = [asyncio.Queue() for _ in cookies]
        opened = [asyncio.Event() for _ in cookies]
        streams = [
            asyncio.create_task(follow(client, cookie, inbox, event))
            for cookie, inbox, event in zip(cookies, inboxes, opened, strict=True)
        ]
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in opened)), 60)
        await asyncio.sleep(1)
        idle = held(pid, folder)
        reached, whole = [], []
        for number in range(events):
            reached.append(await one_round(client, cookies, inboxes, number))
            for address in PAGES:
                whole.append(await page(client, cookies[number % len(cookies)], address))
                await asyncio.sleep(0.2)
        for stream in streams:
            stream.cancel()
    return told(len(cookies), idle, reached, whole, alone[len(PAGES) :])


async def ready(client: Any) -> None:
    """Wait until the server answers."""
    import httpx

    for _ in range(300):
        try:
            if (await client.get("/healthz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not answer")


async def follow(client: Any, cookie: str, inbox: asyncio.Queue[float], opened: asyncio.Event) -> None:
    """Read a stream, noting when each event arrives."""
    headers = {"Cookie": f"holdfast_session={cookie}"}
    async with client.stream("GET", "/cases/ESC-1/room/stream", headers=headers) as answer:
        answer.raise_for_status()
        async for text in answer.aiter_lines():
            opened.set()
            if text.startswith("data:") and '"html"' in text and "line " in text:
                inbox.put_nowait(time.perf_counter())


async def one_round(
    client: Any, cookies: list[str], inboxes: list[asyncio.Queue[float]], number: int
) -> float:
    """Write a line and return how long it took until the last stream had heard of it."""
    name = f"holdfast_session={cookies[0]}"
    form = await client.get("/cases/ESC-1/room", headers={"Cookie": name})
    token = form.text.split('name="csrf" content="')[1].split('"')[0]
    both = f"{name}; holdfast_csrf={form.cookies['holdfast_csrf']}"
    client.cookies.clear()
    begun = time.perf_counter()
    answer = await client.post(
        "/cases/ESC-1/room/say",
        data={"text": f"line {number}"},
        headers={"Cookie": both, "X-CSRFToken": token, "X-Requested-With": "fetch"},
    )
    assert answer.status_code == 204, answer.text
    arrived = await asyncio.wait_for(asyncio.gather(*(inbox.get() for inbox in inboxes)), 30)
    return float(max(arrived) - begun)


async def page(client: Any, cookie: str, address: str = "/cases/ESC-1/room") -> float:
    """Return how long a page took."""
    begun = time.perf_counter()
    answer = await client.get(address, headers={"Cookie": f"holdfast_session={cookie}"})
    assert answer.status_code == 200, answer.status_code
    return time.perf_counter() - begun


def held(pid: int, folder: str) -> int:
    """Return how many database connections the server holds; its poller has one for milliseconds at a time."""
    from django.db import connection

    counts = []
    for _ in range(20):
        time.sleep(0.05)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                counts.append(int(cursor.fetchone()[0]))
        else:
            links = [os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
            counts.append(sum(link.startswith(folder) and link.endswith(".sqlite3") for link in links))
    return min(counts)


def told(watchers: int, idle: int, reached: list[float], pages: list[float], alone: list[float]) -> int:
    """Print the figures; return the exit code."""
    worst, p95 = max(reached), statistics.quantiles(pages, n=20)[18]
    print(f"watchers                          {watchers}")
    print(f"words reach all watchers, median  {statistics.median(reached) * 1000:.0f} ms")
    print(f"words reach all watchers, worst   {worst * 1000:.0f} ms (mark {MARK_ALL * 1000:.0f})")
    print(f"pages without watchers, median    {statistics.median(alone) * 1000:.0f} ms")
    print(f"pages meanwhile, median           {statistics.median(pages) * 1000:.0f} ms of {len(pages)}")
    print(f"pages meanwhile, p95              {p95 * 1000:.0f} ms (mark {MARK_PAGE * 1000:.0f})")
    print(f"database connections of streams   {idle} (mark 0)")
    print(f"load of the machine               {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return 0 if worst <= MARK_ALL and p95 <= MARK_PAGE and idle == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
