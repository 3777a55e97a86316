"""What the evidence does not contain, and what that weakens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized

import numpy as np
import polars as pl

from holdfast.diagnostics.analysers.contract import Opened, Reading
from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import Weighed
from holdfast.diagnostics.correlation.shares import STRICT, surely_more
from holdfast.diagnostics.diagnosis import Gap, iso
from holdfast.diagnostics.metrics.counters import PER_SECOND

SHORT = 30_000_000_000
"""Nanoseconds of healthy time before the onset below which the bundle says little about what is usual."""


def gaps(
    bundle: Evidence,
    baseline: Evidence,
    weighed: Weighed,
    read: Sequence[tuple[Opened, Reading]],
    offsets: dict[str, int],
) -> tuple[Gap, ...]:
    """Return the gaps, numbered C-1, C-2, ..."""
    found = [
        *_unread(read),
        *_untimed(read),
        *_silent(bundle),
        *_spans(bundle),
        *_window(bundle, baseline, weighed),
        *_few(weighed),
        *_flat(bundle),
        *_clocks(offsets),
    ]
    return tuple(
        Gap(f"C-{number}", kind, title, components, locators)
        for number, (kind, title, components, locators) in enumerate(found, 1)
    )


Raw = tuple[str, str, tuple[str, ...], tuple[Locator, ...]]


def _unread(read: Sequence[tuple[Opened, Reading]]) -> Iterator[Raw]:
    names = [o.artefact.name for o, r in read if r.kind in ("unknown", "unread", "empty")]
    if names:
        yield "unread", f"{len(names)} of {len(read)} artefacts could not be read: {_listed(names)}", (), ()
    if read and not any(r.log for _, r in read):
        yield "no_logs", "no logs: what components say of themselves is not known", (), ()


def _untimed(read: Sequence[tuple[Opened, Reading]]) -> Iterator[Raw]:
    names = [o.artefact.name.rsplit("/", 1)[-1] for o, r in read if r.log is not None and r.first is None]
    if names:
        said = _many(names, "text carries no times and stays", "texts carry no times and stay")
        yield "untimed", f"{said} in line order: {_listed(names)}", (), ()


def _silent(bundle: Evidence) -> Iterator[Raw]:
    logging = set(bundle.records["component"].unique())
    tracing = set(bundle.spans["component"].unique())
    measured = {signal.component for signal in bundle.signals} - {""}
    others = tracing | measured
    if logging and others - logging:
        mute = sorted(others - logging)
        yield (
            "no_log",
            f"{len(mute)} of {len(others)} components wrote no log: {_listed(mute)}",
            tuple(mute),
            (),
        )
    if tracing and logging - tracing:
        dark = sorted(logging - tracing)
        yield (
            "no_spans",
            f"{_many(dark, 'component logs but sends', 'components log but send')} no spans: {_listed(dark)}",
            tuple(dark),
            (),
        )
    if not tracing:
        yield "no_traces", "no traces: who called whom is not known", (), ()
    if not bundle.signals:
        yield "no_metrics", "no metrics: what components use up is not known", (), ()


def _spans(bundle: Evidence) -> Iterator[Raw]:
    frame = bundle.spans
    if not frame.height:
        return
    if not (frame["kind"] > 0).any():
        yield (
            "no_kind",
            "spans carry no kind: client and server sides are told apart by their place alone",
            (),
            (),
        )
    if not (frame["error"] >= 0).any():
        yield "no_status", "spans carry no status: errors are read from the logs", (), ()
    known = frame.select("trace", "span").unique()
    lost = frame.filter(pl.col("parent") != "").join(
        known, left_on=["trace", "parent"], right_on=["trace", "span"], how="anti"
    )
    if lost.height:
        share = lost.height / frame.height
        yield (
            "missing_parents",
            f"{lost.height} of {frame.height} spans ({share:.0%}) name a parent that is missing",
            (),
            (),
        )


def _window(bundle: Evidence, baseline: Evidence, weighed: Weighed) -> Iterator[Raw]:
    ours = weighed.visits.frame.filter(pl.col("side") == 1)["start"]
    if baseline.empty():
        yield (
            "no_baseline",
            "no baseline was given: what is usual is known from before the onset alone",
            (),
            (),
        )
    if ours.len():
        first = int(ours.min())  # type: ignore[arg-type]
        if weighed.start - first < SHORT:
            yield (
                "short_before",
                f"nothing before {iso(first)}: history before the onset is not known",
                (),
                (),
            )
    if not bundle.changes:
        yield "no_changes", "no change feed: deploys, flags and configuration changes are not known", (), ()


def _few(weighed: Weighed) -> Iterator[Raw]:
    """Name the components of which so little was seen that nothing about their calls could be told."""
    frame = weighed.visits.frame.select(
        "component", "trace", weighed.subject.alias("now"), weighed.reference.alias("before")
    ).filter(pl.col("trace") != "")
    if not frame["before"].any():
        return  # then there is nothing to compare with, however many calls there are
    traces = pl.col("trace")
    counted = frame.group_by("component").agg(
        traces.filter("now").n_unique().alias("n1"), traces.filter("before").n_unique().alias("n0")
    )
    most = surely_more(counted["n1"], counted["n1"], counted["n1"] * 0, counted["n0"].clip(1), STRICT)
    few = sorted(counted.filter(pl.Series(most == 0))["component"])
    if few:
        yield (
            "few_calls",
            f"{len(few)} of {counted.height} components were seen in so few calls that a change in every one of "
            f"them could be chance: {_listed(few)}",
            tuple(few),
            (),
        )


def _flat(bundle: Evidence) -> Iterator[Raw]:
    by_name: dict[str, list[bool]] = {}
    for signal in bundle.signals:
        if signal.unit == PER_SECOND:
            continue  # nothing was counted, which is no sign that nobody counts
        finite = signal.values[np.isfinite(signal.values)]
        by_name.setdefault(signal.name, []).append(len(finite) > 2 and not np.any(finite))
    dead = sorted(name for name, zeros in by_name.items() if all(zeros))
    if dead:
        said = _many(dead, "metric reads 0 throughout and was", "metrics read 0 throughout and were")
        yield (
            "flat_metric",
            f"{said} ignored: {_listed(dead)}",
            (),
            (),
        )


def _clocks(offsets: dict[str, int]) -> Iterator[Raw]:
    if offsets:
        listed = _listed([f"{name} {value / 1e9:+.1f} s" for name, value in sorted(offsets.items())])
        said = _many(offsets, "instance had a clock that was", "instances had clocks that were")
        yield (
            "clock_skew",
            f"{said} off and corrected: {listed}",
            (),
            (),
        )


def _many(what: Sized, one: str, more: str) -> str:
    return f"{len(what)} {one if len(what) == 1 else more}"


def _listed(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
