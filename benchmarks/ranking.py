"""How often the guilty component stands alone in first place, how honest the certainty is, and what could be told.

    python benchmarks/ranking.py INCIDENTS [--variant NAME] [--verbose]

INCIDENTS is a folder of bundles with `labels.json` (or a folder of the range's bundles with a `truth`
folder). Each bundle is read once; the hard variants take evidence away from what was read. Beside the share of all
incidents stands the share of those in which the guilty component leaves any mark in what remains: `marks` says so,
which knows nothing of the ranking.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import marks
import polars as pl

from holdfast.diagnostics import cage
from holdfast.diagnostics.bundle import open_bundle
from holdfast.diagnostics.correlation.certainty import judged
from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.gathering import gather
from holdfast.diagnostics.correlation.ranking import weigh

MINUTE = 60_000_000_000


@dataclass(frozen=True)
class Incident:
    """One labelled bundle."""

    name: str
    bundle: Path
    baseline: Path
    answers: tuple[str, ...]
    since: int
    """When the fault took effect, ns UTC."""


def incidents(folder: Path) -> Iterator[Incident]:
    """Yield the labelled bundles of a folder."""
    labels = folder / "labels.json"
    if labels.exists():
        for row in json.loads(labels.read_text())["incidents"]:
            places = folder / row["bundle"], folder / row["baseline"]
            yield Incident(row["case"], *places, (row["component"],), _nanoseconds(row["injected_at"]))
        return
    healthy = next(path for path in sorted(folder.iterdir()) if path.name.startswith(("baseline", "none")))
    for truth in sorted((folder / "truth").glob("*.json")):
        row = json.loads(truth.read_text())
        if row["component"]:
            answers = (row["component"], *row["also_acceptable"])
            since = _nanoseconds(row["injected_at"])
            yield Incident(truth.stem, folder / truth.stem, healthy, answers, since)


def _nanoseconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp() * 1e9)


Pair = tuple[Evidence, Evidence]


def _whole(pair: Pair) -> Pair:
    return pair


def _no_baseline(pair: Pair) -> Pair:
    return Evidence(), pair[1]


def _without(**empty: object) -> Callable[[Pair], Pair]:
    return lambda pair: (replace(pair[0], **empty), replace(pair[1], **empty))  # type: ignore[arg-type]


def _one_in_ten(pair: Pair) -> Pair:
    kept = pl.col("trace").hash(7) % 10 == 0
    thin = [
        replace(
            side, spans=side.spans.filter(kept), records=side.records.filter(kept | (pl.col("trace") == ""))
        )
        for side in pair
    ]
    return thin[0], thin[1]


def _thin_spans(pair: Pair) -> Pair:
    """The usual head sampling: one trace in ten has spans, every line is kept."""
    kept = pl.col("trace").hash(7) % 10 == 0
    return replace(pair[0], spans=pair[0].spans.filter(kept)), replace(
        pair[1], spans=pair[1].spans.filter(kept)
    )


def _shifted(pair: Pair) -> Pair:
    """Half of the nodes (by name) write times 90 s ahead, in spans and logs alike."""
    nodes = sorted(set(pair[1].spans["node"].unique()) | set(pair[0].spans["node"].unique()))
    fast = set(nodes[::2])
    out = []
    for side in pair:
        pods = set(side.spans.filter(pl.col("node").is_in(list(fast)))["instance"].unique())
        ahead = pl.when(pl.col("node").is_in(list(fast))).then(90_000_000_000).otherwise(0)
        late = pl.when(pl.col("instance").is_in(list(pods))).then(90_000_000_000).otherwise(0)
        spans = side.spans.with_columns(pl.col("start") + ahead, pl.col("end") + ahead)
        out.append(replace(side, spans=spans, records=side.records.with_columns(pl.col("time") + late)))
    return out[0], out[1]


def _wide(pair: Pair) -> Pair:
    """The bundle holds the quiet hours of the baseline too, as artefacts of their own."""
    baseline, bundle = pair
    apart = pl.concat_str(pl.lit("quiet-"), "artefact").alias("artefact")
    spans = pl.concat([baseline.spans.with_columns(apart), bundle.spans])
    records = pl.concat([baseline.records.with_columns(apart), bundle.records])
    return baseline, replace(
        bundle, spans=spans, records=records, templates=baseline.templates | bundle.templates
    )


def _late(pair: Pair) -> Pair:
    reported = pair[1].reported_at
    return pair[0], replace(pair[1], reported_at=reported + 2 * MINUTE if reported else None)


VARIANTS: dict[str, Callable[[Pair], Pair]] = {
    "as given": _whole,
    "no baseline": _no_baseline,
    "no spans": _without(spans=Evidence().spans),
    "no metrics": _without(signals=[]),
    "no logs": _without(records=Evidence().records),
    "metrics alone": _without(spans=Evidence().spans, records=Evidence().records),
    "one trace in ten": _one_in_ten,
    "one trace in ten, all lines": _thin_spans,
    "half the clocks 90 s ahead": _shifted,
    "window too wide": _wide,
    "reported 2 min late": _late,
}


REMOVING = {
    "no baseline",
    "no spans",
    "no metrics",
    "no logs",
    "metrics alone",
    "one trace in ten",
    "one trace in ten, all lines",
}
"""Variants that take evidence away: the others leave all marks where they were, and only move or bury them."""


def read(paths: dict[str, Path]) -> dict[str, Evidence]:
    """Read every bundle once."""
    found = {}
    with cage.start(cage.Cage(readable=(Path("/"),), writable=(Path(tempfile.gettempdir()),))) as readers:
        for name, path in paths.items():
            with tempfile.TemporaryDirectory() as folder:
                bundle = open_bundle([path], Path(folder))
                found[name] = gather(list(zip(bundle.opened, readers.read(bundle.opened), strict=True)))
    return found


@dataclass(frozen=True)
class Outcome:
    """What was answered for one incident in one variant."""

    name: str
    rank: int
    alone: bool
    certainty: str
    seconds: float
    answer: str
    score: float
    marked: bool
    """Whether the guilty component leaves a mark in what remains."""


def answered(incident: Incident, given: Pair, variant: str) -> Outcome:
    """Rank one incident in one variant."""
    pair = VARIANTS[variant](given)
    left = pair if variant in REMOVING else given
    marked = bool(marks.marks(left, lambda name: _named(name, incident.answers), incident.since))
    begun = time.perf_counter()
    weighed = weigh(corrected(pair[0])[0], corrected(pair[1])[0])
    took = time.perf_counter() - begun
    names = [entry.component for entry in weighed.ranked]
    scores = [round(entry.score, 4) for entry in weighed.ranked]
    rank = next((at for at, name in enumerate(names, 1) if _named(name, incident.answers)), 99)
    alone = rank == 1 and scores.count(scores[0]) == 1
    _, certainty, _ = judged(weighed)
    first = (names[0], scores[0]) if names else ("-", 0.0)
    return Outcome(incident.name, rank, alone, certainty, took, *first, marked)


def _named(name: str, answers: tuple[str, ...]) -> bool:
    """A host outside the system may be named in full: `api.bank.example` for `bank`."""
    return name in answers or any(answer in name.split(".") for answer in answers)


def main() -> None:
    """Print one row a variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variant", action="append")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    cases = list(incidents(given.folder))
    evidence = read({str(path): path for case in cases for path in (case.bundle, case.baseline)})
    print(f"{len(cases)} incidents of {given.folder.name}; {_false_alarms(cases, evidence)}")
    print("".join(f"{title:{'<' if width < 0 else '>'}{abs(width)}}" for title, width in HEAD))
    for name in given.variant or VARIANTS:
        pairs = [(case, (evidence[str(case.baseline)], evidence[str(case.bundle)])) for case in cases]
        outcomes = [answered(case, pair, name) for case, pair in pairs]
        _print(name, outcomes, verbose=given.verbose)


