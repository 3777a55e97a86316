"""What good traces of one request look like: which calls each makes, how long they take, what is logged in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from holdfast.diagnostics.correlation.visits import Visits
from holdfast.diagnostics.traces.spans import parents

ENOUGH = 5
"""Good traces below which nothing is called usual."""
What = tuple[str, str]
"""Component and operation."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What was logged in a call."""

    sorts: int
    """Of lines."""
    artefact: str = ""
    """Where the first stands; the first error by its own words, if there is one."""
    line: int = 0
    time: int = 0
    error: str = ""
    """The template of that error."""


Written = Mapping[tuple[str, str], Logged]
"""What was logged in each call, by trace (its side first) and the span by which its component was entered."""
NOTHING = Logged(0)


@dataclass(frozen=True, slots=True)
class Call:
    """How good traces make one call. Times in milliseconds."""

    share: float
    """Of them that make it at all."""
    least: int
    most: int
    """How often one that makes it does."""
    median: float
    p95: float
    caller: What
    """Usually; two empty words at the top."""
    lines: float | None
    """Sorts of lines usually logged in it; None where it enters no component."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The good traces of one request. Times in milliseconds."""

    number: int
    median: float
    p95: float
    calls: dict[What, Call]


def habits(spans: pl.DataFrame, lines: Written, took: pl.Series) -> Habits:
    """Return what the spans of good traces have in common; took: milliseconds of each trace."""
    if not len(took):
        return Habits(0, 0.0, 0.0, {})
    above = pl.Series("above", parents(spans))
    logged = [lines[key].sorts if key in lines else None for key in spans.select("trace", "span").iter_rows()]
    told = spans.with_columns(
        above,
        ((pl.col("end") - pl.col("start")) / 1e6).alias("ms"),
        pl.Series("lines", logged, dtype=pl.Int64),
        *(
            spans[name].gather(above.clip(0)).alias(f"caller_{name}").zip_with(above >= 0, pl.Series([""]))
            for name in ("component", "operation")
        ),
    )
    what = ["component", "operation"]
    often = told.group_by(*what, "trace").agg(pl.len().alias("n"))
    counts = often.group_by(what).agg(
        pl.len().alias("made"), pl.col("n").min().alias("least"), pl.col("n").max().alias("most")
    )
    calls = told.group_by(what).agg(
        pl.col("ms").median().alias("median"),
        pl.col("ms").quantile(0.95).alias("p95"),
        pl.col("caller_component").mode().sort().first(),
        pl.col("caller_operation").mode().sort().first(),
        pl.col("lines").median(),
    )
    number = len(took)
    known = {
        (row["component"], row["operation"]): Call(
            row["made"] / number, row["least"], row["most"], row["median"], row["p95"],
            (row["caller_component"], row["caller_operation"]), row["lines"],
        )
        for row in calls.join(counts, on=what).iter_rows(named=True)
    }  # fmt: skip
    return Habits(number, float(took.median() or 0), float(took.quantile(0.95) or 0), known)  # type: ignore[arg-type]


def written(visits: Visits, texts: Mapping[str, str]) -> Written:
    """Return what was logged in each call; texts: of the templates by id."""
    logs = visits.items.filter(pl.col("kind") == "log").sort("time", "artefact", "line")
    worst = logs.sort("bad", descending=True, maintain_order=True).group_by("visit", maintain_order=True)
    told = worst.agg(pl.len().alias("n"), pl.col("item", "bad", "artefact", "line", "time").first())
    called = visits.frame.filter((pl.col("trace") != "") & (pl.col("span") != "")).select(
        "visit", "trace", "span"
    )
    found: dict[tuple[str, str], Logged] = {}
    for row in called.join(told, on="visit", how="left").iter_rows(named=True):
        if not row["n"]:
            found[row["trace"], row["span"]] = NOTHING
            continue
        template = row["item"].removeprefix("log ")
        error = texts.get(template, template) if row["bad"] else ""
        found[row["trace"], row["span"]] = Logged(row["n"], row["artefact"], row["line"], row["time"], error)
    return found
