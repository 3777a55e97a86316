"""Puts a comparison into a diagnosis: findings, ranking with arguments, timeline, summary, certainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from holdfast.diagnostics.analysers.contract import Change
from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.correlation.blame import Suspicion
from holdfast.diagnostics.correlation.certainty import judged
from holdfast.diagnostics.correlation.domains import domain
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import WORTH, Ranked, Weighed
from holdfast.diagnostics.correlation.wording import Wording
from holdfast.diagnostics.diagnosis import Argument, Candidate, Certainty, Moment, Onset, Verdict, iso
from holdfast.diagnostics.findings import Finding

OF_EACH = 6
"""Findings told of one component; further ones say the same again."""
HOUR = 3_600_000_000_000


@dataclass(slots=True)
class Told:
    """The part of a diagnosis that is told from the comparison."""

    verdict: Verdict
    certainty: Certainty
    certainty_why: str
    summary: str
    onset: Onset | None
    findings: list[Finding]
    components: tuple[Candidate, ...]
    domains: tuple[Candidate, ...]
    timeline: tuple[Moment, ...]


def tell(
    bundle: Evidence, weighed: Weighed, templates: dict[str, str], others: Sequence[Finding], at: int | None
) -> Told:
    """Return the story of a comparison. `others` are findings of readers, numbered after those told here."""
    teller = _Teller(bundle, weighed, Wording(weighed, templates))
    verdict, certainty, why = judged(weighed)
    onset = teller.onset(at) if verdict == "abnormal" else None
    if verdict != "abnormal":
        teller.findings.clear()
        teller.candidates = ()
    findings = [
        *teller.findings,
        *(replace(f, id=f"F-{len(teller.findings) + n:02d}") for n, f in enumerate(others, 1)),
    ]
    return Told(
        verdict,
        certainty,
        why,
        teller.summary(verdict, onset),
        onset,
        findings,
        teller.candidates,
        _domains(teller.candidates),
        teller.timeline(onset),
    )


class _Teller:
    def __init__(self, bundle: Evidence, weighed: Weighed, wording: Wording) -> None:
        self.bundle, self.weighed, self.wording = bundle, weighed, wording
        self.findings: list[Finding] = []
        self.changes = {c.component: c for c in sorted(bundle.changes, key=lambda c: c.time) if self._near(c)}
        worth = [entry for entry in weighed.ranked if entry.score >= WORTH]
        self.candidates = tuple(self._candidate(entry) for entry in worth)

    def _near(self, change: Change) -> bool:
        return -HOUR <= change.time - self.weighed.start <= HOUR // 60

    def _number(self, finding: Finding) -> Finding:
        numbered = replace(finding, id=f"F-{len(self.findings) + 1:02d}")
        self.findings.append(numbered)
        return numbered

    def _candidate(self, entry: Ranked) -> Candidate:
        arguments = [self._argument(s) for s in _telling(entry.suspicions)]
        for shift in [s for s in entry.shifts if s.effect >= WORTH][:2]:
            finding = self._number(self.wording.shift(shift))
            arguments.append(Argument("+", finding.title, finding.id))
        change = self.changes.get(entry.component)
        if change is not None:
            before = (self.weighed.start - change.time) / 1e9
            finding = self._number(_changed(change))
            arguments.append(Argument("+", f"{change.title}, {before:.0f} s before the onset", finding.id))
        return Candidate(
            entry.component, entry.score, domain(entry.component, self.weighed), tuple(arguments)
        )

    def _argument(self, suspicion: Suspicion) -> Argument:
        finding = self._number(self.wording.finding(suspicion))
        if suspicion.unexplained >= suspicion.effect / 2:
            return Argument("+", finding.title, finding.id)
        return Argument("-", f"{finding.title}; explained by {suspicion.by}, which it calls", finding.id)

    def onset(self, at: int | None) -> Onset:
        """Return the band between the last call that was well and the first that was not."""
        if at is not None:
            return Onset(at, at, given=True)
        latest, proof = self._first_sign()
        frame = self.weighed.visits.frame
        ours = frame.filter((pl.col("side") == 1) & (pl.col("start") < latest))["start"]
        earliest = min(self.weighed.start, latest)
        if self.weighed.onset is not None and ours.len():
            before = frame.filter(
                (pl.col("side") == 1) & (pl.col("start") < min(self.weighed.start, latest))
            )["start"]
            earliest = int(before.max()) if before.len() else earliest  # type: ignore[arg-type]
            earliest = max(earliest, self._last_line(latest))
        return Onset(earliest, latest, given=False, locators=proof)

    def _last_line(self, before: int) -> int:
        """Return when the first candidate last wrote a line that names no call before a moment, 0 for never.

        Its stretch of time began long before; of calls it is their begin that counts.
        """
        top = self.weighed.ranked[0]
        contexts = [s.detail["context"] for s in top.suspicions[:1] if "context" in s.detail]
        stretches = self.weighed.visits.frame.filter(
            (pl.col("side") == 1) & (pl.col("trace") == "") & pl.col("context").is_in(contexts)
        )
        lines = self.weighed.visits.items.filter(pl.col("time") < before).join(
            stretches, on="visit", how="semi"
        )
        return int(lines["time"].max() or 0)  # type: ignore[arg-type]

    def _first_sign(self) -> tuple[int, tuple[Locator, ...]]:
        top = self.weighed.ranked[0]
        for suspicion in top.suspicions[:1]:
            if len(suspicion.visits) and suspicion.unexplained >= WORTH:
                finding = self.wording.finding(suspicion)
                return max(finding.first or 0, self.weighed.start), finding.locators[:2]
        for shift in top.shifts[:1]:
            finding = self.wording.shift(shift)
            return max(finding.first or 0, self.weighed.start), finding.locators
        return self.weighed.start, ()

    def timeline(self, onset: Onset | None) -> tuple[Moment, ...]:
        """Return changes, first signs and the report in the order of time."""
        leading = self.candidates[0].name if self.candidates else ""
        moments = [
            Moment(
                f.first,
                f.components[0] if f.components else "",
                "cause" if leading in f.components else "symptom",
                f.title,
                f.id,
                f.locators[0] if f.locators else None,
            )
            for f in self.findings
            if f.first is not None and f.rule != "changes.made"
        ]
        moments += [
            Moment(c.time, c.component, "change", c.title, "", Locator(c.artefact, "entry", c.entry, c.time))
            for c in self.bundle.changes
        ]
        if self.bundle.reported_at is not None:
            moments.append(Moment(self.bundle.reported_at, "", "report", "reported"))
        if onset is not None:
            moments.append(
                Moment(onset.earliest, leading, "signal", f"onset, at the latest {_told(onset.latest)}")
            )
        return tuple(sorted(moments, key=lambda m: m.time))

    def summary(self, verdict: Verdict, onset: Onset | None) -> str:
        """Return the answer in two sentences."""
        if verdict == "nothing_abnormal":
            return "Nothing abnormal found: no component differs from what is usual by more than chance."
        if verdict == "undecided" or onset is None:
            return "Undecided: the evidence holds nothing to compare with. A baseline or an earlier part would decide."
        first = self.candidates[0]
        since = (
            f"since {_told(onset.latest)}"
            if self.weighed.onset or onset.given
            else "since before the evidence begins"
        )
        why = next((a.text for a in first.arguments if a.sign == "+"), "")
        return f"{first.name} changed first and by itself, {since}. {why}."


def _told(latest: int) -> str | None:
    """Return a time in words' company: to the millisecond, never earlier than it was."""
    return iso(-(-latest // 1_000_000) * 1_000_000)


def _telling(suspicions: Sequence[Suspicion]) -> list[Suspicion]:
    """Return the suspicions worth a finding, those left unexplained first."""
    worth = [s for s in suspicions if s.effect >= WORTH]
    return sorted(worth, key=lambda s: (-s.unexplained, -s.effect))[:OF_EACH]


def _changed(change: Change) -> Finding:
    from holdfast.diagnostics.findings import Severity

    proof = Locator(change.artefact, "entry", change.entry, change.time)
    return Finding(
        "changes.made",
        change.title,
        Severity.INFO,
        1.0,
        (change.component,),
        change.time,
        change.time,
        1,
        (proof,),
    )


def _domains(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.domain not in best:
            best[candidate.domain] = Candidate(
                candidate.domain, candidate.score, candidate.domain, candidate.arguments[:2]
            )
    return tuple(best.values())
