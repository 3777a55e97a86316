"""The last step: from what was read of both sides to the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from holdfast.diagnostics.analysers.contract import Opened, Reading
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.correlation.call_patterns import call_patterns
from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.coverage import gaps
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.exemplars import exemplars
from holdfast.diagnostics.correlation.gathering import gather
from holdfast.diagnostics.correlation.golden import golden
from holdfast.diagnostics.correlation.narrative import tell
from holdfast.diagnostics.correlation.questions import questions
from holdfast.diagnostics.correlation.ranking import weigh
from holdfast.diagnostics.correlation.wording import texts
from holdfast.diagnostics.diagnosis import EXEMPLARS, Diagnosis
from holdfast.diagnostics.findings import Finding, Severity
from holdfast.diagnostics.traces.spans import SpanBuilder, join

Read = Sequence[tuple[Opened, Reading]]


def conclude(ours: Read, theirs: Read, at: int | None = None, keep: Path | None = None) -> Diagnosis:
    """Return the diagnosis of what was read.

    theirs: the baseline. at: a known onset in ns UTC. keep: a folder in which traces worth looking at are left.
    """
    baseline, _ = corrected(gather(theirs))
    names = frozenset(baseline.spans["component"].unique()) | frozenset(s.component for s in baseline.signals)
    bundle, offsets = corrected(gather(ours, names - {""}))
    weighed = weigh(baseline, bundle, at)
    if keep is not None and bundle.spans.height:
        (keep / EXEMPLARS).write_bytes(orjson.dumps(exemplars(baseline, bundle, weighed)))
    coverage = gaps(bundle, baseline, weighed, ours, offsets)
    noticed = [*_of_readers(ours), *call_patterns(bundle.spans)]
    told = tell(bundle, weighed, texts([baseline.templates, bundle.templates]), noticed, at)
    return Diagnosis(
        told.verdict,
        told.certainty,
        told.certainty_why,
        told.summary,
        told.onset,
        tuple(_known(opened, reading, offsets) for opened, reading in (*ours, *theirs)),
        tuple(told.findings),
        told.components,
        told.domains,
        told.timeline,
        coverage,
        questions(bundle, weighed, coverage),
        _facts(ours, theirs, bundle),
        golden(weighed),
    )


def warm() -> None:
    """Run everything once on next to nothing, so that what is compiled is loaded when it is needed."""
    one = SpanBuilder()
    one.add("t", "a", "", "x", "op", 1, 9)
    one.add("t", "b", "a", "y", "op", 2, 5)
    weigh(Evidence(), Evidence(spans=join([("A1", one.table())]).frame))


def _of_readers(ours: Read) -> list[Finding]:
    findings = [finding for _, reading in ours for finding in reading.findings]
    for opened, reading in ours:
        said = reading.note or reading.remark
        if said and not reading.findings:
            findings.append(Finding("reader.note", f"{opened.artefact.name}: {said}", Severity.INFO, 1.0))
    return findings


def _known(opened: Opened, reading: Reading, offsets: dict[str, int]) -> Artefact:
    stem = opened.artefact.name.rsplit("/", 1)[-1].removesuffix(".log")
    return replace(
        opened.artefact,
        kind=reading.kind,
        sha256=opened.artefact.sha256 or reading.facts.get("sha256", ""),
        first=reading.first,
        last=reading.last,
        zone=reading.zone,
        skew_ms=-offsets[stem] / 1e6 if stem in offsets else 0.0 if reading.first else None,
        records=reading.records,
        note=opened.artefact.note or reading.note,
    )


def _facts(ours: Read, theirs: Read, bundle: Evidence) -> dict[str, object]:
    def lines(side: Read) -> int:
        return sum(int(reading.facts.get("lines", 0)) for _, reading in side)

    said = {
        key: value
        for _, reading in ours
        for key, value in reading.facts.items()
        if key in ("system", "symptom")
    }
    return {
        "artefacts": len(ours),
        "bytes": sum(o.artefact.size for o, _ in ours),
        "lines": lines(ours),
        "logs": sum(r.log is not None for _, r in ours),
        "spans": bundle.spans.height,
        "series": len(bundle.signals),
        "baseline_lines": lines(theirs),
        "baseline_artefacts": len(theirs),
        **said,
    }
