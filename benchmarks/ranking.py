"""How often the guilty component stands alone in first place, and how honest the certainty is.

    python benchmarks/ranking.py INCIDENTS [--variant NAME] [--verbose]

INCIDENTS is a folder of bundles with `labels.json` (or a folder of the range's bundles with a `truth`
folder). Each bundle is read once; the hard variants take evidence away from what was read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from holdfast.diagnostics import cage
from holdfast.diagnostics.bundle import open_bundle
from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.gathering import gather
from holdfast.diagnostics.correlation.narrative import judged
from holdfast.diagnostics.correlation.ranking import weigh

MINUTE = 60_000_000_000


@dataclass(frozen=True)
class Incident:
    """One labelled bundle."""

    name: str
    bundle: Path
    baseline: Path
    answers: tuple[str, ...]


def incidents(folder: Path) -> Iterator[Incident]:
    """Yield the labelled bundles of a folder."""
    labels = folder / "labels.json"
    if labels.exists():
        for row in json.loads(labels.read_text())["incidents"]:
            yield Incident(row["case"], folder / row["bundle"], folder / row["baseline"], (row["component"],))
        return
    healthy = next(path for path in sorted(folder.iterdir()) if path.name.startswith(("baseline", "none")))
    for truth in sorted((folder / "truth").glob("*.json")):
        row = json.loads(truth.read_text())
        if row["component"]:
            answers = (row["component"], *row["also_acceptable"])
            yield Incident(truth.stem, folder / truth.stem, healthy, answers)


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
    """The bundle holds the quiet hours of the baseline too."""
    baseline, bundle = pair
    spans = pl.concat([baseline.spans, bundle.spans])
    records = pl.concat([baseline.records, bundle.records])
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
    "one trace in ten": _one_in_ten,
    "one trace in ten, all lines": _thin_spans,
    "half the clocks 90 s ahead": _shifted,
    "window too wide": _wide,
    "reported 2 min late": _late,
}


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


def answered(incident: Incident, pair: Pair) -> Outcome:
    """Rank one incident."""
    begun = time.perf_counter()
    weighed = weigh(corrected(pair[0])[0], corrected(pair[1])[0])
    took = time.perf_counter() - begun
    names = [entry.component for entry in weighed.ranked]
    scores = [round(entry.score, 4) for entry in weighed.ranked]
    rank = next((at for at, name in enumerate(names, 1) if _named(name, incident.answers)), 99)
    alone = rank == 1 and scores.count(scores[0]) == 1
    _, certainty, _ = judged(weighed)
    first = (names[0], scores[0]) if names else ("-", 0.0)
    return Outcome(incident.name, rank, alone, certainty, took, *first)


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
    print(f"{len(cases)} incidents of {given.folder.name}")
    print(
        f"{'variant':<28}{'first, alone':>13}{'in first 3':>11}{'high cert.':>11}{'of these right':>15}{'median s':>9}"
    )
    for name in given.variant or VARIANTS:
        pairs = [(case, (evidence[str(case.baseline)], evidence[str(case.bundle)])) for case in cases]
        outcomes = [answered(case, VARIANTS[name](pair)) for case, pair in pairs]
        _print(name, outcomes, verbose=given.verbose)


def _print(name: str, outcomes: list[Outcome], *, verbose: bool) -> None:
    count = len(outcomes)
    sure = [outcome for outcome in outcomes if outcome.certainty == "high"]
    right = f"{sum(o.alone for o in sure) / len(sure):.0%}" if sure else "-"
    seconds = statistics.median(outcome.seconds for outcome in outcomes)
    print(
        f"{name:<28}{sum(o.alone for o in outcomes) / count:>13.0%}{sum(o.rank <= 3 for o in outcomes) / count:>11.0%}"
        f"{len(sure):>11}{right:>15}{seconds:>9.2f}"
    )
    for outcome in outcomes if verbose else ():
        if not outcome.alone:
            print(
                f"    {outcome.name}: rank {outcome.rank}, {outcome.answer} {outcome.score}, {outcome.certainty}"
            )


if __name__ == "__main__":
    main()
