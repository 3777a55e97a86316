"""A small metrics registry that renders OpenMetrics text (OpenMetrics 1.0, text format)."""

import os
import resource
import sys
from pathlib import Path

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4, 0.6, 1.0, 1.5, 2.5, 5.0, 10.0)
Labels = tuple[tuple[str, str], ...]


class Registry:
    """Counters, gauges and histograms of one process, keyed by name and labels."""

    def __init__(self) -> None:
        self.counters: dict[str, dict[Labels, float]] = {}
        self.gauges: dict[str, dict[Labels, float]] = {}
        self.histograms: dict[str, dict[Labels, list[float]]] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to the counter `name` (rendered with the suffix `_total`)."""
        series = self.counters.setdefault(name, {})
        key = tuple(sorted(labels.items()))
        series[key] = series.get(key, 0.0) + amount

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges.setdefault(name, {})[tuple(sorted(labels.items()))] = value

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add one observation; a row is the count per bucket, then the overflow, then the sum."""
        key = tuple(sorted(labels.items()))
        row = self.histograms.setdefault(name, {}).setdefault(key, [0.0] * (len(BUCKETS) + 2))
        place = next((i for i, bound in enumerate(BUCKETS) if value <= bound), len(BUCKETS))
        row[place] += 1
        row[-1] += value

    def render(self) -> str:
        lines: list[str] = []
        for name, series in sorted(self.counters.items()):
            lines.append(f"# TYPE {name} counter")
            lines.extend(f"{name}_total{_braces(key)} {value:g}" for key, value in series.items())
        for name, series in sorted(self.gauges.items()):
            lines.append(f"# TYPE {name} gauge")
            lines.extend(f"{name}{_braces(key)} {value:.10g}" for key, value in series.items())
        for name, rows in sorted(self.histograms.items()):
            lines.append(f"# TYPE {name} histogram")
            for key, row in rows.items():
                lines.extend(_histogram(name, key, row))
        return "\n".join([*lines, "# EOF"]) + "\n"


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{k}="{v}"' for k, v in labels) + "}" if labels else ""


def _histogram(name: str, labels: Labels, row: list[float]) -> list[str]:
    lines, running = [], 0.0
    for bound, value in zip([*map(str, BUCKETS), "+Inf"], row, strict=False):
        running += value
        lines.append(f"{name}_bucket{_braces((*labels, ('le', bound)))} {running:g}")
    return [
        *lines,
        f"{name}_count{_braces(labels)} {running:g}",
        f"{name}_sum{_braces(labels)} {row[-1]:.6f}",
    ]


def observe_process(registry: Registry) -> None:
    """Record this process's real CPU time (s), resident memory (bytes) and open file descriptors."""
    times = os.times()
    registry.counters["process_cpu_seconds"] = {(): times.user + times.system}
    registry.gauge("process_resident_memory_bytes", _resident_bytes())
    descriptors = Path("/proc/self/fd")
    if descriptors.exists():
        registry.gauge("process_open_fds", len(os.listdir(descriptors)))


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
