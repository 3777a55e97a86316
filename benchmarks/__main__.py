"""Runs the benchmarks and writes docs/benchmarks.md.

    python -m benchmarks [NAME...]

Peers are installed from the package index into an environment of their own and run in the same run. What
cannot be run on this machine is left out and named. The page is put together from the last run of each.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
KEPT = ROOT / "docs" / "benchmarks.json"
"""The last run of each, committed beside the page that is written from them."""
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
    met: bool | None = None
    number: float = 0.0
    """The figure as a number, where several runs are to be put together."""


def at_least(what: str, number: float, goal: float | None, unit: str = "") -> Row:
    """A figure that should be large."""
    return _against(what, number, goal, unit, goal is None or number >= goal)


def at_most(what: str, number: float, goal: float | None, unit: str = "") -> Row:
    """A figure that should be small."""
    return _against(what, number, goal, unit, goal is None or number <= goal)


def _against(what: str, number: float, goal: float | None, unit: str, met: bool) -> Row:
    aim = "" if goal is None else f"{goal:g}{unit}"
    return Row(what, f"{number:g}{unit}", aim, met if aim else None, number)


@dataclass(frozen=True)
class Run:
    """One benchmark's last run; `load` is what the machine did when it began and ended, a minute's average each."""

    date: str
    machine: str
    seconds: float
    load: tuple[float, float] | None
    rows: list[Row]
    left_out: str = ""


def main() -> int:
    """Run what was asked for, or all; write the page."""
    asked = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in asked if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}")
        return 2
    for name in asked:
        done = measured(BENCHMARKS[name])
        keep(name, done)
        print(
            f"{name}: {done.seconds:.0f} s{', left out: ' if done.left_out else ''}{done.left_out}",
            file=sys.stderr,
        )
    runs = kept()
    text = page({name: runs.get(name) for name in BENCHMARKS})
    print(text)
    PAGE.write_text(text, "utf-8")
    return 0


def measured(benchmark: Callable[[], Iterator[Row]]) -> Run:
    """Run one benchmark."""
    date, before, begun = f"{datetime.now(UTC):%Y-%m-%d %H:%M}", os.getloadavg()[0], time.monotonic()
    rows, left_out = [], ""
    try:
        rows = list(benchmark())
    except LeftOut as why:
        left_out = str(why)
    return Run(date, machine(), time.monotonic() - begun, (before, os.getloadavg()[0]), rows, left_out)


def kept() -> dict[str, Run]:
    """Return the last run of each benchmark that was run."""
    if not KEPT.exists():
        return {}
    told = json.loads(KEPT.read_text("utf-8"))
    return {
        name: Run(**{**data, "rows": [Row(**row) for row in data["rows"]]}) for name, data in told.items()
    }


def keep(name: str, run: Run) -> None:
    """Keep a run in place of the one before."""
    runs = kept() | {name: run}
    told = {name: asdict(runs[name]) for name in BENCHMARKS if name in runs}
    KEPT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def page(runs: dict[str, Run | None]) -> str:
    """Return the table, what missed its goal, and how and when each was measured."""
    done = {name: one for name, one in runs.items() if one and not one.left_out}
    missed = [(name, row) for name, one in done.items() for row in one.rows if row.met is False]
    lines = [
        "# Benchmarks", "",
        "Written by `make bench`, or `python -m benchmarks NAME...` for some. Ratios are ours over the peer's, per CPU"
        " second, in the same run.", "",
        "| benchmark | what | measured | goal |", "| --- | --- | ---: | ---: |",
    ]  # fmt: skip
    lines += [
        f"| {name} | {row.what} | {row.figure}{' (missed)' if row.met is False else ''} | {row.goal} |"
        for name, one in done.items()
        for row in one.rows
    ]
    lines += ["", "## What missed its goal", ""]
    lines += [f"- {name}: {row.what}: {row.figure} (goal {row.goal})" for name, row in missed] or ["Nothing."]
    lines += [
        "", "## How and when", "",
        "Load is the average of a minute when a run began and ended. Where it was above 0.5 at the beginning other work"
        " ran beside it, and times on the wall are the longer for it.", "",
    ]  # fmt: skip
    lines += [f"- {name}: {_how(name)} {_when(one)}" for name, one in done.items()]
    absent = [
        (name, one.left_out if one else "not run yet") for name, one in runs.items() if name not in done
    ]
    if absent:
        lines += ["", "## Left out on this machine", "", *(f"- {name}: {why}" for name, why in absent)]
    return "\n".join(lines) + "\n"


def _how(name: str) -> str:
    return " ".join((BENCHMARKS[name].__doc__ or "").split())


def _when(one: Run) -> str:
    load = f"load {one.load[0]:.1f} and {one.load[1]:.1f}" if one.load else "beside other work"
    return f"*{one.date} UTC, {one.seconds:.0f} s, {load}; {one.machine}*"


def machine() -> str:
    """Return the machine in one line."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else [platform.processor()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {names[0]}, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}."
    )


