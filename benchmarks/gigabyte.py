"""How long and how much memory a gigabyte of logs takes, report written.

    python benchmarks/gigabyte.py [--megabytes 1000]

Eight services in eight layouts; in the last third one of them writes a new error. Memory is the sum of the
proportional set sizes of all processes, looked at ten times a second.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

LAYOUTS = (
    "{iso} INFO  [worker-{n}] c.e.shop.Orders - order {a} accepted for customer {b} in {n} ms",
    '{{"ts":"{iso}","level":"info","logger":"stock","msg":"reserved {n} of product {a}","trace_id":"{hex}"}}',
    'time="{iso}" level=info msg="payment taken" order={a} amount={n} provider=cards',
    '10.0.{n}.7 - - [{clf}] "GET /products/{a} HTTP/1.1" 200 {b} "-" "probe/1.0"',
    "I{klog} 4711 cache.go:88] key product:{a} refreshed after {n}ms hits={b}",
    "{plain} UTC [{n}] LOG:  duration: {n}.{a} ms  statement: SELECT * FROM orders WHERE id = {b}",
    "{plain},{n} [{n}] [WARN] mail.Sender: greylisted by relay-{n}.example, message {a} waits",
    "<{n}>1 {iso} host-{n} notifier 4711 ID{n} - sent {a} to device {b}",
)


def generate(folder: Path, megabytes: int) -> None:
    """Write the logs, each in time order."""
    dice = random.Random(3)
    for number, layout in enumerate(LAYOUTS):
        with (folder / f"service-{number}.log").open("w") as out:
            _write(out, layout, megabytes * 1_000_000 // len(LAYOUTS), dice, failing=number == 2)


def _write(out, layout: str, size: int, dice: random.Random, *, failing: bool) -> None:  # type: ignore[no-untyped-def]
    written, second = 0, 0
    while written < size:
        when = datetime.fromtimestamp(1_700_000_000 + second, UTC)
        fixed = {
            "iso": when.strftime("%Y-%m-%dT%H:%M:%S.123Z"), "clf": when.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "klog": when.strftime("%m%d %H:%M:%S.000123"), "plain": when.strftime("%Y-%m-%d %H:%M:%S"),
        }  # fmt: skip
        lines = [layout.format(**fixed, **_numbers(dice)) for _ in range(1000)]
        if failing and written > size * 2 // 3:
            lines[::50] = [f'time="{fixed["iso"]}" level=error msg="payment refused" provider=cards'] * 20
        text = "\n".join(lines) + "\n"
        out.write(text)
        written, second = written + len(text), second + 1


def _numbers(dice: random.Random) -> dict[str, object]:
    return {
        "n": dice.randrange(190),
        "a": dice.randrange(10**6),
        "b": dice.randrange(10**5),
        "hex": f"{dice.getrandbits(128):032x}",
    }


def watched(command: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds and its peak memory in GiB, children included."""
    begun, peak = time.perf_counter(), 0
    process = subprocess.Popen(command)
    while process.poll() is None:
        peak = max(peak, sum(map(_proportional, _family(process.pid))))
        time.sleep(0.1)
    return time.perf_counter() - begun, peak / 2**20


def _family(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(number for child in below for number in _family(int(child)))]


def _proportional(pid: int) -> int:
    """Return a process's proportional set size in KiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Generate, investigate, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=1000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("HOLDFAST_BENCH_DIR")) as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        generate(logs, chosen.megabytes)
        command = [
            sys.executable,
            "-m",
            "holdfast.cli",
            "investigate",
            str(logs),
            "-q",
            "--html",
            f"{folder}/report.html",
        ]
        seconds, memory = watched(command)
        print(f"{chosen.megabytes:,} MB of logs, report written: {seconds:.1f} s, {memory:.2f} GiB")


if __name__ == "__main__":
    main()
