"""Processor time of `holdfast logs` on compressed logs over what decompressing them to nowhere takes.

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
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
from gigabyte import LAYOUTS, _write

TOOLS = {"gzip": ("gzip", "-6"), "zstd": ("zstd", "-3", "-q"), "xz": ("xz", "-2", "-T1")}


def seconds(command: list[str]) -> float:
    """Return the processor seconds a command takes."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


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
        seconds([*reading, str(plain)])
        start = median(seconds([*reading, str(line)]) for _ in range(chosen.runs))
        whole = median(seconds([*reading, str(plain)]) for _ in range(chosen.runs)) - start
        print(f"plain: read in {whole:.2f} s, beside {start:.2f} s to start")
        for name, (tool, *flags) in TOOLS.items():
            if not shutil.which(tool):
                continue
            packed = Path(folder) / f"{name}.packed"
            with packed.open("wb") as out:
                subprocess.run([tool, *flags, "-c", str(plain)], check=True, stdout=out)
            unpacked, ours = [], []
            for _ in range(chosen.runs):
                unpacked.append(seconds(["sh", "-c", f"exec {tool} -d -c < {packed}"]))
                ours.append(seconds([*reading, str(packed)]) - start)
            ratio = median(ours) / median(unpacked)
            print(
                f"{name}: read in {median(ours):.2f} s, decompressed in {median(unpacked):.2f} s, ratio {ratio:.2f}"
            )


if __name__ == "__main__":
    main()
