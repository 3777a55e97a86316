"""50 people at work on a desk of 100,000 cases and 5 million timeline entries: what do its pages take?

    python benchmarks/desk_load.py [--users 50] [--pause 5] [--seconds 60] [--cases 100000] [--entries 50]
                                   [--folder KEPT] [--url postgresql://user@host/name]

The desk is served by processes of its own, as `holdfast serve` does. Everybody is signed in, has the live stream of
their page open, and asks for the next page after a pause (exponential, of `--pause` seconds on average). Prints
median and p95 in milliseconds as seen by them. A database that holds cases already is measured as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from desk_pages import LIMIT_MS, fill
from watchers import ready, signed_in

WAYS = (
    (3, "queue", "/"),
    (1, "queue, mine", "/?view=mine"),
    (3, "list", "/cases/?q=search"),
    (6, "case", "/cases/{key}/"),
    (2, "timeline", "/cases/{key}/timeline"),
    (1, "clocks", "/cases/{key}/clocks"),
    (1, "stand-up", "/queue/stand-up"),
    (1, "figures", "/figures/"),
    (2, "api, list", "/api/v1/cases?limit=50"),
    (2, "api, case", "/api/v1/cases/{key}"),
)
"""Weight, name and address; nine of ten cases looked at are open ones."""


def main() -> int:
    """Fill, serve, ask; exit 1 when the p95 of a page is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--pause", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=50)
    parser.add_argument("--folder", default="")
    parser.add_argument("--url", default="")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = chosen.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-bench-"))
        os.environ |= {
            "HOLDFAST_DATA": folder,
            "HOLDFAST_DATABASE_URL": chosen.url,
            "HOLDFAST_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "holdfast.web.settings",
        }
        cookies, cases = prepare(chosen.cases, chosen.entries, chosen.users)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "holdfast.cli", "serve", "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            return asyncio.run(work(f"http://127.0.0.1:{port}", cookies, cases, chosen))
        finally:
            server.terminate()
            server.wait()


def prepare(cases: int, entries: int, users: int) -> tuple[list[str], int]:
    """Fill an empty database; return sessions of so many engineers and how many cases there are."""
    from holdfast.web.serving import migrate

    migrate()
    from holdfast.desk.cases.models import Case
    from holdfast.desk.people import commands
    from holdfast.desk.people.models import Organisation, Person
    from holdfast.desk.people.rights import Role

    if not Case.objects.exists():
        begun = time.perf_counter()
        fill(cases, entries)
        print(f"filled with {cases:,} cases in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    organisation = Organisation.objects.get()
    known = {person.username: person for person in Person.objects.filter(username__startswith="engineer")}
    people = [
        known.get(name) or commands.admit(organisation, name, Role.ENGINEER)
        for name in (f"engineer{n}" for n in range(users))
    ]
    return signed_in(people), organisation.last_number


async def work(url: str, cookies: list[str], cases: int, chosen: argparse.Namespace) -> int:
    """Let everybody work for the time; print what they saw."""
    import httpx

    took = defaultdict[str, list[float]](list)
    async with AsyncExitStack() as stack:
        browsers = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60)) for _ in cookies
        ]
        client = browsers[0]
        await ready(client)
        for _, _, address in WAYS:
            await client.get(named(address, 1), headers={"Cookie": f"holdfast_session={cookies[0]}"})
        until = time.perf_counter() + chosen.seconds
        await asyncio.gather(
            *(
                at_work(browser, cookie, cases, chosen.pause, until, took, random.Random(n))
                for n, (browser, cookie) in enumerate(zip(browsers, cookies, strict=True))
            )
        )
    return told(took, chosen)


async def at_work(
    client: Any,
    cookie: str,
    cases: int,
    pause: float,
    until: float,
    took: dict[str, list[float]],
    chance: random.Random,
) -> None:
    """Ask for page after page as one person does, with the live stream open beside them."""
    headers = {"Cookie": f"holdfast_session={cookie}"}
    stream = asyncio.create_task(follow(client, headers))
    while True:
        await asyncio.sleep(chance.expovariate(1 / pause))
        if time.perf_counter() >= until:
            break
        _, name, address = chance.choices(WAYS, [way[0] for way in WAYS])[0]
        number = chance.randrange(cases // 10) * 10 + (1 if chance.random() < 0.9 else 5)
        begun = time.perf_counter()
        answer = await client.get(named(address, number), headers=headers)
        took[name].append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, (address, answer.status_code)
    stream.cancel()


async def follow(client: Any, headers: dict[str, str]) -> None:
    """Keep the live stream open."""
    while True:
        async with client.stream("GET", "/live/", headers=headers) as answer:
            answer.raise_for_status()
            async for _ in answer.aiter_lines():
                pass


def named(address: str, number: int) -> str:
    """Return the address with its case."""
    return address.replace("{key}", f"ESC-{number}")


def told(took: dict[str, list[float]], chosen: argparse.Namespace) -> int:
    """Print the table; return the exit code."""
    asked = sum(len(times) for times in took.values())
    print(
        f"{chosen.users} people, {asked} pages in {chosen.seconds:.0f} s ({asked / chosen.seconds:.1f} a second)"
    )
    print(f"{'page':<16}{'n':>6}{'median ms':>10}{'p95 ms':>8}")
    worst = 0.0
    for _, name, _ in WAYS:
        times = took[name]
        if len(times) < 2:
            continue
        p95 = statistics.quantiles(times, n=20)[-1]
        worst = max(worst, p95)
        print(f"{name:<16}{len(times):>6}{statistics.median(times):>10.1f}{p95:>8.1f}")
    every = [time for times in took.values() for time in times]
    if len(every) < 2:
        print("too few pages to say anything; give it more --seconds")
        return 2
    print(
        f"{'all':<16}{asked:>6}{statistics.median(every):>10.1f}{statistics.quantiles(every, n=20)[-1]:>8.1f}"
    )
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return int(worst > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
