"""The text exposition formats of Prometheus and OpenMetrics: `name{label="value"} number [time]`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from holdfast.diagnostics.metrics.prometheus import number, signal
from holdfast.diagnostics.signals import Signal

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(\{[^}]*\})?[ \t]+(\S+)(?:[ \t]+(-?[\d.]+))?[ \t]*(?:#.*)?$")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
MAX_LINE = 65536

Key = tuple[str, tuple[tuple[str, str], ...]]


def signals(lines: Iterable[str], artefact: str) -> Iterator[Signal]:
    """Yield a signal for each name and label set that carries times; samples count lines from 1.

    OpenMetrics writes seconds, the older Prometheus text milliseconds: told apart by size.
    """
    points: dict[Key, list[tuple[float, float, int]]] = defaultdict(list)
    for at, line in enumerate(lines, 1):
        found = _LINE.match(line) if len(line) < MAX_LINE and not line.startswith("#") else None
        if found and found[4]:
            key = (found[1], tuple(sorted(_LABEL.findall(found[2] or ""))))
            points[key].append((_seconds(number(found[4])), number(found[3]), at))
    for (name, labels), rows in points.items():
        made = signal({**dict(labels), "__name__": name}, [row[:2] for row in rows], artefact, name, 1)
        yield _cite(made, rows)


def _cite(made: Signal, rows: list[tuple[float, float, int]]) -> Signal:
    from dataclasses import replace

    return replace(made, samples=tuple(row[2] for row in sorted(rows, key=lambda row: row[0])))


def _seconds(value: float) -> float:
    return value / 1000 if value > 1e11 else value
