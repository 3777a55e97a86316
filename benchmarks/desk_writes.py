"""How many timeline entries a second the desk writes, through its commands, and whether all of them are there.

    python benchmarks/desk_writes.py [--writers 4] [--seconds 20] [--url postgresql://user@host/name]

Several processes write comments to cases of their own and one they share, each a transaction with hash chain, clocks,
place in the queue and event. Afterwards every chain is verified and every entry counted. The marks are 100 a
second on SQLite and 500 on PostgreSQL.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

MARKS = {"sqlite": 100, "postgresql": 500}
WRITER = """
import sys, time
from holdfast.web.serving import set_up
set_up()
from holdfast.desk.cases import commands
from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person
name, shared, own, seconds = sys.argv[1], *map(int, sys.argv[2:4]), float(sys.argv[4])
by = Person.objects.get(username=name)
cases = {n: Case.objects.select_related("organisation", "customer").get(number=n) for n in (shared, own)}
commands.comment(cases[own], "warm", by=by)
print("ready", flush=True)
sys.stdin.readline()
number, until = 0, time.monotonic() + seconds
while time.monotonic() < until:
    number += 1
    commands.comment(cases[shared if number % 10 == 0 else own], f"{name} wrote line {number}", by=by)
print(number, flush=True)
"""


def main() -> int:
    """Write, count, verify; exit 1 when the mark is missed or an entry is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--url", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        os.environ |= {
            "HOLDFAST_DATA": folder,
            "HOLDFAST_DATABASE_URL": chosen.url,
            "HOLDFAST_LOG_LEVEL": "ERROR",
        }
        prepare(chosen.writers)
        written = write(chosen.writers, chosen.seconds)
        return told(written, chosen.writers, chosen.seconds)


def prepare(writers: int) -> None:
    """Make a case for everybody and one for all."""
    from holdfast.web.serving import migrate

    migrate()
    from holdfast.desk.cases.commands import Escalation, acknowledge, declare
    from holdfast.desk.people import commands
    from holdfast.desk.people.rights import Role

    organisation = commands.found("Bench", "ESC")
    for number in range(writers + 1):
        person = commands.admit(organisation, f"w{number}", Role.ENGINEER)
        case = declare(organisation, Escalation(f"Search fails {number}", 2), by=person, source="bench").case
        acknowledge(case, by=person)


def write(writers: int, seconds: float) -> list[int]:
    """Let all writers write at once; return how many entries each says it wrote."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, f"w{n}", "1", str(n + 2), str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(writers)
    ]  # fmt: skip
    for writer in running:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", "a writer did not start"
    for writer in running:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return [int(writer.communicate()[0]) for writer in running]


def told(written: list[int], writers: int, seconds: float) -> int:
    """Verify what is there and print; return the exit code."""
    from django.db import connection

    from holdfast.desk.cases.chain import verify
    from holdfast.desk.cases.models import Case, Entry

    broken = [said for case in Case.objects.select_related("organisation") if (said := verify(case))]
    texts = list(
        Entry.objects.filter(kind="comment", text__contains="wrote line").values_list("text", flat=True)
    )
    lost, doubled = sum(written) - len(set(texts)), len(texts) - len(set(texts))
    rate, mark = sum(written) / seconds, MARKS[connection.vendor]
    print(f"{connection.vendor}, {writers} writers: {rate:.0f} entries a second (mark {mark})")
    print(f"lost {lost}, doubled {doubled}, chains broken {len(broken)}")
    print(f"of the slowest writer {min(written)}, of the fastest {max(written)}")
    return int(rate < mark or lost != 0 or doubled != 0 or bool(broken))


if __name__ == "__main__":
    sys.exit(main())
