"""The public JSON form of a diagnosis."""

from __future__ import annotations

from typing import Any

from holdfast.diagnostics.artefacts import Artefact, Locator
from holdfast.diagnostics.diagnosis import (
    SCHEMA,
    Candidate,
    Diagnosis,
    Gap,
    Golden,
    Level,
    Moment,
    Onset,
    Question,
    iso,
)
from holdfast.diagnostics.findings import Finding


def publish(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return schema 1 of the diagnosis: plain dicts, lists, strings and numbers."""
    return {
        "schema": SCHEMA,
        "verdict": diagnosis.verdict,
        "certainty": diagnosis.certainty,
        "certainty_why": diagnosis.certainty_why,
        "summary": diagnosis.summary,
        "onset": _onset(diagnosis.onset),
        "artefacts": [_artefact(artefact) for artefact in diagnosis.artefacts],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "components": [_candidate(candidate) for candidate in diagnosis.components],
        "domains": [_candidate(candidate) for candidate in diagnosis.domains],
        "timeline": [_moment(moment) for moment in diagnosis.timeline],
        "coverage": [_gap(gap) for gap in diagnosis.coverage],
        "next": [_question(question) for question in diagnosis.next],
        "facts": diagnosis.facts,
        "golden": [_golden(row) for row in diagnosis.golden],
    }


def _golden(row: Golden) -> dict[str, Any]:
    return {"component": row.component, "before": _level(row.before), "after": _level(row.after)}


def _level(level: Level | None) -> dict[str, Any] | None:
    if level is None:
        return None
    return {
        "calls": level.calls,
        "rate_per_minute": round(level.rate, 2),
        "failed": round(level.failed, 4),
        "median_ms": round(level.median, 3),
        "p95_ms": round(level.p95, 3),
        "waited": round(level.waited, 4),
    }


def _locators(locators: tuple[Locator, ...]) -> list[dict[str, Any]]:
    return [_locator(locator) for locator in locators]


def _locator(locator: Locator) -> dict[str, Any]:
    out = locator.to_dict()
    if "time" in out:
        out["time"] = iso(out["time"])
    return out


def _onset(onset: Onset | None) -> dict[str, Any] | None:
    if onset is None:
        return None
    return {
        "earliest": iso(onset.earliest),
        "latest": iso(onset.latest),
        "given": onset.given,
        "locators": _locators(onset.locators),
    }


def _artefact(artefact: Artefact) -> dict[str, Any]:
    return {
        "id": artefact.id,
        "name": artefact.name,
        "kind": artefact.kind,
        "size": artefact.size,
        "sha256": artefact.sha256,
        "first": iso(artefact.first),
        "last": iso(artefact.last),
        "zone": artefact.zone,
        "skew_ms": artefact.skew_ms,
        "records": artefact.records,
        "note": artefact.note,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.word,
        "confidence": round(finding.confidence, 3),
        "components": list(finding.components),
        "first": iso(finding.first),
        "last": iso(finding.last),
        "count": finding.count,
        "locators": _locators(finding.locators),
        "data": finding.data,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "score": round(candidate.score, 4),
        "domain": candidate.domain,
        "reasons": list(dict.fromkeys(a.finding for a in candidate.arguments if a.finding)),
        "arguments": [{"sign": a.sign, "text": a.text, "finding": a.finding} for a in candidate.arguments],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "time": iso(moment.time),
        "component": moment.component,
        "kind": moment.kind,
        "title": moment.title,
        "finding": moment.finding,
        "locator": _locator(moment.locator) if moment.locator else None,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.id,
        "kind": gap.kind,
        "title": gap.title,
        "components": list(gap.components),
        "locators": _locators(gap.locators),
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "title": question.title,
        "command": question.command,
        "separates": list(question.separates),
    }
