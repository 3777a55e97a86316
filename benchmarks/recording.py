"""Record labelled incidents of the range, for `ranking.py` to be tried on: each fault in turn, and a healthy bundle.

    python benchmarks/recording.py FOLDER [--system shop] [--seed 1] [--fault NAME ...] [--seconds 32]

About 40 s each. What is there already is left as it is, so a recording that was broken off goes on where it ended.
Record on a machine with nothing else to do: other work makes every way in the evidence slow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from holdfast.range.campaign import BASELINE_SEED, DEFAULT_SECONDS, NONE, list_faults, run


def main() -> None:
    """Record and print the name of each bundle."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--system", default="shop")
    parser.add_argument("--seed", type=int, default=1, help="of the first fault; each next one has the next")
    parser.add_argument("--fault", action="append", choices=list_faults(), help="all where none is given")
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="under load")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    healthy = chosen.folder / f"{NONE}-{chosen.seed}"
    wanted = [(NONE, chosen.seed + BASELINE_SEED, healthy)]
    for seed, fault in enumerate(chosen.fault or list_faults(), chosen.seed):
        wanted.append((fault, seed, chosen.folder / f"{fault}-{seed}"))
    for fault, seed, out in wanted:
        if not (chosen.folder / "truth" / f"{out.name}.json").exists():
            run(fault, seed, out, system=chosen.system, duration=chosen.seconds)
        print(out.name, flush=True)


if __name__ == "__main__":
    main()
