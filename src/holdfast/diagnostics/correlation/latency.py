"""Where time is lost: in a component's own work, or between two components."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from holdfast.diagnostics.correlation.shares import ASSUMED, HALF_SURE, alike, surely_more
from holdfast.diagnostics.correlation.visits import Division

Floats = npt.NDArray[np.float64]

FELT = 0.05
"""A delay is felt when it is this share of the usual whole request."""
GRAVE = 0.25
"""A delay of this share of the usual whole request counts for two thirds of its slow calls."""
SLOW = 2.0
"""A call is slow when it takes this many times the usual, and a felt delay more."""
MANY = 8
"""Kinds of calls from which a common slowness can be told."""
STEPS = (1, 3, 9, 27, 81)
"""Multiples of that line that are tried: the one that best divides now from before is taken."""


def usual_request(division: Division) -> float:
    """Return the usual nanoseconds of a whole request: what delays are measured by."""
    visits = division.visits
    whole = visits.frame.filter(division.reference & (pl.col("above") < 0) & (pl.col("total") > 0))["total"]
    if not whole.len():
        whole = visits.frame.filter(pl.col("total") > 0)["total"]
    return float(whole.median() or 0)  # type: ignore[arg-type]


def slow_work(division: Division) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contexts whose own work got slower, and (visit, change) pairs of the slow calls."""
    frame = division.visits.frame.select(
        "visit",
        "trace",
        "context",
        "component",
        pl.col("local").alias("time"),
        pl.lit(value=False).alias("failed"),
    ).with_columns(division.subject.alias("subject"), division.reference.alias("reference"))
    return _slower(frame, ["context"], usual_request(division), division.z)


def slow_ways(division: Division) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every way between two components with how many of its calls were slow, and the slow calls.

    Columns: change, caller, component, those of `shares.COUNTS`, usual, now (ns), effect. The time is what the caller
    waited longer than the called worked; for what sends no spans, the whole call. A call that failed without
    the called having seen it counts as slow. The pairs (visit, change)
    name the called visit, or the caller's where the called sent none.
    """
    visits = division.visits
    frame = visits.frame.with_columns(
        division.subject.alias("subject"), division.reference.alias("reference")
    )
    known = frame.filter((pl.col("caller") != "") & (pl.col("gap") >= 0))
    sides = frame.select("visit", "trace", "subject", "reference")
    leaves = (
        visits.leaves.drop("trace")
        .join(sides, on="visit")
        .select(
            "visit",
            "trace",
            pl.col("component").alias("caller"),
            pl.col("peer").alias("component"),
            pl.col("duration").alias("time"),
            "failed",
            "subject",
            "reference",
            pl.lit(value=True).alias("leaf"),
        )
    )
    ways = pl.concat(
        [
            known.select(
                "visit",
                "trace",
                "caller",
                "component",
                pl.col("gap").alias("time"),
                pl.lit(value=False).alias("failed"),
                "subject",
                "reference",
                pl.lit(value=False).alias("leaf"),
            ),
            leaves,
        ]
    )
    return _slower(ways, ["caller", "component"], usual_request(division), division.z, ways=True)


def _slower(
    frame: pl.DataFrame, by: list[str], request: float, z: float, *, ways: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = frame.with_columns(alike(*by).alias("weight"))
    before, after = pl.col("time").filter("reference"), pl.col("time").filter("subject")
    usual = frame.group_by(by).agg(
        pl.col("component").first().alias("owner"),
        before.median().alias("usual"),
        after.median().alias("now"),
        pl.sum("subject").alias("n1"),
        pl.sum("reference").alias("n0"),
        pl.col("weight").filter("subject").sum().alias("m1"),
        pl.col("weight").filter("reference").sum().alias("m0"),
    )
    if ways:  # one without a reference is held against the others of its kind, for most of them are well
        kinds = frame.group_by(by).agg(pl.col("leaf").all())
        usual = usual.join(kinds, on=by).with_columns(
            pl.col("usual").fill_null(pl.col("now").median().over("leaf"))
        )
    usual = usual.sort(by)
    elsewhere = _Elsewhere(usual, by if ways else ["owner"])
    usual = usual.with_columns(pl.col("usual") * elsewhere.slower(usual))
    marked = frame.join(usual, on=by)
    line = SLOW * pl.col("usual") + FELT * request
    tried = pl.concat(
        [
            _at_line(marked, by, line * step, request, z, elsewhere).with_columns(line=pl.lit(step))
            for step in STEPS
        ]
    )
    best = tried.sort("effect", "line", descending=[True, False]).unique(
        by, keep="first", maintain_order=True
    )
    found = usual.join(best, on=by).sort(by)
    if not ways:
        found = found.filter(pl.col("effect") > 0)
    found = found.with_row_index("change")
    lines = marked.join(found.select("change", *by, "line"), on=by)
    late = pl.col("failed") | (pl.col("time") > line * pl.col("line"))
    pairs = lines.filter(pl.col("subject") & late).select("visit", "change")
    return found.rename({"owner": "component"}) if "component" not in by else found.drop("owner"), pairs


class _Elsewhere:
    """What kinds of calls show that have no component in common with a kind: a slow hour or machine slows them all."""

    def __init__(self, kinds: pl.DataFrame, ends: list[str]) -> None:
        names = pl.concat([kinds[end] for end in ends]).rank("dense").to_numpy().reshape(len(ends), -1)
        several, self._which = np.unique(names, axis=1, return_inverse=True)
        self._apart = np.tile(((kinds["n1"] > 0) & (kinds["n0"] > 0)).to_numpy(), (several.shape[1], 1))
        for one, other in product(several, names):
            self._apart &= one[:, None] != other

    def middle(self, values: Floats, none: float) -> Floats:
        """Return for each kind the middle of the others' values, at least `none`, which stands where they are few."""
        middles = np.full(len(self._apart), none)
        for row, apart in enumerate(self._apart & np.isfinite(values)):
            others = values[apart]
            if len(others) >= MANY:
                middles[row] = max(float(np.median(others)), none)
        return np.asarray(middles[self._which.reshape(-1)], np.float64)

    def slower(self, kinds: pl.DataFrame) -> pl.Series:
        """Return by what factor the others are slower."""
        ratio = kinds.select(pl.when(pl.col("usual") > 0).then(pl.col("now") / pl.col("usual")))
        return pl.Series(self.middle(ratio.to_series().fill_null(np.nan).to_numpy(), 1.0))


