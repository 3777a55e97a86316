"""How long the desk's pages take at 100,000 cases and a million timeline entries.

    python benchmarks/desk_pages.py [--cases 100000] [--entries 10] [--url postgresql://user@host/name]

Fills an empty database (SQLite in a temporary folder by default), then asks each page many times and
prints median and p95 in milliseconds. Entries are written past the commands, without their hash chain.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

PAGES = {
    "queue": "/",
    "queue, mine": "/?view=mine",
    "queue, page 5": "/?start=200",
    "queue, blocked": "/?view=blocked",
    "queue, filter": "/?severity=3&is=no-step&area=x",
    "why a place": "/cases/{open}/place",
    "stand-up": "/queue/stand-up",
    "weekly": "/queue/weekly",
    "hygiene": "/hygiene/",
    "hygiene, cases": "/hygiene/?check=no-next-step",
    "triage": "/cases/{key}/triage",
    "clocks": "/cases/{key}/clocks",
    "search, words": "/cases/?q=search",
    "case": "/cases/{key}/",
    "timeline": "/cases/{key}/timeline",
    "figures": "/figures/",
    "figure, cases": "/figures/time-to-acknowledge/3",
    "api, list": "/api/v1/cases?limit=50",
    "api, case": "/api/v1/cases/{key}",
    "api, timeline": "/api/v1/cases/{key}/timeline",
}
LIMIT_MS = 150.0


def main() -> int:
    """Fill, measure, print; exit 1 when a page's p95 is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--entries", type=int, default=10, help="of each case")
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        os.environ |= {
            "HOLDFAST_DATA": folder,
            "HOLDFAST_DATABASE_URL": chosen.url,
            "HOLDFAST_LOG_LEVEL": "ERROR",
        }
        os.environ |= {"HOLDFAST_HOSTS": "testserver", "DJANGO_SETTINGS_MODULE": "holdfast.web.settings"}
        from holdfast.web.serving import migrate

        migrate()
        begun = time.perf_counter()
        person = fill(chosen.cases, chosen.entries)
        print(f"filled with {chosen.cases:,} cases in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        return measure(person, chosen.cases, chosen.rounds)


def fill(number: int, entries: int = 10) -> Any:
    """Make the cases with so many entries each, a tenth of them open; return an engineer."""
    from django.db import connection, transaction

    from holdfast.desk.cases.models import Case
    from holdfast.desk.people import commands
    from holdfast.desk.people.models import Organisation
    from holdfast.desk.people.rights import Role

    organisation = commands.found("Bench", "ESC")
    people = [commands.admit(organisation, f"engineer{n}", Role.ENGINEER) for n in range(20)]
    chance = random.Random(7)
    for first in range(0, number, 5000):
        with transaction.atomic():
            cases = [
                _case(organisation, people, n, chance, entries)
                for n in range(first, min(number, first + 5000))
            ]
            _wind(cases)
            Case.objects.bulk_create(cases, batch_size=500)
            _entries(cases, people)
            _measures(cases)
    Organisation.objects.update(last_number=number)
    with connection.cursor() as cursor:
        # a desk that has long been at work is vacuumed, and not while it is measured
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return people[0]


def _case(organisation: Any, people: list[Any], n: int, chance: random.Random, entries: int) -> Any:
    from django.utils import timezone

    from holdfast.desk.cases.models import Case

    reported = timezone.now() - timedelta(minutes=chance.randrange(1, 60 * 24 * 700))
    acknowledged = reported + timedelta(minutes=chance.randrange(1, 300)) if chance.random() < 0.95 else None
    return Case(
        organisation=organisation,
        number=n + 1,
        title=f"{chance.choice(['Search', 'Booking', 'Export', 'Sign-in'])} fails for tenant {n}",
        severity=chance.choices([1, 2, 3, 4], [5, 25, 50, 20])[0],
        state="closed" if n % 10 else "diagnosing",
        declared_by=people[n % 20],
        owner=people[(n * 7) % 20] if chance.random() < 0.9 else None,
        reported_at=reported,
        acknowledged_at=acknowledged,
        closed_at=reported + timedelta(days=5) if n % 10 else None,
        entries_count=entries,
    )


def _steps(case: Any) -> list[Any]:
    """Return the steps of the timeline that `_entries` writes."""
    from holdfast.desk.clocks.story import Step

    told = {"field": "state", "from": None, "to": "new", "severity": case.severity}
    steps = [Step("state", case.reported_at, told, 1)]
    if case.acknowledged_at:
        steps.append(Step("state", case.acknowledged_at, {"acknowledged": True}, 2))
    if case.closed_at:
        steps.append(Step("state", case.closed_at, {"field": "state", "from": "new", "to": "resolved"}, 3))
    return steps


def _wind(cases: list[Any]) -> None:
    """Count clocks and places as a command would."""
    from django.utils import timezone

    from holdfast.desk.cases.clockwork import wind
    from holdfast.desk.cases.ordering import place
    from holdfast.desk.cases.rulebook import rulebook

    book, now = rulebook(cases[0].organisation), timezone.now()
    for case in cases:
        case.clocks = wind(case, book, _steps(case), now)
        case.attention_at = None
        place(case, book.queue.value, now)


def _measures(cases: list[Any]) -> None:
    from django.utils import timezone

    from holdfast.desk.insight.figures import all_figures
    from holdfast.desk.insight.measuring import as_told, described
    from holdfast.desk.insight.models import Measure

    rows, now = [], timezone.now()
    for case in cases:
        told = as_told(case, _steps(case), case.clocks)
        for figure in all_figures().values():
            if (found := figure.of(told, now)) is not None:
                rows.append(Measure(**described(case, figure, found)))
    Measure.objects.bulk_create(rows, batch_size=1000)


def _entries(cases: list[Any], people: list[Any]) -> None:
    from holdfast.desk.cases.models import Entry

    rows = []
    for case in cases:
        data = {step.position: step.data for step in _steps(case)}
        for position in range(1, case.entries_count + 1):
            acknowledges = position == 2 and case.acknowledged_at is not None
            rows.append(
                Entry(
                    case=case,
                    position=position,
                    kind="state" if position in data else "fact",
                    text="call 3 of 5 wrote line 53",
                    data=data.get(position, {}),
                    person=people[position % len(people)],
                    author="Engineer",
                    happened_at=case.acknowledged_at if acknowledges else case.reported_at,
                    recorded_at=case.reported_at,
                    hash="0" * 64,
                )
            )
        if len(rows) >= 10_000:
            Entry.objects.bulk_create(rows, batch_size=1000)
            rows.clear()
    Entry.objects.bulk_create(rows, batch_size=1000)


def measure(person: Any, cases: int, rounds: int) -> int:
    """Ask every page `rounds` times over different cases and print what it took."""
    from django.test import Client

    browser, chance, worst = Client(), random.Random(11), 0.0
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    print(f"{'page':<16}{'median ms':>10}{'p95 ms':>8}")
    for name, address in PAGES.items():
        took = []
        for _ in range(rounds):
            number = chance.randrange(1, cases + 1)
            path = address.replace("{key}", f"ESC-{number}").replace("{open}", f"ESC-{number // 10 * 10 + 1}")
            begun = time.perf_counter()
            answer = browser.get(path)
            took.append(1000 * (time.perf_counter() - begun))
            assert answer.status_code == 200, (path, answer.status_code)
        p95 = statistics.quantiles(took[1:], n=20)[-1]
        worst = max(worst, p95)
        print(f"{name:<16}{statistics.median(took):>10.1f}{p95:>8.1f}")
    return int(worst > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
