"""What `holdfast logs` takes on compressed logs over what decompressing them to nowhere takes, in processor time and
by the clock.

Usage: python benchmarks/logs_compressed.py [--megabytes 200] [--runs 5]
A codec whose tool is not on this machine is left out.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from gigabyte import LAYOUTS, _write

TOOLS = {"gzip": ("gzip", "-6"), "zstd": ("zstd", "-3", "-q"), "xz": ("xz", "-2", "-T1")}


class Spent(NamedTuple):
    """Seconds of a command."""

    processor: float
    clock: float

    def less(self, other: Spent) -> Spent:
        """Return what is left without the other's."""
        return Spent(self.processor - other.processor, self.clock - other.clock)


def spent(command: list[str]) -> Spent:
    """Return what a command takes."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    clock, after = time.perf_counter() - begun, os.times()
    user, system = after.children_user - before.children_user, after.children_system - before.children_system
    return Spent(user + system, clock)


def middle(command: list[str], runs: int) -> Spent:
    """Return the medians of several runs."""
    each = [spent(command) for _ in range(runs)]
    return Spent(median(one.processor for one in each), median(one.clock for one in each))


def main() -> None:
    """Print a line for each codec and one for the plain file."""
    options = argparse.ArgumentParser()
    options.add_argument("--megabytes", type=int, default=200)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    reading = [sys.executable, "-m", "holdfast.cli", "logs"]
    with tempfile.TemporaryDirectory() as folder:
        plain, line = Path(folder) / "plain.log", Path(folder) / "line.log"
        with plain.open("w") as out:
            _write(out, LAYOUTS[0], chosen.megabytes * 1_000_000, random.Random(3), failing=False)
        line.write_text("2026-01-29 10:00:00 INFO started\n")
        spent([*reading, str(plain)])
        start = middle([*reading, str(line)], chosen.runs)
        whole = middle([*reading, str(plain)], chosen.runs).less(start)
        print(f"plain: {told(whole)}, beside {told(start)} to start")
        for name, (tool, *flags) in TOOLS.items():
            if not shutil.which(tool):
                continue
            packed = Path(folder) / f"{name}.packed"
            with packed.open("wb") as out:
                subprocess.run([tool, *flags, "-c", str(plain)], check=True, stdout=out)
            unpacked = middle(["sh", "-c", f"exec {tool} -d -c < {packed}"], chosen.runs)
            ours = middle([*reading, str(packed)], chosen.runs).less(start)
            print(
                f"{name}: {told(ours)}, decompressed in {told(unpacked)}, ratio"
                f" {ours.processor / unpacked.processor:.2f} of processor {ours.clock / unpacked.clock:.2f} of clock"
            )


def told(one: Spent) -> str:
    """Return both figures as text."""
    return f"{one.processor:.2f} s of processor and {one.clock:.2f} s by the clock"


if __name__ == "__main__":
    main()