def _at_line(
    marked: pl.DataFrame, by: list[str], line: pl.Expr, request: float, z: float, elsewhere: _Elsewhere
) -> pl.DataFrame:
    """Return the effect of each group when calls beyond the line count as slow, as far as others are not as slow."""
    late = (pl.col("time") > line).fill_null(value=False)
    slow = late | pl.col("failed")
    weight = pl.col("weight")
    found = (
        marked.group_by(by)
        .agg(
            (slow & pl.col("subject")).sum().alias("k1"),
            (slow & pl.col("reference")).sum().alias("k0"),
            weight.filter(slow & pl.col("subject")).sum().alias("w1"),
            weight.filter(slow & pl.col("reference")).sum().alias("w0"),
            weight.filter(late & pl.col("subject")).sum().alias("l1"),
            weight.filter(late & pl.col("reference")).sum().alias("l0"),
            weight.filter("subject").sum().alias("n"),
            weight.filter("reference").sum().alias("m"),
            (pl.col("time").filter(late & pl.col("subject")).median() - pl.col("usual").first()).alias(
                "lost"
            ),
            weight.filter(pl.col("failed") & pl.col("subject")).sum().alias("f1"),
        )
        .sort(by)
    )
    k1, n, k0, m = (found[name].to_numpy().astype(float) for name in ("w1", "n", "w0", "m"))
    effect = surely_more(k1, n, k0, np.where(m == 0, ASSUMED, m), z) * np.where(m == 0, HALF_SURE, 1.0)
    late1, late0 = (found[name].to_numpy() for name in ("l1", "l0"))
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = np.maximum(effect - elsewhere.middle(late1 / n - late0 / m, 0.0), 0.0)
    failing = (found["f1"] / found["w1"].clip(1e-9)).to_numpy()
    waiting = 1 - np.exp(-found["lost"].fill_null(0).to_numpy() / max(GRAVE * request, 1.0))
    gravity = failing + (1 - failing) * waiting
    return found.drop("n", "m", "l1", "l0").with_columns(
        pl.Series("effect", effect * gravity), pl.Series("gravity", gravity)
    )