HEAD = (
    ("variant", -28), ("first, alone", 13), ("in first 3", 11), ("leave a mark", 13), ("of these first", 15),
    ("high cert.", 11), ("of these right", 15), ("median s", 9), ("most s", 7),
)  # fmt: skip


def _false_alarms(cases: list[Incident], evidence: dict[str, Evidence]) -> str:
    """Say how often a component leaves a mark where nothing happened: between the halves of the baselines."""
    counts = [marks.false_alarms(evidence[path]) for path in sorted({str(case.baseline) for case in cases})]
    marked, of = (sum(column) for column in zip(*counts, strict=True))
    return f"{marked} of {of} components of healthy baselines leave a mark between its halves"


def _share(outcomes: list[Outcome]) -> str:
    """Return in how many of them the guilty component stands alone in first place."""
    return f"{sum(o.alone for o in outcomes) / len(outcomes):.0%}" if outcomes else "-"


def _print(name: str, outcomes: list[Outcome], *, verbose: bool) -> None:
    count = len(outcomes)
    sure = [outcome for outcome in outcomes if outcome.certainty == "high"]
    marked = [outcome for outcome in outcomes if outcome.marked]
    seconds = [outcome.seconds for outcome in outcomes]
    cells = (
        f"{_share(outcomes)}", f"{sum(o.rank <= 3 for o in outcomes) / count:.0%}", f"{len(marked)}", _share(marked),
        f"{len(sure)}", _share(sure), f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}",
    )  # fmt: skip
    print(f"{name:<28}" + "".join(f"{cell:>{w}}" for cell, (_, w) in zip(cells, HEAD[1:], strict=True)))
    for outcome in outcomes if verbose else ():
        if not outcome.alone:
            print(
                f"    {outcome.name}: rank {outcome.rank}, {outcome.answer} {outcome.score}, {outcome.certainty}"
                f"{'' if outcome.marked else ', no mark'}"
            )


if __name__ == "__main__":
    main()
