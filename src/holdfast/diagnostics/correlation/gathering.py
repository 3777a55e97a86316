"""Joins the readings of one side into one `Evidence`: who wrote what, on one clock."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import polars as pl

from holdfast.diagnostics.analysers.contract import Opened, Reading
from holdfast.diagnostics.correlation.evidence import RECORDS, Evidence
from holdfast.diagnostics.metrics.columns import parted
from holdfast.diagnostics.metrics.counters import paced
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces import spans

_PLAIN = {
    "app",
    "application",
    "server",
    "service",
    "main",
    "error",
    "errors",
    "access",
    "stdout",
    "stderr",
    "out",
    "output",
    "log",
    "logs",
    "current",
    "0",
    "1",
    "messages",
    "console",
    "container",
    "previous",
    "spans",
    "metrics",
}
_REPLICA = re.compile(
    r"(-[0-9a-f]{6,10}-[a-z0-9]{5}|[-_.]\d{1,4}|[-_.]\d{4}-?\d{2}-?\d{2}|[-_.](log|out|err|txt|json|jsonl|access|error))+$"
)
"""What follows a component's name in a file's name: the replica of a Kubernetes pod, a number, a date."""


def gather(pairs: Sequence[tuple[Opened, Reading]], known: frozenset[str] = frozenset()) -> Evidence:
    """Return the evidence of one side. `known` names components the other side has shown."""
    evidence = Evidence()
    evidence.spans = _masked(
        spans.join((o.artefact.id, r.spans) for o, r in pairs if r.spans is not None).frame
    )
    owners = _owners(evidence.spans)
    evidence.signals = [paced(signal) for _, reading in pairs for signal in reading.signals]
    for signal in evidence.signals:
        labels = dict(signal.labels)
        for label in ("pod", "instance", "container"):
            if label in labels:
                owners.setdefault(labels[label], signal.component)
    names = known | set(evidence.spans["component"].unique()) | {s.component for s in evidence.signals} - {""}
    frames = []
    for opened, reading in pairs:
        if reading.log is not None:
            stem = _stem(opened.artefact.name)
            owner = component(opened.artefact.name, owners, names)
            frames.append(_records(reading.log.records, owner, stem, opened.artefact.id))
            evidence.templates.update(reading.log.templates)
        evidence.changes += reading.changes
        evidence.reported_at = evidence.reported_at or reading.reported_at
    if frames:
        evidence.records = pl.concat(frames)
    written = set(evidence.records["component"].unique()) - {""}
    evidence.signals = _parted([_owned(signal, names | written) for signal in evidence.signals])
    return evidence


def _owned(signal: Signal, names: set[str] | frozenset[str]) -> Signal:
    """Return a series without labels as that of the component its name begins with: `orders_cpu`, `cpu` of orders."""
    best = max((n for n in names if _begins(signal.name, n)), key=len, default="")
    rest = signal.name[len(best) :].lstrip("_-.: ")
    return replace(signal, component=best, name=rest) if best and rest and not signal.component else signal


def _parted(signals: list[Signal]) -> list[Signal]:
    """Return the series with a component for those of tables whose columns name some that nothing else speaks of."""
    columns: dict[str, list[str]] = defaultdict(list)
    for signal in signals:
        if not (signal.component or signal.labels):
            columns[signal.artefact].append(signal.name)
    parts = {artefact: parted(names) for artefact, names in columns.items()}
    found = []
    for signal in signals:
        bare = not (signal.component or signal.labels)
        owner, name = parts.get(signal.artefact, {}).get(signal.name, ("", "")) if bare else ("", "")
        found.append(replace(signal, component=owner, name=name) if owner else signal)
    return found


def _records(records: pl.DataFrame, owner: str, stem: str, artefact: str) -> pl.DataFrame:
    several = records["named"].n_unique() > 1 and not owner
    name = pl.when((pl.col("named") != "") & several).then(pl.col("named")).otherwise(pl.lit(owner or stem))
    return records.with_columns(
        name.alias("component"), pl.lit(stem).alias("instance"), pl.lit(artefact).alias("artefact")
    ).select(list(RECORDS))


def component(name: str, owners: dict[str, str], names: frozenset[str] | set[str]) -> str:
    """Return the component that an artefact's name speaks of; its folder's where the file's says nothing."""
    parts = PurePosixPath(name).parts
    for part in reversed(parts):
        bare = part.removesuffix(".log").removesuffix(".txt").removesuffix(".jsonl").removesuffix(".json")
        if bare in owners:
            return owners[bare]
        best = max((n for n in names if bare == n or _begins(bare, n)), key=len, default="")
        if best:
            return best
    for part in reversed(parts):
        bare = _REPLICA.sub("", part.lower()) or part
        if bare not in _PLAIN and not bare.startswith("."):
            return bare
    return PurePosixPath(name).stem


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()


def _stem(name: str) -> str:
    last = PurePosixPath(name).name
    return last.removesuffix(".log").removesuffix(".txt") or last


def _owners(frame: pl.DataFrame) -> dict[str, str]:
    """Return the component of each instance (pod, host) that belongs to one component alone."""
    pairs = frame.filter(pl.col("instance") != "").select("instance", "component").unique()
    alone = (
        pairs.group_by("instance")
        .agg(pl.col("component").first(), pl.len().alias("n"))
        .filter(pl.col("n") == 1)
    )
    return dict(zip(alone["instance"], alone["component"], strict=True))


def _masked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the spans with ids and numbers in operation names masked: `GET /orders/17` is one operation."""
    names = frame.select(pl.col("operation").unique())
    masked = names.with_columns(
        pl.col("operation")
        .str.replace_all(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}", "{id}")
        .str.replace_all(r"\b[0-9a-fA-F]*\d[0-9a-fA-F]{7,}\b", "{id}")
        .str.replace_all(r"([/=])\d+(\b)", "${1}{n}${2}")
        .alias("masked")
    )
    return (
        frame.join(masked, on="operation", how="left", maintain_order="left")
        .with_columns(pl.col("masked").alias("operation"))
        .drop("masked")
    )
