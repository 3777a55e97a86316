"""Runs the benchmarks and writes one table to docs/benchmarks.md.

    python -m benchmarks [NAME...]

Peers are installed from the package index into an environment of their own and run in the same run. What
cannot be run on this machine is left out and named.
"""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PEERS = ROOT / ".bench-venv"
PEER_PACKAGES = (
    "drain3==0.9.11",
    "presidio-analyzer==2.2.366",
    "detect-secrets==1.5.0",
    "credsweeper==1.19.5",
)
DATA = Path(os.environ.get("HOLDFAST_SHARED_DATA", ROOT.parent / "shared" / "data"))


class LeftOut(Exception):
    """A benchmark that cannot be run here, and why."""


@dataclass(frozen=True)
class Row:
    """One measured figure."""

    what: str
    figure: str
    goal: str = ""
    number: float = 0.0
    """The figure as a number, where several runs are to be put together."""


def main() -> int:
    """Run what was asked for, or all; write the page when all ran."""
    asked = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in asked if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}")
        return 2
    rows: dict[str, list[Row]] = {}
    missing: dict[str, str] = {}
    for name in asked:
        begun = time.monotonic()
        try:
            rows[name] = list(BENCHMARKS[name]())
        except LeftOut as why:
            missing[name] = str(why)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    text = page(rows, missing)
    print(text)
    if not sys.argv[1:]:
        PAGE.write_text(text, "utf-8")
    return 0


def page(rows: dict[str, list[Row]], missing: dict[str, str]) -> str:
    """Return the table, with the machine it was measured on."""
    lines = [
        "# Benchmarks", "",
        "Written by `make bench`. Ratios are ours over the peer's, per CPU second, in the same run.", "",
        machine(), "", "| benchmark | what | measured | goal |", "| --- | --- | ---: | ---: |",
    ]  # fmt: skip
    lines += [
        f"| {name} | {row.what} | {row.figure} | {row.goal} |" for name, some in rows.items() for row in some
    ]
    if missing:
        lines += ["", "Left out on this machine:", "", *(f"- {name}: {why}" for name, why in missing.items())]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return the machine in one line."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else [platform.processor()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} x {names[0]}, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}."
    )


