"""A made-up shop of five services and somebody who takes the money: evidence of it, well or broken.

    gateway -> search -> stock
    gateway -> orders -> stock
                      -> pay.example (sends nothing of its own)

One request a half second, every call traced and logged, one CPU series a service.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.evidence import ERROR, RECORDS, Evidence
from holdfast.diagnostics.diagnosis import iso
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces.spans import CLIENT, CONSUMER, PRODUCER, SERVER, SpanBuilder, join

SECOND, MS = 1_000_000_000, 1_000_000
NOON = 1_769_688_000 * SECOND
SERVICES = ("gateway", "search", "orders", "stock", "users")
INFO = 3
PAIRS = 12
HALF = 600


@dataclass
class SmallSystem:
    """Makes the evidence of one stretch of time."""

    seed: int = 1
    requests: int = 120
    start: int = NOON
    fault: str = ""
    """line_stops, error_below, slow_ways, full_cpu, third_party, slow_work; empty for a healthy time."""
    since: float = 0.5
    """Share of the time after which the fault is there."""
    words: dict[str, str] = field(default_factory=dict)
    """Template texts that read otherwise than usual, by id."""

    def evidence(self) -> Evidence:
        self.random = random.Random(self.seed)
        self.spans, self.rows = SpanBuilder(), []
        self.templates: dict[str, str] = {}
        for number in range(self.requests):
            self._request(number)
        spans = join([("A1", self.spans.table())]).frame
        records = pl.DataFrame(self.rows, schema=RECORDS, orient="row")
        return Evidence(spans, records, self.templates, list(self._signals()))

    def _request(self, number: int) -> None:
        self.trace = f"{self.seed:016x}{number:016x}"
        self.broken = self.fault if number >= self.since * self.requests else ""
        at = self.start + number * SECOND // 2
        self._serve("gateway", "", at, ("users", "search" if number % 3 == 0 else "orders"))

    def _serve(self, name: str, parent: str, at: int, calls: tuple[str, ...]) -> tuple[int, bool]:
        """Write one call of a service; return when it ended and whether it failed."""
        span, now = f"{self.random.getrandbits(64):016x}", at
        self._say(name, 1, f"{name} asked for <*>", now)
        failed = False
        for called in calls:
            now += self._work(2)
            now, below = self._call(span, name, called, now)
            failed = failed or below
        now += self._work(5 + 400 * (name == "stock" and self.broken == "slow_work"))
        own = name == "stock" and self.broken == "error_below"
        if own:
            self._say(name, 9, "stock refused: table stock_items is locked", now, ERROR)
        elif failed:
            self._say(name, 8, f"{name} could not finish <*>", now, ERROR)
        elif not (name == "stock" and self.broken == "line_stops"):
            self._say(name, 2, f"{name} answered <*>", now)
        fault = "LockTimeout: table stock_items is locked" if own else ""
        self._span(span, parent, name, at, now, SERVER, own or failed, fault=fault)
        return now, own or failed

    def _call(self, above: str, caller: str, called: str, at: int) -> tuple[int, bool]:
        span = f"{self.random.getrandbits(64):016x}"
        if called == "pay.example":
            failed = self.broken == "third_party"
            end = at + self._work(12)
            fault = "ConnectionRefused: pay.example:443" if failed else ""
            self._span(span, above, caller, at, end, CLIENT, failed, peer=called, fault=fault)
            return end, failed
        way = self._work(1) + (self.broken == "slow_ways" and called == "stock") * 300 * MS
        below = {"search": ("stock",), "orders": ("stock", "pay.example")}.get(called, ())
        end, failed = self._serve(called, span, at + way // 2, below)
        self._span(span, above, caller, at, end + way - way // 2, CLIENT, failed, peer=called)
        return end + way - way // 2, failed

    def _work(self, milliseconds: float) -> int:
        return int(milliseconds * MS * self.random.uniform(0.7, 1.3))

    def _span(
        self, span: str, parent: str, name: str, start: int, end: int, kind: int, failed: bool, **more: str
    ) -> None:
        operation = f"serve {name}" if kind == SERVER else "call"
        where = {"node": f"node-{SERVICES.index(name) % 2}", "instance": f"{name}-0"}
        self.spans.add(
            self.trace, span, parent, name, operation, start, end, kind=kind, error=int(failed),
            line=1, **where, **more,
        )  # fmt: skip

    def _say(self, name: str, number: int, text: str, time: int, level: int = INFO) -> None:
        template = f"{name}:{number}"
        self.templates[template] = self.words.get(template, text)
        row = (name, f"{name}-0", template, level, time, self.trace, f"L-{name}", len(self.rows) + 1)
        self.rows.append(row)

    def _signals(self) -> Iterator[Signal]:
        count = self.requests // 4
        times = self.start + np.arange(count) * 2 * SECOND
        for name in SERVICES:
            values = np.array([self.random.uniform(18, 22) for _ in range(count)])
            if self.fault == "full_cpu" and name == "stock":
                values[int(self.since * count) :] = 100.0
            yield Signal(
                name, "container_cpu_percent", times, values, "M1", samples=tuple(range(1, count + 1))
            )


def healthy(**more: object) -> Evidence:
    """Return evidence of a healthy hour before."""
    return SmallSystem(seed=99, start=NOON - 3600 * SECOND, **more).evidence()  # type: ignore[arg-type]


def broken(fault: str, **more: object) -> Evidence:
    """Return evidence of a time in the middle of which something breaks."""
    return SmallSystem(fault=fault, **more).evidence()  # type: ignore[arg-type]


def crowd(slow: dict[int, float], times: float, *, hub: bool = False) -> Evidence:
    """A dozen callers, each with a service of its own; from the middle on some services answer late.

    slow: the share of late calls of a service by its number. hub: all callers are one.
    """
    chance, spans = random.Random(3), SpanBuilder()
    for number in range(2 * HALF):
        which = number % PAIRS
        late = number >= HALF and chance.random() < slow.get(which, 0.0)
        caller, called = "desk" if hub else f"desk-{which}", f"shelf-{which}"
        at, trace = NOON + number * SECOND // 10, f"{number:032x}"
        unit = int(MS * chance.uniform(0.8, 1.2) * (times if late else 1))
        for span, above, name, start, end, kind in (
            ("a", "", caller, 0, 20, SERVER),
            ("b", "a", caller, 5, 15, CLIENT),
            ("c", "b", called, 8, 12, SERVER),
        ):
            spans.add(trace, span, above, name, "serve" if kind == SERVER else "call", at + start * unit,
                      at + end * unit, kind=kind, instance=name, peer=called if kind == CLIENT else "")  # fmt: skip
    return Evidence(spans=join([("A1", spans.table())]).frame)


def unreached(callers: tuple[str, ...]) -> Evidence:
    """From the 60th request on, the callers fail at once to reach the bank, which sends spans of its own."""
    spans = SpanBuilder()
    for number in range(120):
        for caller in callers:
            lost = number >= 60
            at, trace = NOON + number * SECOND, f"{caller}{number:026x}"
            more = {"fault": "CallError: cannot reach bank"} if lost else {}
            spans.add(
                trace,
                "a",
                "",
                caller,
                "sell",
                at,
                at + (12 if lost else 63) * MS,
                kind=SERVER,
                error=int(lost),
                instance=caller,
            )
            spans.add(
                trace, "b", "a", caller, "POST", at + 9 * MS, at + (10 if lost else 60) * MS, kind=CLIENT,
                error=int(lost), instance=caller, peer="bank", **more,
            )  # fmt: skip
            if not lost:
                spans.add(
                    trace, "c", "b", "bank", "charge", at + 12 * MS, at + 50 * MS, kind=SERVER, instance="b"
                )
    return Evidence(spans=join([("A1", spans.table())]).frame, records=healthy().records)


def messages(*, posted: bool = True, taken: bool = True, start: int = NOON) -> Evidence:
    """Calls of a shop that posts each order to a broker, for a packer whose clock runs 30 ms behind."""
    spans = SpanBuilder()
    for number in range(60):
        at, trace = start + number * SECOND, f"{start}-{number}"
        spans.add(trace, "a", "", "shop", "POST /orders", at, at + 20 * MS, kind=SERVER, error=0)
        if posted:
            spans.add(
                trace, "b", "a", "shop", "publish order.placed", at + 9 * MS, at + 10 * MS, kind=PRODUCER,
                error=0, peer="broker",
            )  # fmt: skip
        if posted and taken:
            late = at - 15 * MS
            spans.add(trace, "c", "b", "packer", "process order.placed", late, late + 9 * MS, kind=CONSUMER)
    return Evidence(spans=join([("A1", spans.table())]).frame)


def written(folder: Path, system: SmallSystem) -> Path:
    """Write the evidence as files of the usual formats: logs, OTLP spans, Prometheus answers."""
    evidence = system.evidence()
    for name in ("logs", "traces", "metrics"):
        (folder / name).mkdir(parents=True)
    for (name,), rows in evidence.records.sort("time").group_by("component", maintain_order=True):
        lines = [_line(row, evidence.templates, at) for at, row in enumerate(rows.iter_rows(named=True))]
        (folder / "logs" / f"{name}.log").write_text("".join(lines))
    batches = [json.dumps(_batch(row)) for row in evidence.spans.iter_rows(named=True)]
    (folder / "traces" / "spans.jsonl").write_text("\n".join(batches) + "\n")
    result = [
        {
            "metric": {"__name__": one.name, "service": one.component},
            "values": [
                [time / SECOND, str(value)] for time, value in zip(one.times, one.values, strict=True)
            ],
        }
        for one in evidence.signals
    ]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    (folder / "metrics" / "cpu.json").write_text(json.dumps(answer))
    return folder


def _line(row: dict[str, object], templates: dict[str, str], at: int) -> str:
    level = "ERROR" if row["level"] == ERROR else "INFO "
    text = templates[str(row["template"])].replace("<*>", str(7919 * (at + 1) % 100003))
    time = (iso(int(str(row["time"])) // 1000 * 1000) or "").rstrip("Z")
    return f"{time.ljust(26, '0') if '.' in time else time + '.000000'}Z {level} trace_id={row['trace']} {text}\n"


def _batch(row: dict[str, object]) -> dict[str, object]:
    span = {
        "traceId": row["trace"], "spanId": row["span"], "parentSpanId": row["parent"], "name": row["operation"],
        "kind": row["kind"], "startTimeUnixNano": str(row["start"]), "endTimeUnixNano": str(row["end"]),
        "status": {"code": 2 if row["error"] else 1, "message": row["fault"]},
        "attributes": [{"key": "peer.service", "value": {"stringValue": row["peer"]}}] if row["peer"] else [],
    }  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": row["component"]}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
