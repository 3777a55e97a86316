"""Collects the metrics of every process and writes them as a Prometheus server would answer.

Source: Prometheus HTTP API, `query_range`, result type matrix.
"""

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections import defaultdict
from pathlib import Path

from .stage import Child, Stage

SAMPLE = re.compile(r"^([a-z_]+)(?:\{([^}]*)\})? (\S+)$")
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
Labels = tuple[tuple[str, str], ...]
Series = dict[tuple[str, Labels], list[tuple[float, float]]]
# Raw counters worth keeping beside the rates made of them.
RAW_COUNTERS = {"process_cpu_seconds_total", "queue_dead_letters_total", "http_client_retries_total"}
RATE_WINDOW = 5
QUANTILES = (0.5, 0.9, 0.99)


class Scraper:
    """Scrapes all observed components every `interval` seconds until cancelled."""

    def __init__(self, stage: Stage, interval: float = 1.0) -> None:
        self.stage = stage
        self.interval = interval
        self.raw: Series = defaultdict(list)
        self.last: dict[str, str] = {}

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            await self.scrape()
            await asyncio.sleep(max(0.05, self.interval - (time.monotonic() - began)))

    async def scrape(self) -> None:
        observed = set(self.stage.topology.observed())
        children = [c for c in self.stage.children.values() if c.name in observed and c.admin]
        await asyncio.gather(*(self._scrape_one(child) for child in children))

    async def _scrape_one(self, child: Child) -> None:
        node = child.spec["component"]["node"]
        target: Labels = (("service", child.name), ("instance", child.instance), ("node", node))
        now, up = time.time(), 0.0
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            text = await asyncio.wait_for(fetch(child.admin), min(0.8, self.interval))
            self.last[child.slot.replace("~", "-")] = text
            up = 1.0
            self._take(text, target, now)
        self.raw["up", target].append((now, up))

    def _take(self, text: str, target: Labels, now: float) -> None:
        for line in text.splitlines():
            found = SAMPLE.match(line)
            if found:
                labels: Labels = (*target, *LABEL.findall(found[2] or ""))
                self.raw[found[1], labels].append((now, float(found[3])))

    def write(self, folder: Path, snapshots: Path) -> None:
        """One matrix file per metric into `folder`, one text snapshot per component into `snapshots`."""
        folder.mkdir(parents=True)
        snapshots.mkdir(parents=True)
        by_name: dict[str, list[tuple[Labels, list[tuple[float, float]]]]] = defaultdict(list)
        for (name, labels), samples in derive(self.raw).items():
            by_name[name].append((labels, samples))
        for name, rows in by_name.items():
            (folder / f"{name}.json").write_text(_matrix(name, rows), encoding="utf-8")
        for name, text in self.last.items():
            (snapshots / f"{name}.txt").write_text(text, encoding="utf-8")


async def fetch(port: int) -> str:
    """The metrics text of one process."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    try:
        writer.write(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.decode().lower().split("content-length: ")[1].split("\r\n")[0])
        return (await reader.readexactly(size)).decode()
    finally:
        writer.close()


def derive(raw: Series) -> Series:
    """Rates of counters and quantiles of histograms, as recording rules would; gauges as they are."""
    out: Series = {}
    buckets: dict[tuple[str, Labels], dict[float, list[tuple[float, float]]]] = defaultdict(dict)
    for (name, labels), samples in raw.items():
        if name.endswith("_bucket"):
            bound = float(dict(labels)["le"].replace("+Inf", "inf"))
            rest = tuple(pair for pair in labels if pair[0] != "le")
            buckets[name.removesuffix("_bucket"), rest][bound] = samples
        elif name.endswith("_total"):
            out[name.removesuffix("_total") + "_per_second", labels] = rate(samples)
            if name in RAW_COUNTERS:
                out[name, labels] = samples
        elif not name.endswith(("_count", "_sum")):
            out[name, labels] = samples
    for (name, labels), rows in buckets.items():
        for share in QUANTILES:
            quantile_name = name.replace("_seconds", f"_p{round(share * 100)}_seconds")
            out[quantile_name, labels] = quantiles(rows, share)
    return {key: samples for key, samples in out.items() if samples}


def rate(samples: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Increase per second over the last scrapes; a counter that starts again at zero loses nothing."""
    out = []
    for i in range(1, len(samples)):
        window = samples[max(0, i - RATE_WINDOW) : i + 1]
        steps = [b[1] - a[1] if b[1] >= a[1] else b[1] for a, b in itertools.pairwise(window)]
        out.append((samples[i][0], sum(steps) / max(1e-9, window[-1][0] - window[0][0])))
    return out


def quantiles(rows: dict[float, list[tuple[float, float]]], share: float) -> list[tuple[float, float]]:
    """`histogram_quantile` over the last scrapes; NaN where nothing was observed."""
    bounds = sorted(rows)
    out = []
    for i in range(1, min(map(len, rows.values()))):
        back = max(0, i - RATE_WINDOW)
        counts = [max(0.0, rows[b][i][1] - rows[b][back][1]) for b in bounds]
        out.append((rows[bounds[0]][i][0], quantile(bounds, counts, share)))
    return out


def quantile(bounds: list[float], counts: list[float], share: float) -> float:
    """Interpolated quantile of a histogram given as upper bounds and cumulative counts; NaN if empty."""
    if counts[-1] <= 0:
        return float("nan")
    wanted, lower, below = share * counts[-1], 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=True):
        if count >= wanted:
            return (
                lower
                if bound == float("inf")
                else lower + (bound - lower) * (wanted - below) / max(1e-9, count - below)
            )
        lower, below = bound, count
    return lower


def _matrix(name: str, rows: list[tuple[Labels, list[tuple[float, float]]]]) -> str:
    result = [
        {
            "metric": {"__name__": name, **dict(labels)},
            "values": [[round(t, 3), _number(v)] for t, v in samples],
        }
        for labels, samples in rows
    ]
    return json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": result}}, separators=(",", ":")
    )


def _number(value: float) -> str:
    return "NaN" if value != value else f"{value:.10g}"
