"""Who is silent where a call is known only by what the called wrote.

Without a span of the call itself, "this call is no longer made" and "the called no longer says anything"
look alike. What tells them apart is the caller: if it still wrote the line that it always wrote just
before the call, it came as far as the call, and the silence is the called one's.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.behaviour import OFTEN
from holdfast.diagnostics.correlation.visits import Division, Visits

UNKNOWN = 0.5
"""Share laid at the called where the caller writes nothing before the call."""
LATE = 0.5
"""Weight of a message not taken: it is lost, or it waits while who takes it waits for somebody else."""

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


class Silence:
    """Tells how much of a lost call is the called one's silence."""

    def __init__(self, division: Division) -> None:
        self._visits: Visits = division.visits
        frame = division.visits.frame
        kinds = frame.filter(pl.col("caller") != "").group_by("component", "operation")
        seen = kinds.agg(((pl.col("span") != "") & (pl.col("posted") == "")).any())
        posted = frame.filter(pl.col("posted") != "").unique(
            ["component", "operation"], keep="first", maintain_order=True
        )
        self._posts: dict[str, str] = {
            f"call {name} {operation}": by
            for name, operation, by in posted.select("component", "operation", "posted").iter_rows()
        }
        self._mute: dict[str, str] = {
            f"call {name} {operation}": name for name, operation, spoken in seen.iter_rows() if not spoken
        }
        self._reference = frame.filter(division.reference).select("visit", "context")

    def called(self, item: str) -> str:
        """Return the called component of a call item known by its lines alone or sent as a message, else empty."""
        return self._mute.get(item, "")

    def late(self, item: str) -> bool:
        """Tell whether a call item was sent as a message, so that it may still be waiting."""
        return item in self._posts

    def share(self, context: int, item: str, lost: Rows) -> float:
        """Return the share of the calls that lost it in which the caller came as far as the call, 0..1."""
        last = self._posts.get(item) or self._last_before(context, item)
        if not last or not len(lost):
            return UNKNOWN
        kept = self._visits.items.filter(
            (pl.col("item") == last) & pl.col("visit").is_in(pl.Series(lost).implode())
        )
        return kept["visit"].n_unique() / len(lost)

    def _last_before(self, context: int, item: str) -> str:
        """Return the line that the caller always writes last before a call, empty where there is none."""
        mine = self._visits.items.join(
            self._reference.filter(pl.col("context") == context).select("visit"), on="visit", how="semi"
        )
        calls = mine.filter(pl.col("item") == item).select("visit", pl.col("time").alias("called"))
        before = (
            mine.filter(pl.col("kind") == "log")
            .join(calls, on="visit")
            .group_by("item")
            .agg(
                (pl.col("time") <= pl.col("called")).sum().alias("n"),
                (pl.col("called") - pl.col("time")).median(),
            )
            .filter(pl.col("n") >= OFTEN * calls.height)
            .sort("called", "item")
        )
        return str(before["item"][0]) if before.height else ""
