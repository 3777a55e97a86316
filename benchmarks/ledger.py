"""How long a million entries take: to log, to sign, to export, to verify, and a proof of one of them.

python benchmarks/ledger.py [--entries 1000000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast.ledger.canonical import canonical
from holdfast.ledger.checkpoints import Checkpoint
from holdfast.ledger.exporting import Export, KeptCheckpoint, write
from holdfast.ledger.merkle import inclusion_proof, leaf_hash, root
from holdfast.ledger.notes import SigningKey
from holdfast.ledger.tiles import Tiles
from holdfast.ledger.verifying import verify


def main() -> int:
    """Measure, print CPU seconds; exit 1 when verifying is not under 3 s or does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    number = parser.parse_args().entries
    entries = [
        canonical(
            {"at": f"2026-11-24T10:00:00.{n:06}Z", "deed": "case.updated", "case": f"ESC-{n}", "by": "a" * 64}
        )
        for n in range(number)
    ]
    key, tiles = SigningKey.make("bench.example/log"), Tiles({})
    timed("append", lambda: tiles.extend(0, map(leaf_hash, entries)))
    note = timed("sign", lambda: Checkpoint(key.name, number, root(number, tiles)).signed(key))[0]
    timed("prove one", lambda: inclusion_proof(number // 3, number, tiles))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "log.zip"
        export = Export(key.name, str(key.verifier), [KeptCheckpoint(str(note))], entries)
        timed("export", lambda: write(export, out))
        verdict, took = timed("verify", lambda: verify(out, key=key.verifier))
    return int(not verdict.holds or verdict.proven != number or took >= 3)


def timed(name: str, deed: Callable[[], Any]) -> tuple[Any, float]:
    """Print and return what a deed took in CPU seconds."""
    begun = time.process_time()
    made = deed()
    took = time.process_time() - begun
    print(f"{name:<10}{took:>9.4f} s")
    return made, took


if __name__ == "__main__":
    sys.exit(main())