def run(script: str, *arguments: str) -> str:
    """Run one script; return what it printed. Its failure, on the way too, leaves it out: half a table misleads."""
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout or re.search(r"^Traceback", done.stderr, re.M):
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
    """Lines a CPU second against Drain3, file to templates with time, level and ids; 60,000 lines of each format,
    5,000 for the peer, whose speed does not grow with them. Median of three runs."""
    python = str(peers())
    yield from median([list(_speed(run("logs_speed.py", "--peer", python))) for _ in range(3)])


def _speed(said: str) -> Iterator[Row]:
    goals = {"1%": 100, "5%": 50}
    for formats, words, whole, plain in re.findall(
        r"== (\d+) formats, (\d+%).*?whole mix x(\d+).*?median format x(\d+) Drain3 without masks", said
    ):
        mix = f"{formats} formats, {words} of lines with two random words"
        yield at_least(f"{mix}: Drain3 with masks", float(whole), goals.get(words), "x")
        yield at_least(f"{mix}: Drain3 without masks, median format", float(plain), 30, "x")


def logs_quality() -> Iterator[Row]:
    """Grouping accuracy on corpora generated from programs' own messages, the half of them nobody looks at."""
    goals = {"messages": 0.95, "unknown": 0.90}
    views = {"messages": "message text", "lines": "raw lines", "unknown": "raw lines, unknown headers"}
    for view, accuracy in re.findall(r"held_out\s+(\w+)\s+mean\s+GA ([\d.]+)", run("logs_quality.py")):
        yield at_least(f"grouping accuracy, held-out half, {views[view]}", float(accuracy), goals.get(view))


def logs_compressed() -> Iterator[Row]:
    """`holdfast logs` on 200 MB of one layout, compressed, over what the codec's own tool takes to decompress it to
    nowhere, in processor seconds and by the clock, those of a file with one line (starting Python) taken off ours.
    Median of five runs."""
    found = re.findall(
        r"^(\w+): .* ratio ([\d.]+) of processor ([\d.]+) of clock", run("logs_compressed.py"), re.M
    )
    for codec, processor, clock in found:
        yield at_most(f"{codec}: times its decompression, processor seconds", float(processor), 1.3, "x")
        yield at_most(f"{codec}: times its decompression, by the clock", float(clock), 1.3, "x")


GOALS = {"as given": 95, "metrics alone": 0}
"""Per cent, where another goal than 75 is set, or none."""


def ranking() -> Iterator[Row]:
    """First place alone on labelled incidents, whole and with evidence taken away; and on those alone in which the
    guilty component leaves any mark in what remains, by tests that know nothing of the ranking (`marks.py`)."""
    folder = DATA / "incidents"
    if not folder.is_dir():
        raise LeftOut("no labelled incidents (set HOLDFAST_SHARED_DATA)")
    cells = r"(.*?)\s+(\d+)%\s+(\d+)%\s+(\d+)\s+(\d+%|-)\s+(\d+)\s+(\S+)\s+[\d.]+\s+[\d.]+$"
    for line in run("ranking.py", str(folder)).splitlines()[2:]:
        found = re.match(cells, line)
        if found:
            name, first, three, left, of_these, sure, right = found.groups()
            goal = GOALS.get(name, 75)
            aim = f"{goal} %" if goal else ""
            figure = f"{first} %, first three {three} %, certain {sure} (right {right})"
            yield Row(f"first place alone, {name}", figure, aim, int(first) >= goal if goal else None)
            met = (of_these != "-" and int(of_these[:-1]) >= goal) if goal else None
            marked = f"{of_these.replace('%', ' %')} of {left}"
            yield Row(f"first place alone, {name}, of those that leave a mark", marked, aim, met)


def spans() -> Iterator[Row]:
    """A million spans read. Median of three runs."""
    runs = []
    for _ in range(3):
        what, figure = run("spans.py").strip().split(": ")
        runs.append([at_most(what, float(re.findall(r"([\d.]+) s$", figure)[0]), 15, " s")])
    yield from median(runs)


def gigabyte() -> Iterator[Row]:
    """A gigabyte of logs of eight services investigated, report written; memory of all processes. The faster of
    two runs."""
    runs = []
    for _ in range(2):
        what, figure = run("gigabyte.py").strip().split(": ")
        seconds, memory = re.findall(r"([\d.]+) s, ([\d.]+) GiB", figure)[0]
        runs.append(
            [at_most(what, float(seconds), 10, " s"), at_most(f"{what}, memory", float(memory), 2, " GiB")]
        )
    yield from median(runs)


