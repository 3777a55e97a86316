"""`holdfast range`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from holdfast.range import list_faults
from holdfast.range import run as run_range


def list_all() -> None:
    """Print the names of all faults."""
    for name in list_faults():
        print(name)


def run(fault: str, seed: int, out: Path, seconds: float, system: str, *, baseline: bool) -> int:
    """Run a system, break it, write its bundle; return the exit code."""
    console = Console(stderr=True)
    target = out / f"{system}-{fault}-{seed}"
    try:
        with console.status("starting the system") as status:
            run_range(
                fault,
                seed,
                target,
                system=system,
                duration=seconds,
                baseline=baseline,
                progress=lambda *said: status.update(" ".join(str(part) for part in said)),
            )
    except ValueError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return 2
    print(target)
    return 0
