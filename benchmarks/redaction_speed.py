"""How fast a bundle is redacted, whole way: discover, rewrite, search again; and peers on a slice of the same.

    python redaction_speed.py [MEGABYTES] [--peers PYTHON] [--large]

Prints megabytes per CPU second of ours with one process, then with all processors by the clock, then of each peer
on a slice of the same mix. --large: two gigabytes by the clock.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redaction_corpus as corpus

from holdfast.redaction import Key, redact_bundle

HERE = Path(__file__).parent
SLICE = 300_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", nargs="?", type=float, default=60)
    parser.add_argument("--peers", default="")
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus.write(folder / "in", int(asked.megabytes * 1e6), seed=3, every=60, wide=False)
        ours = own(folder, folder / "in")
        if asked.peers:
            peers(folder, asked.peers, ours)
        if asked.large:
            large(folder)


def own(folder: Path, source: Path) -> float:
    """Return our megabytes per CPU second, the best of three."""
    size = sum(path.stat().st_size for path in source.iterdir()) / 1e6
    redact_bundle([corpus_slice(folder)], folder / "warm", Key.fresh(), workers=1)
    best = 0.0
    for turn in range(3):
        spent = time.process_time()
        report = redact_bundle([source], folder / f"out{turn}", Key.fresh(), workers=1)
        best = max(best, size / (time.process_time() - spent))
    places = sum(sum(entry.replaced.values()) for entry in report.entries)
    print(f"ours: {best:.1f} MB per CPU second, {size:.0f} MB, {report.values} values in {places} places")
    begun = time.monotonic()
    redact_bundle([source], folder / "clock", Key.fresh())
    print(f"ours, all processors: {size / (time.monotonic() - begun):.1f} MB/s by the clock")
    return best


def corpus_slice(folder: Path) -> Path:
    """Write a slice of the mix as one file."""
    path = folder / "slice.log"
    if not path.exists():
        corpus.write(folder / "slices", SLICE, seed=4, every=60, wide=False)
        path.write_bytes(b"".join(part.read_bytes() for part in sorted((folder / "slices").iterdir())))
    return path


def peers(folder: Path, python: str, ours: float) -> None:
    """Run each peer on the slice."""
    for name in ("presidio", "detect-secrets", "credsweeper"):
        command = [python, str(HERE / "redaction_peers.py"), name, str(corpus_slice(folder))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: could not be run: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        said = json.loads(done.stdout.splitlines()[-1])
        theirs = said["bytes"] / 1e6 / said["cpu"]
        print(f"{name}: {theirs:.4f} MB per CPU second, found {said['found']}; ours is x{ours / theirs:.0f}")


def large(folder: Path) -> None:
    """Redact two gigabytes: the mix again and again under other names."""
    source = folder / "large"
    source.mkdir()
    parts = sorted((folder / "in").iterdir())
    size = 0
    while size < 2_000_000_000:
        for part in parts:
            (source / f"{size}-{part.name}").hardlink_to(part)
            size += part.stat().st_size
    begun = time.monotonic()
    report = redact_bundle([source], folder / "large-out", Key.fresh())
    took = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    each = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    left = len(report.withheld)
    print(f"large: {size / 1e9:.2f} GB in {took:.1f} s, {left} withheld, {peak} MiB and {each} MiB each")


if __name__ == "__main__":
    main()