def desk_pages() -> Iterator[Row]:
    """Pages of the desk at 100,000 cases; on PostgreSQL too where an address is given."""
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("HOLDFAST_BENCH_POSTGRESQL", "")}
    for kind, url in urls.items():
        if kind == "SQLite" or url:
            said = run("desk_pages.py", "--url", url)
            for name, _, p95 in re.findall(r"^(.{16})\s*([\d.]+)\s+([\d.]+)$", said, re.M):
                yield at_most(f"{kind}: {name.strip()}, p95", float(p95), 150, " ms")


def desk_load() -> Iterator[Row]:
    """50 people at once on a desk of 100,000 cases and 5 million timeline entries."""
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("HOLDFAST_BENCH_POSTGRESQL_LOAD", "")}
    for kind, url in urls.items():
        if kind == "SQLite" or url:
            said = run("desk_load.py", "--pause", "10", "--url", url)
            for name, p95 in re.findall(r"^(.{16})\s*\d+\s+[\d.]+\s+([\d.]+)$", said, re.M):
                yield at_most(f"{kind}: {name.strip()}, p95", float(p95), 150, " ms")


def desk_writes() -> Iterator[Row]:
    """Timeline entries a second, none lost, none doubled; on PostgreSQL too where an address is given."""
    given = os.environ.get("HOLDFAST_BENCH_POSTGRESQL_WRITES")
    for url in ["", given] if given else [""]:
        said = run("desk_writes.py", "--writers", "2", "--url", url)
        for kind, rate, mark in re.findall(r"^(\w+), .*: (\d+) entries a second \(mark (\d+)\)", said, re.M):
            yield at_least(f"{kind}: timeline entries a second", float(rate), float(mark))


def watchers() -> Iterator[Row]:
    """200 people watch one war room on one process: how soon words reach all of them, and what pages take meanwhile."""
    said = run("watchers.py")
    found = re.search(r"all watchers, worst +(\d+) ms", said), re.search(r"meanwhile, p95 +(\d+) ms", said)
    for what, goal, one in zip(
        ("words reach 200 watchers, worst", "pages meanwhile, p95"), (1000, 150), found, strict=True
    ):
        if one:
            yield at_most(what, float(one[1]), goal, " ms")


def ledger() -> Iterator[Row]:
    """A million entries of the ledger verified from an export, in one process."""
    for seconds in re.findall(r"^verify +([\d.]+) s", run("ledger.py"), re.M):
        yield at_most("1,000,000 entries verified", float(seconds), 3, " s")


def redaction_speed() -> Iterator[Row]:
    """Redaction, the whole way, against peers that only find."""
    said = run("redaction_speed.py", "60", "--peers", str(peers()), "--large")
    for figure in re.findall(r"^ours: ([\d.]+) MB per CPU second", said, re.M):
        yield at_least("MB per CPU second, one process", float(figure), 60)
    for name, times in re.findall(r"^(\S+): [\d.]+ MB per CPU second, .*? ours is x(\d+)", said, re.M):
        yield at_least(f"times faster than {name}", float(times), 100, "x")
    for seconds in re.findall(r"^large: .*? in ([\d.]+) s", said, re.M):
        yield at_most("2 GB, all processors", float(seconds), 40, " s")


def redaction_quality() -> Iterator[Row]:
    """Leaks and false alarms of redaction on planted text."""
    said = run("redaction_quality.py", "50000")
    for leaked, plants in re.findall(r"^leaks: (\d+) of (\d+)", said, re.M):
        yield at_most(f"leaks of {plants} plants", float(leaked), 0)
    for percent in re.findall(r"forms found: .*?\(([\d.]+) %", said):
        yield at_least("vendors' forms found", float(percent), 98, " %")
    for percent in re.findall(r"near-misses altered: .*?\(([\d.]+) %", said):
        yield at_most("near-misses altered", float(percent), 5, " %")
    for figure in re.findall(r"per 10,000 lines: ([\d.]+)", said):
        yield at_most("false secrets in 10,000 ordinary lines", float(figure), 2)


BENCHMARKS: dict[str, Callable[[], Iterator[Row]]] = {
    "logs_speed": logs_speed,
    "logs_quality": logs_quality,
    "logs_compressed": logs_compressed,
    "ranking": ranking,
    "spans": spans,
    "gigabyte": gigabyte,
    "desk_pages": desk_pages,
    "desk_load": desk_load,
    "desk_writes": desk_writes,
    "watchers": watchers,
    "ledger": ledger,
    "redaction_speed": redaction_speed,
    "redaction_quality": redaction_quality,
}


if __name__ == "__main__":
    sys.exit(main())