def run(script: str, *arguments: str) -> str:
    """Run one script; return what it printed. Its failure leaves it out."""
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise LeftOut(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it printed nothing")
    return done.stdout


def peers() -> Path:
    """Return the peers' Python, installed the first time."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        done = subprocess.run([str(python), "-m", "pip", "install", "-q", *PEER_PACKAGES], check=False)
        if done.returncode:
            raise LeftOut("the peers could not be installed")
    return python


def median(runs: Sequence[list[Row]]) -> Iterator[Row]:
    """Put several runs together: of each row the run with the middle number."""
    for same in zip(*runs, strict=True):
        middle = statistics.median_low([row.number for row in same])
        yield next(row for row in same if row.number == middle)


def logs_speed() -> Iterator[Row]:
    """Lines a CPU second against Drain3, on a mix of formats."""
    python = str(peers())
    yield from median([list(_speed(run("logs_speed.py", "--peer", python))) for _ in range(3)])


def _speed(said: str) -> Iterator[Row]:
    goals = {"1%": "100x", "5%": "50x"}
    for formats, words, whole, plain in re.findall(
        r"== (\d+) formats, (\d+%).*?whole mix x(\d+).*?median format x(\d+) Drain3 without masks", said
    ):
        mix = f"{formats} formats, {words} of lines with two random words"
        yield Row(f"{mix}: Drain3 with masks", f"{whole}x", goals.get(words, ""), float(whole))
        yield Row(f"{mix}: Drain3 without masks, median format", f"{plain}x", "30x", float(plain))


def logs_quality() -> Iterator[Row]:
    """Grouping accuracy on the half of the corpora that nobody looks at."""
    goals = {"messages": "0.95", "lines": "", "unknown": "0.90"}
    views = {"messages": "message text", "lines": "raw lines", "unknown": "raw lines, unknown headers"}
    for view, accuracy in re.findall(r"held_out\s+(\w+)\s+mean\s+GA ([\d.]+)", run("logs_quality.py")):
        yield Row(f"grouping accuracy, held-out half, {views[view]}", accuracy, goals[view])


def ranking() -> Iterator[Row]:
    """First place alone on labelled incidents, whole and with evidence taken away."""
    folder = DATA / "incidents"
    if not folder.is_dir():
        raise LeftOut("no labelled incidents (set HOLDFAST_SHARED_DATA)")
    goals = {"as given": "95 %"}
    for line in run("ranking.py", str(folder)).splitlines()[2:]:
        found = re.match(r"(.*?)\s+(\d+)%\s+(\d+)%\s+(\d+)\s+(\S+)\s+([\d.]+)$", line)
        if found:
            name, first, three, sure, right, _ = found.groups()
            figure = f"{first} %, first three {three} %, certain {sure} (right {right})"
            yield Row(f"first place alone, {name}", figure, goals.get(name, "75 %"))


def spans() -> Iterator[Row]:
    """A million spans."""
    said = [run("spans.py").strip() for _ in range(3)]
    rows = [
        [Row(s.split(":")[0], s.split(": ")[1], "15 s", float(re.findall(r"([\d.]+) s$", s)[0]))]
        for s in said
    ]
    yield from median(rows)


def gigabyte() -> Iterator[Row]:
    """A gigabyte of logs, investigated."""
    said = [run("gigabyte.py").strip() for _ in range(2)]
    rows = [
        [Row(s.split(":")[0], s.split(": ")[1], "10 s, 2 GiB", float(re.findall(r"([\d.]+) s,", s)[0]))]
        for s in said
    ]
    yield from median(rows)


def desk_pages() -> Iterator[Row]:
    """Pages of the desk at 100,000 cases; on PostgreSQL too where an address is given."""
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("HOLDFAST_BENCH_POSTGRESQL", "")}
    for kind, url in urls.items():
        if kind == "SQLite" or url:
            for name, _, p95 in re.findall(
                r"^(.{16})\s*([\d.]+)\s+([\d.]+)$", run("desk_pages.py", "--url", url), re.M
            ):
                yield Row(f"{kind}: {name.strip()}, p95", f"{p95} ms", "150 ms")


def desk_load() -> Iterator[Row]:
    """50 people at once on a desk of 100,000 cases and 5 million timeline entries."""
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("HOLDFAST_BENCH_POSTGRESQL_LOAD", "")}
    for kind, url in urls.items():
        if kind == "SQLite" or url:
            said = run("desk_load.py", "--pause", "10", "--url", url)
            for name, p95 in re.findall(r"^(.{16})\s*\d+\s+[\d.]+\s+([\d.]+)$", said, re.M):
                yield Row(f"{kind}: {name.strip()}, p95", f"{p95} ms", "150 ms")


def desk_writes() -> Iterator[Row]:
    """Timeline entries a second, none lost, none doubled; on PostgreSQL too where an address is given."""
    given = os.environ.get("HOLDFAST_BENCH_POSTGRESQL_WRITES")
    for url in ["", given] if given else [""]:
        said = run("desk_writes.py", "--writers", "2", "--url", url)
        for kind, rate, mark in re.findall(r"^(\w+), .*: (\d+) entries a second \(mark (\d+)\)", said, re.M):
            yield Row(f"{kind}: timeline entries a second", rate, mark)


def redaction_speed() -> Iterator[Row]:
    """Redaction, the whole way, against peers that only find."""
    said = run("redaction_speed.py", "60", "--peers", str(peers()), "--large")
    for figure in re.findall(r"^ours: ([\d.]+) MB per CPU second", said, re.M):
        yield Row("MB per CPU second, one process", figure, "60", float(figure))
    for name, times in re.findall(r"^(\S+): [\d.]+ MB per CPU second, .*? ours is x(\d+)", said, re.M):
        yield Row(f"times faster than {name}", f"{times}x", "100x", float(times))
    for seconds in re.findall(r"^large: .*? in ([\d.]+) s", said, re.M):
        yield Row("2 GB, all processors", f"{seconds} s", "40 s", float(seconds))


def redaction_quality() -> Iterator[Row]:
    """Leaks and false alarms of redaction."""
    said = run("redaction_quality.py", "50000")
    for leaked, plants in re.findall(r"^leaks: (\d+) of (\d+)", said, re.M):
        yield Row(f"leaks of {plants} plants", leaked, "0")
    for percent in re.findall(r"forms found: .*?\(([\d.]+) %", said):
        yield Row("vendors' forms found", f"{percent} %", "98 %")
    for percent in re.findall(r"near-misses altered: .*?\(([\d.]+) %", said):
        yield Row("near-misses altered", f"{percent} %", "under 5 %")
    for figure in re.findall(r"per 10,000 lines: ([\d.]+)", said):
        yield Row("false secrets in 10,000 ordinary lines", figure, "2")


BENCHMARKS: dict[str, Callable[[], Iterator[Row]]] = {
    "logs_speed": logs_speed,
    "logs_quality": logs_quality,
    "ranking": ranking,
    "spans": spans,
    "gigabyte": gigabyte,
    "desk_pages": desk_pages,
    "desk_load": desk_load,
    "desk_writes": desk_writes,
    "redaction_speed": redaction_speed,
    "redaction_quality": redaction_quality,
}


if __name__ == "__main__":
    sys.exit(main())
