"""Lines that name no trace, in stretches of time: where nobody looked nobody was silent."""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.evidence import RECORDS, Evidence
from holdfast.diagnostics.correlation.visits import BUNDLE, visits
from small_system import MS, NOON, SECOND, SmallSystem


def heartbeat(name: str, first: int, seconds: int) -> pl.DataFrame:
    """A line a second of one component, of no trace."""
    rows = [
        (name, f"{name}-0", f"{name}:beat", 3, NOON + (first + at) * SECOND, "", "L", at + 1)
        for at in range(seconds)
    ]
    return pl.DataFrame(rows, schema=RECORDS, orient="row")


def beats(evidence: Evidence) -> tuple[int, int]:
    """In how many stretches the component was seen, and in how many it wrote."""
    seen = visits(Evidence(), evidence)
    stretches = seen.frame.filter((pl.col("component") == "db") & (pl.col("side") == BUNDLE))
    return stretches.height, seen.items.filter(pl.col("item") == "log db:beat").height


def test_an_hour_in_which_nothing_was_collected_is_no_silence() -> None:
    records = pl.concat([heartbeat("db", 0, 40), heartbeat("db", 3600, 40)])
    stretches, written = beats(Evidence(records=records))
    assert stretches == written


def test_a_component_that_says_nothing_while_others_work_is_silent() -> None:
    system = SmallSystem(requests=120).evidence()  # a minute of calls
    quiet = pl.concat([heartbeat("db", 0, 20), heartbeat("db", 50, 10)])
    stretches, written = beats(Evidence(system.spans, pl.concat([system.records, quiet]), system.templates))
    assert written == 30
    assert stretches >= 59


def test_lines_of_others_show_that_somebody_looked() -> None:
    records = pl.concat([heartbeat("db", 0, 20), heartbeat("web", 0, 60), heartbeat("db", 50, 10)])
    stretches, written = beats(Evidence(records=records.with_columns(pl.col("time") + MS)))
    assert (stretches, written) == (60, 30)
