"""Cuts traces into visits: one call of one component, and everything that was seen of it.

A visit is entered by the span at which its component was called. What is compared later is never a
total but a share: of the visits of this kind, how many wrote this line, made that call, failed, or took
so long. So load, sampling and the mix of requests drop out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.activations import LINES, WAIT
from holdfast.diagnostics.correlation.evidence import ERROR, Evidence
from holdfast.diagnostics.correlation.frames import changed
from holdfast.diagnostics.correlation.inferred import CALLS, called, complete, linked
from holdfast.diagnostics.correlation.shares import Z
from holdfast.diagnostics.correlation.stretches import stretches
from holdfast.diagnostics.traces.shape import codes, depths, entries, exclusive
from holdfast.diagnostics.traces.spans import CLIENT, PRODUCER, parents

BASELINE, BUNDLE = 0, 1
HEADLINE = 80
"""Characters of a line that name the operation it begins, where a call is known by its lines alone."""


@dataclass(slots=True)
class Visits:
    """Visits of both sides, and what was seen in each."""

    frame: pl.DataFrame
    """visit (row number), side, trace, component, operation, context (code of the two), start, end, above
    (visit of the caller or -1), caller (component or ""), posted (the item of the caller by which it came as a
    message, empty where the caller waited), local (ns its component itself worked), gap (ns between the caller's
    span and the entry span, -1 unknown), failed, total (ns of the whole trace), span, artefact, line."""
    items: pl.DataFrame
    """visit, item, kind (log, span, call, fault, clock), bad (an error by its own words), time, artefact, place
    (span, empty where a line shows it), line: each item once a visit."""
    leaves: pl.DataFrame
    """Calls to something that sent no spans: visit, side, component (the caller), peer, duration, failed,
    message (posted to a broker), start, trace, span, artefact, line."""


@dataclass(frozen=True, slots=True)
class Division:
    """Visits divided into those to judge and those to judge by."""

    visits: Visits
    subject: pl.Series
    """Boolean per visit."""
    reference: pl.Series
    z: float = Z
    """How sure a difference must be, in standard deviations."""
    names: dict[str, str] = field(default_factory=dict)
    """Text of each log template by id."""
    counted: pl.DataFrame | None = None
    """Calls that callers counted, see `tallies.divided`; None where traces show most of them."""


def visits(baseline: Evidence, bundle: Evidence) -> Visits:
    """Return the visits of both sides in one table."""
    clocked = zip((BASELINE, BUNDLE), (baseline, bundle), changed(baseline.spans, bundle.spans), strict=True)
    calls_of = called(pl.concat([side.spans.select(CALLS) for side in (baseline, bundle)]))
    sides = [
        complete(spans, side.records, calls_of).with_columns(pl.lit(number, pl.Int8).alias("side"))
        for number, side, spans in clocked
    ]
    texts = {key: text[:HEADLINE] for side in (baseline, bundle) for key, text in side.templates.items()}
    spans = pl.concat(sides).with_columns(pl.col("operation").replace(texts))
    records = pl.concat(
        [
            _told_apart(side).with_columns(pl.lit(n, pl.Int8).alias("side"))
            for n, side in ((0, baseline), (1, bundle))
        ]
    )
    known = set(spans["component"].unique()) | set(records["component"].unique())
    known |= {signal.component for side in (baseline, bundle) for signal in side.signals}
    spans = _unresolved(named_by_host(spans, known), known)
    frame, items, leaves = _traced(spans, records) if spans.height else (_NO_VISITS, _NO_ITEMS, _NO_LEAVES)
    more, more_items = stretches(records, frame, frame.height, _context_after(frame))
    items = pl.concat([items, more_items]).sort("visit", "item", "time", "artefact", "line", "place")
    items = items.unique(["visit", "item"], keep="first", maintain_order=True)  # the same order on every run
    return Visits(pl.concat([frame, more.select(frame.columns)]), items, leaves)


def _told_apart(side: Evidence) -> pl.DataFrame:
    """Return the records of one side, without the ids that say nothing of calls."""
    records = side.records.with_row_index("row")
    kept = linked(side.spans, records)["row"].implode()
    return records.with_columns(
        pl.when(pl.col("row").is_in(kept)).then("trace").otherwise(pl.lit("")).alias("trace")
    ).drop("row")


def named_by_host(spans: pl.DataFrame, known: set[str]) -> pl.DataFrame:
    """Return the spans with each peer's host name replaced by the component it is the name of.

    `orders.shop.internal:8080` is `orders` where there is such a component.
    """
    hosts = spans["peer"].unique().to_list()
    names = {host: name for host in hosts if (name := re.split(r"[.:/]", host)[0]) in known and name}
    return spans.with_columns(pl.col("peer").replace(names)) if names else spans


_ERROR_STEP = r"(?i)error|exception|(^|[^a-z])fail"
"""Names of steps that are taken when something failed: an error page, an exception handler."""
NO_NAME = (
    r"(?i)resolv|getaddrinfo|gaierror|NXDOMAIN|SERVFAIL|name or service not known|no such host|unknownhost"
)
"""Words of a failure to find the address of a name."""
_RESOLVER = re.compile(r"dns|resolver|^names?$|nameserver|bind9|unbound", re.IGNORECASE)


def _unresolved(spans: pl.DataFrame, known: set[str]) -> pl.DataFrame:
    """Return the spans with calls that failed for want of an address laid at the resolver, not at the called."""
    resolver = next((name for name in sorted(known) if _RESOLVER.search(name)), "name resolution")
    lost = pl.col("fault").str.contains(NO_NAME) & (pl.col("peer") != "")
    return spans.with_columns(pl.when(lost).then(pl.lit(resolver)).otherwise("peer").alias("peer"))


def _traced(spans: pl.DataFrame, records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    spans = spans.with_columns((pl.col("side").cast(pl.String) + pl.col("trace")).alias("trace"))
    tree = _Tree(spans)
    frame = tree.visits()
    items = pl.concat([tree.items(), _written(frame, records)])
    failed = items.filter(pl.col("bad") & (pl.col("kind") != "clock"))["visit"].unique()
    frame = frame.with_columns((pl.col("failed") | pl.col("visit").is_in(failed.implode())).alias("failed"))
    return frame, items, tree.leaves()


def _context_after(frame: pl.DataFrame) -> int:
    return int(frame["context"].max()) + 1 if frame.height else 0  # type: ignore[arg-type]


class _Tree:
    """The spans of both sides with their shape."""

    def __init__(self, spans: pl.DataFrame) -> None:
        self.parent = parents(spans)
        trace, _ = codes(spans["trace"])
        component, self.names = codes(spans["component"])
        start, end = spans["start"].to_numpy().copy(), spans["end"].to_numpy().copy()
        self.entry = entries(self.parent, component)
        working = exclusive(trace, depths(self.parent), start, end)
        childless = np.ones(spans.height, bool)
        childless[self.parent[self.parent >= 0]] = False
        self.spans = spans.with_row_index("row").with_columns(
            pl.Series("parent_row", self.parent),
            pl.Series("entry", self.entry),
            pl.Series("working", working),
            pl.Series("childless", childless),
        )
        self.number = np.full(spans.height, -1, np.int64)
        self.heads = np.flatnonzero(self.entry == np.arange(spans.height))
        self.number[self.heads] = np.arange(len(self.heads))

    def visits(self) -> pl.DataFrame:
        """Return one row a visit."""
        spans = self.spans
        rows = self.heads
        above_row = self.parent[rows]
        inside = above_row >= 0
        above = np.where(inside, self.number[self.entry[above_row]], -1)
        caller = spans["component"].gather(np.where(inside, above_row, 0)).to_list()
        duration = (spans["end"] - spans["start"]).to_numpy()
        children = np.bincount(self.parent[self.parent >= 0], minlength=len(self.parent))
        read_off = spans["span"].str.starts_with(LINES).to_numpy()
        waited_for = ~read_off[rows] | spans["parent"].str.starts_with(WAIT).to_numpy()[rows]
        alone = inside & waited_for & (children[above_row] == 1)  # else its length is not that of the call
        gap = np.where(alone, duration[above_row] - duration[rows], -1)
        waiting = np.zeros(len(self.parent), bool)  # client spans: their own time is the network's
        waiting[above_row[inside & (children[above_row] == 1)]] = True
        by_message = inside & (spans["kind"].to_numpy()[np.where(inside, above_row, 0)] == PRODUCER)
        posting = "span " + spans["operation"].gather(np.where(by_message, above_row, 0))
        remote = self._remote().to_numpy()
        own = np.where(waiting | remote, 0, spans["working"].to_numpy())
        local = np.bincount(self.number[self.entry], weights=own, minlength=len(rows)).astype(np.int64)
        heads = spans[rows]
        context, _ = codes(heads["component"] + "\0" + heads["operation"])
        whole = pl.col("end").max().over("trace") - pl.col("start").min().over("trace")
        return heads.select(
            pl.Series("visit", np.arange(len(rows))),
            "side",
            "trace",
            "component",
            "operation",
            pl.Series("context", context),
            "start",
            "end",
            pl.Series("above", above),
            pl.Series(
                "caller", [n if i else "" for n, i in zip(caller, inside, strict=True)], dtype=pl.String
            ),
            posting.set(pl.Series(~by_message), "").alias("posted"),
            pl.Series("local", local),
            pl.Series("gap", gap),
            pl.Series(
                "failed", np.bincount(self.number[self.entry], spans["error"].to_numpy() == 1, len(rows)) > 0
            ),
            whole.alias("total"),
            pl.Series(np.where(read_off[rows], "", heads["span"].to_numpy()), dtype=pl.String).alias("span"),
            "artefact",
            "line",
            "node",
            "instance",
        )

    def _remote(self) -> pl.Series:
        """Tell which spans are calls to something that sent no spans of its own."""
        calling = ((pl.col("kind") == CLIENT) & pl.col("childless")) | (pl.col("kind") == PRODUCER)
        calling = calling & (
            pl.col("peer") != ""
        )  # a broker answers the producer, not whoever consumes later
        return self.spans.select(calling.alias("remote"))["remote"]

    def leaves(self) -> pl.DataFrame:
        """Return the calls to things that sent no spans."""
        spans = self.spans.filter(self._remote())
        return spans.select(
            pl.Series("visit", self.number[spans["entry"].to_numpy()]),
            "side",
            "component",
            "peer",
            (pl.col("end") - pl.col("start")).alias("duration"),
            (pl.col("error") == 1).alias("failed"),
            (pl.col("kind") == PRODUCER).alias("message"),
            "start",
            "trace",
            "span",
            "artefact",
            "line",
        )

    def items(self) -> pl.DataFrame:
        """Return what the spans show of each visit: inner operations, calls made, faults."""
        spans = self.spans.with_columns(pl.Series("visit", self.number[self.entry]))
        at_head = pl.col("entry") == pl.col("row")
        named_error = pl.col("operation").str.contains(_ERROR_STEP)
        inner = spans.filter(~at_head & (pl.col("operation") != "")).select(
            *_item("span", pl.col("operation"), named_error)
        )
        inside = spans.filter(at_head & (pl.col("parent_row") >= 0))
        up = self.number[self.entry[inside["parent_row"].to_numpy()]]
        calls = inside.with_columns(pl.Series("visit", up)).select(
            *_item("call", pl.col("component") + " " + pl.col("operation"), pl.lit(value=False))
        )
        fault = (
            pl.when(pl.col("fault") != "")
            .then(pl.col("fault").str.slice(0, 120))
            .otherwise(pl.col("operation"))
        )
        failed = pl.col("error") == 1
        own = failed & ~pl.Series(self._failed_below())
        faults = spans.filter(own).select(*_item("fault", fault, pl.lit(value=True)))
        wrong = spans.filter(at_head & (pl.col("wrong_clock").fill_null(value=False)))
        clocks = wrong.select(*_item("clock", pl.lit("is off"), pl.lit(value=True)))
        return pl.concat([inner, calls, faults, clocks])

    def _failed_below(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell for each span whether a direct child failed too: then the error only passed through it."""
        failed = self.spans["error"].to_numpy() == 1
        below = np.zeros(len(failed), bool)
        below[self.parent[failed & (self.parent >= 0)]] = True
        return below


