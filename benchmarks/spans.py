"""How long a million spans take to read: python benchmarks/spans.py [--spans 1000000]

OTLP JSON, one batch of a hundred spans a line, as the Collector's file exporter writes it. One process.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

from holdfast.diagnostics.analysers import Opened
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.reading import read_one

BATCH = 100


def generate(path: Path, spans: int) -> None:
    """Write traces of ten spans each, in ten services."""
    dice = random.Random(1)
    with path.open("w") as out:
        for number in range(spans // BATCH):
            name = {"key": "service.name", "value": {"stringValue": f"service-{number % 10}"}}
            rows = [_span(dice, number * BATCH + at) for at in range(BATCH)]
            out.write(
                json.dumps(
                    {"resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": rows}]}]}
                )
            )
            out.write("\n")


def _span(dice: random.Random, number: int) -> dict[str, object]:
    start = 1_700_000_000_000_000_000 + number * 1_000_000
    return {
        "traceId": f"{number // 10 + 1:032x}", "spanId": f"{number + 1:016x}",
        "parentSpanId": f"{number:016x}" if number % 10 else "", "name": f"GET /things/{{id}}/{number % 7}", "kind": 2,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + dice.randrange(1, 900_000)),
        "attributes": [{"key": "http.response.status_code", "value": {"intValue": "200"}}], "status": {},
    }  # fmt: skip


def main() -> None:
    """Generate, read, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--spans", type=int, default=1_000_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spans.jsonl"
        generate(path, chosen.spans)
        begun = time.perf_counter()
        reading = read_one(Opened(Artefact("A1", "spans.jsonl", path.stat().st_size, ""), path))
        print(
            f"{reading.records:,} spans, {path.stat().st_size / 1e6:,.0f} MB: {time.perf_counter() - begun:.1f} s"
        )


if __name__ == "__main__":
    main()
