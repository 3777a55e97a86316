"""What a diagnosis offers the ledger: hypotheses with their evidence, and the test that separates most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from holdfast.desk.investigation.models import Diagnosis, Experiment, Hypothesis, Verdict
from holdfast.desk.investigation.story import places

MOST = 5


@dataclass(frozen=True, slots=True)
class Argument:
    """A piece of evidence that the engine found."""

    sign: str
    text: str
    weight: str
    finding: str
    locators: list[dict[str, str]]
    version: int

    def columns(self) -> dict[str, Any]:
        """Return it as the columns of a weighing."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hypothesis to adopt."""

    component: str
    score: float
    """0..1, as the diagnosis ranks it."""
    claim: str
    prediction: str
    refutation: str
    arguments: list[Argument]


@dataclass(frozen=True, slots=True)
class NextTest:
    """Something to do next, and what each open hypothesis expects of it."""

    title: str
    command: str
    request: str
    """The same as one request to the customer; empty for a test of our own."""
    experiment: int | None
    """T1, T2, ... if it is planned."""
    minutes: int | None
    cells: dict[int, str]
    """By number of the hypothesis."""
    separates: int
    """Pairs of open hypotheses it tells apart."""


def candidates(kept: Diagnosis) -> list[Candidate]:
    """Return the components a diagnosis ranks, first first, as hypotheses; none when nothing is abnormal."""
    if kept.report["verdict"] != "abnormal":
        return []
    return [_candidate(kept, one) for one in kept.report["components"][:MOST]]


def _candidate(kept: Diagnosis, ranked: dict[str, Any]) -> Candidate:
    name, arguments = ranked["name"], [_argument(kept, one) for one in ranked["arguments"]]
    first = next((one for one in arguments if one.sign == "+"), None)
    claim = f"{name} is where it starts: {first.text}" if first else f"{name} is where it starts"
    seen = kept.finding(first.finding) if first and first.finding else None
    prediction = (
        f"With {name} as it was before, this no longer holds: {seen['title']}"
        if seen
        else f"With {name} as it was before, its callers are well again"
    )
    asked = next((one for one in kept.report["next"] if name in one["separates"]), None)
    other = f"Calls still fail with {name} rolled back, restarted or bypassed"
    refutation = f"{other}, or {name} is healthy in {asked['title']}" if asked else other
    return Candidate(name, ranked["score"], _ended(claim), _ended(prediction), _ended(refutation), arguments)


def _argument(kept: Diagnosis, one: dict[str, Any]) -> Argument:
    found = kept.finding(one["finding"]) if one["finding"] else None
    sure = found["confidence"] if found else 0.0
    weight = "strong" if sure >= 0.8 else "medium" if sure >= 0.5 else "weak"
    cited = places(kept.report, found["locators"][:3]) if found else []
    return Argument(
        "-" if one["sign"] == "-" else "+", one["text"], weight, one["finding"], cited, kept.version
    )


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def next_tests(
    hypotheses: Sequence[Hypothesis], experiments: Iterable[Experiment], asked: Sequence[dict[str, Any]]
) -> list[NextTest]:
    """Return what could be done next, the test first that tells most pairs of open hypotheses apart.

    Among equals a planned test stands before a question of the diagnosis, and the cheaper before the dearer.
    `asked` are the questions of the diagnosis.
    """
    live = [one for one in hypotheses if one.state == Verdict.OPEN]
    found = [_planned(one, live) for one in experiments if one.finished_at is None]
    found += [_asked(one, live) for one in asked]
    return sorted(found, key=lambda one: (-one.separates, one.experiment is None, one.minutes or 10**6))


def _planned(one: Experiment, live: Sequence[Hypothesis]) -> NextTest:
    said = {int(number): text for number, text in one.predictions.items()}
    said[one.hypothesis.number] = one.expected
    cells = {h.number: said[h.number] for h in live if h.number in said}
    return NextTest(one.setting, one.command, "", one.number, one.minutes, cells, _apart(cells))


def _asked(question: dict[str, Any], live: Sequence[Hypothesis]) -> NextTest:
    """A question tells two hypotheses apart when it is about both their components and these differ."""
    names = question["separates"]
    cells = {h.number: f"shows {h.component}" for h in live if h.component in names}
    title, command = question["title"], question["command"]
    request = f"Could you please send us {title}? This collects it: {command}"
    return NextTest(title, command, request, None, None, cells, _apart(cells))


def _apart(cells: dict[int, str]) -> int:
    said = [" ".join(text.casefold().split()) for text in cells.values()]
    return sum(first != second for first, second in combinations(said, 2))
