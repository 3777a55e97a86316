"""Puts a comparison into a diagnosis: findings, ranking with arguments, timeline, summary, certainty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import polars as pl

from holdfast.diagnostics.analysers.contract import Change
from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.correlation.behaviour import ALWAYS
from holdfast.diagnostics.correlation.blame import Suspicion
from holdfast.diagnostics.correlation.domains import domain
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import ABNORMAL, WORTH, Ranked, Weighed
from holdfast.diagnostics.correlation.shares import STRICT, surely_more
from holdfast.diagnostics.correlation.visits import BASELINE, NO_NAME
from holdfast.diagnostics.correlation.wording import Wording
from holdfast.diagnostics.diagnosis import Argument, Candidate, Certainty, Moment, Onset, Verdict, iso
from holdfast.diagnostics.findings import Finding

CLEAR = 0.25
"""Score from which a candidate that stands alone is named with high certainty."""
ALONE = 0.6
"""Share of the first score that the second may have at most for the first to stand alone."""
MOSTLY = 0.5
"""Share of the calls that show it, from which on an argument rests on calls read off lines."""
SATURATED = 0.8
"""Effect from which what a component uses up names it without help: it is full."""
UNHEARD = "without logs the calls alone speak"
ONE_SIDED = (
    "one caller alone cannot reach it, and says so at once: its name, address or settings may be wrong there"
)
SPREAD = "several others are slow or fail as well and come close together: they may have a reason in common"
ASKED = "one alone asks for a name that is not known: the name may be wrong there"
UNNAMED = "its name was not found, so it may never have been asked"
UNTOLD = "without logs who no longer calls may have been told wrong by what it called before"
SEVERAL_ASK = 2
"""Who must not find a name, for its resolver to be at fault by what it answers alone."""
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


def judged(weighed: Weighed) -> tuple[Verdict, Certainty, str]:
    """Return the verdict, how certain the first candidate is, and why."""
    scores = [entry.score for entry in weighed.ranked[:2]] + [0.0, 0.0]
    first, second = scores[0], scores[1]
    if not weighed.compared and (first < ABNORMAL or not weighed.sure):
        return (
            "undecided",
            "none",
            "there is no baseline and nothing changes within the bundle: nothing to compare with",
        )
    if not weighed.sure or first < ABNORMAL:
        return "nothing_abnormal", "none", "no component differs from what is usual by more than chance"
    if not weighed.compared:
        return "abnormal", "low", "there is nothing to compare with: judged by what is grave in itself"
    if second > ALONE * first:
        return "abnormal", "low", f"the second candidate comes close: {second:.2f} against {first:.2f}"
    lacking = _lacking(weighed)
    if lacking == UNTOLD:
        return "abnormal", "low", lacking
    if first >= CLEAR and not lacking:
        return "abnormal", "high", f"the first candidate stands alone: {first:.2f}, the next {second:.2f}"
    why = f"{lacking}; " if lacking else "little evidence: "
    return "abnormal", "medium", f"{why}the first candidate has {first:.2f}, the next {second:.2f}"


def _lacking(weighed: Weighed) -> str:
    """Return what the evidence lacks that might name another component."""
    items, frame = weighed.visits.items, weighed.visits.frame
    top = weighed.ranked[0]
    argument = top.suspicions[0] if top.suspicions else None
    shown = frame["span"] if argument is None else frame["span"].gather(argument.visits)
    if (frame["span"] == "").all() or (
        argument and not argument.loose and (shown == "").sum() > MOSTLY * shown.len()
    ):
        return "without traces who called whom is inferred"
    if argument is None or argument.unexplained < top.score / 2:
        full = bool(top.shifts) and top.shifts[0].effect >= SATURATED
        known = bool((frame["side"] == BASELINE).any())  # else how it strays in an hour is not known
        return "" if full and known else "what it uses up speaks alone"
    if not (items["kind"] == "log").any():
        if argument.kind == "behaviour":
            return UNHEARD if argument.detail["bad"] else UNTOLD
        if argument.lost == float("inf") and not top.shifts:
            return UNHEARD
    if argument.kind != "behaviour" and _together(weighed.ranked[1:]) > ALONE * top.score:
        return SPREAD
    if unknown := _unknown_name(weighed, argument):
        return unknown
    if _refused_at_once(argument) and not any(s.unexplained >= WORTH for s in top.suspicions[1:]):
        return ONE_SIDED if not top.shifts else ""
    if argument.loose and top.component in _callers(weighed):
        return "its lines belong to no call that could be followed further"
    return "" if _beyond_chance(argument) else "few calls were seen"


def _together(others: Sequence[Ranked]) -> float:
    """Return the chance that at least one of several is rightly suspected."""
    return 1 - prod(1 - other.score for other in others)


def _unknown_name(weighed: Weighed, argument: Suspicion) -> str:
    """Return why a name not found argues against the called not at all, and by one caller against no resolver."""
    grave = [s for s in weighed.suspicions if s.detail.get("bad") and s.effect >= WORTH]
    asking = {s.component for s in grave if _says_unknown(weighed, s)} - {argument.component}
    if argument.lost == float("inf") and asking:
        return UNNAMED
    if len(asking) < SEVERAL_ASK and argument.loose and _says_unknown(weighed, argument):
        return ASKED
    return ""


def _says_unknown(weighed: Weighed, suspicion: Suspicion) -> bool:
    """Tell whether what is new is a line or a failure that speaks of a name nobody knows."""
    kind, _, what = str(suspicion.detail.get("item", "")).partition(" ")
    words = weighed.texts.get(what, "") if kind == "log" else what
    return suspicion.detail.get("way") in ("new", "more") and bool(re.search(NO_NAME, words))


def _refused_at_once(suspicion: Suspicion) -> bool:
    """Tell whether it is only that calls of one single caller fail without an answer sooner than they used to succeed.

    Then the called may never have been reached, and nothing it shows itself speaks against it.
    """
    ways = suspicion.detail.get("ways", ())
    return len(ways) == 1 and suspicion.lost == float("inf") and not (ways[0]["lost"] or 0) > 0


def _callers(weighed: Weighed) -> set[str]:
    visits = weighed.visits
    return set(visits.frame["caller"].unique()) | set(visits.leaves["component"].unique())


def _beyond_chance(suspicion: Suspicion) -> bool:
    """Tell whether a difference would stand even if a thousand others had been looked at, as they were."""
    d = suspicion.detail
    if "side" in d or suspicion.kind == "work" or d["way"] in ("new", "more"):
        return bool(surely_more(d["w1"], d["m1"], d["w0"], d["m0"], STRICT) > 0)
    part_of_it = d["w0"] >= ALWAYS * d["m0"]  # else another mix of requests may have taken it away
    return part_of_it and bool(surely_more(d["w0"], d["m0"], d["w1"], d["m1"], STRICT) > 0)


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
                Moment(onset.earliest, leading, "signal", f"onset, at the latest {iso(onset.latest)}")
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
            f"since {iso(onset.latest)}"
            if self.weighed.onset or onset.given
            else "since before the evidence begins"
        )
        why = next((a.text for a in first.arguments if a.sign == "+"), "")
        return f"{first.name} changed first and by itself, {since}. {why}."


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