def _item(kind: str, what: pl.Expr, bad: pl.Expr) -> list[pl.Expr]:
    return [
        pl.col("visit").cast(pl.Int64),
        (pl.lit(kind + " ") + what).alias("item"),
        pl.lit(kind).alias("kind"),
        bad.alias("bad"),
        pl.col("start").alias("time"),
        "artefact",  # type: ignore[list-item]
        pl.when(pl.col("span").str.starts_with(LINES)).then(pl.lit("")).otherwise("span").alias("place"),
        pl.col("line"),
    ]


def _written(frame: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the log lines of each visit: the latest visit of that component in that trace begun before it."""
    lines = records.filter(pl.col("trace") != "").with_columns(
        (pl.col("side").cast(pl.String) + pl.col("trace")).alias("trace")
    )
    starts = frame.select("trace", "component", "visit", pl.col("start").alias("time")).sort("time")
    first = starts.unique(["trace", "component"], keep="first").rename({"visit": "first"}).drop("time")
    found = (
        lines.sort("time")
        .join_asof(starts, on="time", by=["trace", "component"], strategy="backward", check_sortedness=False)
        .join(first, on=["trace", "component"], how="inner")
        .with_columns(pl.col("visit").fill_null(pl.col("first")))
    )
    return found.select(
        pl.col("visit").cast(pl.Int64),
        (pl.lit("log ") + pl.col("template")).alias("item"),
        pl.lit("log").alias("kind"),
        (pl.col("level") >= ERROR).alias("bad"),
        "time",
        "artefact",
        pl.lit("").alias("place"),
        "line",
    )


_NO_VISITS = pl.DataFrame(
    schema={
        "visit": pl.Int64,
        "side": pl.Int8,
        "trace": pl.String,
        "component": pl.String,
        "operation": pl.String,
        "context": pl.Int64,
        "start": pl.Int64,
        "end": pl.Int64,
        "above": pl.Int64,
        "caller": pl.String,
        "posted": pl.String,
        "local": pl.Int64,
        "gap": pl.Int64,
        "failed": pl.Boolean,
        "total": pl.Int64,
        "span": pl.String,
        "artefact": pl.String,
        "line": pl.Int64,
        "node": pl.String,
        "instance": pl.String,
    }
)
_NO_ITEMS = pl.DataFrame(
    schema={
        "visit": pl.Int64,
        "item": pl.String,
        "kind": pl.String,
        "bad": pl.Boolean,
        "time": pl.Int64,
        "artefact": pl.String,
        "place": pl.String,
        "line": pl.Int64,
    }
)
_NO_LEAVES = pl.DataFrame(
    schema={
        "visit": pl.Int64,
        "side": pl.Int8,
        "component": pl.String,
        "peer": pl.String,
        "duration": pl.Int64,
        "failed": pl.Boolean,
        "message": pl.Boolean,
        "start": pl.Int64,
        "trace": pl.String,
        "span": pl.String,
        "artefact": pl.String,
        "line": pl.Int64,
    }
)
