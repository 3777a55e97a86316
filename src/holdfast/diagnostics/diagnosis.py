"""The answer: when it began, who is to blame and why, what the evidence does not contain, what to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from holdfast.diagnostics.artefacts import Artefact, Locator
from holdfast.diagnostics.findings import Finding

SCHEMA = 1
"""Version of the public JSON. Fields are added within a version, never changed or removed."""
EXEMPLARS = "exemplars.json"
"""The file in which a reading that is kept leaves traces worth looking at; see `correlation.exemplars`."""

Verdict = Literal["abnormal", "nothing_abnormal", "undecided"]
Certainty = Literal["high", "medium", "low", "none"]


@dataclass(frozen=True, slots=True)
class Onset:
    """The band in which it began: the last proof of the old behaviour and the first of the new."""

    earliest: int
    """Nanoseconds UTC."""
    latest: int
    given: bool
    """True when a person named the time, False when it was found."""
    locators: tuple[Locator, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason for or against a candidate."""

    sign: Literal["+", "-"]
    text: str
    finding: str
    """Id of the finding that proves it; empty when the argument rests on coverage alone."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component (or fault domain) and how strongly the evidence argues that the fault is there."""

    name: str
    score: float
    """0..1, comparable within one diagnosis."""
    domain: str = ""
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the merged timeline, on the corrected clock."""

    time: int
    component: str
    kind: Literal["change", "cause", "symptom", "report", "signal"]
    title: str
    finding: str = ""
    locator: Locator | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the evidence does not contain and what that weakens."""

    id: str
    kind: str
    title: str
    components: tuple[str, ...] = ()
    locators: tuple[Locator, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One artefact to ask for, the command that collects it, and what it would decide."""

    id: str
    title: str
    command: str
    separates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """What was seen of one component's calls on one side of the onset."""

    calls: int
    rate: float
    """Calls a minute; of sampled traces it is the sampled ones' rate."""
    failed: float
    """Share of calls, 0..1."""
    median: float
    """Milliseconds from a call's first to its last span."""
    p95: float
    waited: float
    """Share of all requests' time that was spent waiting for this component's own work, 0..1."""


@dataclass(frozen=True, slots=True)
class Golden:
    """The golden signals of one component; a side without calls is None."""

    component: str
    before: Level | None
    after: Level | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything `holdfast investigate` says; `to_dict` is the public, versioned form."""

    verdict: Verdict
    certainty: Certainty
    certainty_why: str
    summary: str
    onset: Onset | None
    artefacts: tuple[Artefact, ...]
    findings: tuple[Finding, ...]
    components: tuple[Candidate, ...]
    domains: tuple[Candidate, ...]
    timeline: tuple[Moment, ...]
    coverage: tuple[Gap, ...]
    next: tuple[Question, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    """Counts of what was read and how long it took: `lines`, `spans`, `series`, `seconds`, ..."""
    golden: tuple[Golden, ...] = ()
    """Rate, errors, latency and share of the wait, the component most waited for first."""

    def to_dict(self) -> dict[str, Any]:
        """Return the public JSON: schema 1, times as ISO 8601 UTC with nanoseconds."""
        from holdfast.diagnostics.publication import publish

        return publish(self)


def iso(time: int | None) -> str | None:
    """Return nanoseconds UTC as ISO 8601 with as many decimals as it has, None for no time."""
    if time is None:
        return None
    seconds, nanos = divmod(int(time), 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanos:09d}".rstrip("0").rstrip(".") if nanos else ""
    return f"{whole}{fraction}Z"
