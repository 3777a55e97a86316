"""A call known only by what the called wrote: when it is lost, who is silent?"""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.evidence import RECORDS, Evidence
from holdfast.diagnostics.correlation.ranking import weigh
from small_system import SECOND

WHOLE = "shop:asked shop:looked_up stock:answered shop:replied"


def logs(text: str, start: int, traces: int = 40) -> Evidence:
    """Logs of many traces of the same lines, each `component:template`; nothing else."""
    rows = [
        (
            name,
            f"{name}-0",
            f"{name}:{what}",
            3,
            (start + number) * SECOND + at,
            f"{start}-{number}",
            "L",
            at + 1,
        )
        for number in range(traces)
        for at, (name, _, what) in enumerate(word.partition(":") for word in text.split())
    ]
    records = pl.DataFrame(rows, schema=RECORDS, orient="row")
    return Evidence(records=records, templates={name: name for name in records["template"].unique()})


def named(text: str) -> dict[str, float]:
    """The scores when all that is left of each trace is this."""
    return {entry.component: entry.score for entry in weigh(logs(WHOLE, 1000), logs(text, 9000)).ranked}


def test_a_called_one_that_goes_quiet_is_named_and_not_its_caller() -> None:
    scores = named("shop:asked shop:looked_up shop:replied")
    assert scores["stock"] > 0.5
    assert scores.get("shop", 0.0) < scores["stock"] / 2


def test_a_caller_that_never_came_as_far_as_the_call_is_named_itself() -> None:
    scores = named("shop:asked shop:replied")
    assert scores["shop"] > 0.5
    assert scores.get("stock", 0.0) < scores["shop"] / 2
