"""A call known only by what the called wrote, or sent as a message: when it is lost, who is silent?"""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.evidence import RECORDS, Evidence
from holdfast.diagnostics.correlation.ranking import weigh
from holdfast.diagnostics.correlation.wording import Wording
from small_system import NOON, SECOND, messages

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


def blamed(bundle: Evidence) -> dict[str, float]:
    return {e.component: e.score for e in weigh(messages(start=NOON - 3600 * SECOND), bundle).ranked}


def test_a_message_that_was_posted_and_not_taken_is_not_the_posters_fault() -> None:
    scores = blamed(messages(taken=False))
    assert scores["packer"] > 0.3
    assert scores.get("shop", 0.0) < scores["packer"] / 2


def test_a_message_not_taken_is_told_as_one() -> None:
    weighed = weigh(messages(start=NOON - 3600 * SECOND), messages(taken=False))
    packer = next(entry for entry in weighed.ranked if entry.component == "packer")
    told = Wording(weighed, {}).finding(packer.suspicions[0])

    assert told.title.startswith(
        "packer has not taken the messages of 60 of 60 calls of shop, before 0 of 60"
    )


def test_who_no_longer_posts_is_named_and_not_who_waits_for_messages() -> None:
    scores = blamed(messages(posted=False))
    assert scores["shop"] > 0.5
    assert scores.get("packer", 0.0) < scores["shop"] / 2
