"""What the desk counts about itself, in the Prometheus text format."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator

_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """Durations by label, as a cumulative histogram. Labels must come from small closed sets."""

    def __init__(self, name: str, meaning: str) -> None:
        self._name, self._meaning = name, meaning
        self._lock = threading.Lock()
        self._counts: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(
            lambda: [0] * (len(_BOUNDS) + 1)
        )
        self._sums: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)

    def count(self, seconds: float, **labels: str) -> None:
        """Add one duration."""
        key = tuple(sorted(labels.items()))
        slot = sum(seconds > bound for bound in _BOUNDS)
        with self._lock:
            self._counts[key][slot] += 1
            self._sums[key] += seconds

    def lines(self) -> Iterator[str]:
        """Return the exposition of it."""
        yield f"# HELP {self._name} {self._meaning}"
        yield f"# TYPE {self._name} histogram"
        with self._lock:
            for key, counts in self._counts.items():
                yield from self._series(",".join(f'{name}="{value}"' for name, value in key), counts, key)

    def _series(self, labels: str, counts: list[int], key: tuple[tuple[str, str], ...]) -> Iterator[str]:
        total = 0
        for bound, count in zip([*map(str, _BOUNDS), "+Inf"], counts, strict=True):
            total += count
            yield f'{self._name}_bucket{{{labels},le="{bound}"}} {total}'
        yield f"{self._name}_sum{{{labels}}} {self._sums[key]:.6f}"
        yield f"{self._name}_count{{{labels}}} {total}"


requests = Histogram("holdfast_request_seconds", "Time to the first byte of an answer.")
