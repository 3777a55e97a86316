"""From files to an answer: the whole way, on a small system and on real injected faults."""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from holdfast.diagnostics import cage
from holdfast.diagnostics.analysers import Opened, Reading
from holdfast.diagnostics.bundle import open_bundle
from holdfast.diagnostics.correlation.conclusion import conclude
from holdfast.diagnostics.diagnosis import Diagnosis, iso
from holdfast.diagnostics.investigate import Cancelled, Progress, investigate
from holdfast.diagnostics.rules import COMPARING, RULES
from small_system import NOON, SECOND


def said(diagnosis: Diagnosis) -> bytes:
    """The public JSON without the time it took."""
    whole = diagnosis.to_dict()
    whole["facts"] = {key: value for key, value in whole["facts"].items() if key != "seconds"}
    return orjson.dumps(whole, option=orjson.OPT_SERIALIZE_NUMPY)


def test_the_guilty_component_the_onset_and_the_reasons(diagnosed: Diagnosis) -> None:
    assert diagnosed.verdict == "abnormal"
    assert diagnosed.components[0].name == "stock"
    assert diagnosed.onset is not None
    assert abs(diagnosed.onset.latest - (NOON + 30 * SECOND)) < 2 * SECOND
    assert diagnosed.onset.earliest <= diagnosed.onset.latest
    told = re.search(r"changed first and by itself, since \S+:\d\d(\.\d{1,3})?Z\. ", diagnosed.summary)
    assert told, "to the millisecond: nobody reads more"
    assert any(argument.sign == "+" for argument in diagnosed.components[0].arguments)
    assert any(moment.kind == "cause" and moment.component == "stock" for moment in diagnosed.timeline)


def test_of_a_log_alone_the_onset_is_at_its_first_new_line(tmp_path: Path) -> None:
    lines = [
        f"2026-05-01 10:{n // 60:02d}:{n % 60:02d},000 INFO  [w-{n % 7}] a.Ledger - posted {n}"
        for n in range(1800)
    ]
    for n in range(1205, 1800, 5):
        lines[n] = lines[n].replace("INFO  ", "ERROR ").replace("posted", "could not post")
    (tmp_path / "pay.log").write_text("\n".join(lines) + "\n")
    found = investigate([tmp_path])
    assert found.onset is not None
    assert found.components[0].name == "pay"
    assert [iso(found.onset.earliest), iso(found.onset.latest)] == [
        "2026-05-01T10:20:04Z",
        "2026-05-01T10:20:05Z",
    ]
    assert found.onset.locators[0].at == 1206
    assert "in 31 of 32 stretches of 20 s, before in 0 of 61" in found.findings[0].title


def test_those_that_suffer_are_told_to_be_explained(diagnosed: Diagnosis) -> None:
    others = [c for c in diagnosed.components if c.name in ("gateway", "orders", "search")]
    assert all(
        "explained by stock" in argument.text
        for c in others
        for argument in c.arguments
        if argument.sign == "-"
    )


def test_the_same_evidence_gives_the_same_bytes(
    diagnosed: Diagnosis, broken_shop: Path, healthy_shop: Path
) -> None:
    assert said(investigate([broken_shop], baseline=[healthy_shop])) == said(diagnosed)


def test_how_the_evidence_is_packed_does_not_matter(
    diagnosed: Diagnosis, broken_shop: Path, healthy_shop: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "bundle.tar.xz"
    with tarfile.open(packed, "w:xz") as archive:
        for part in sorted(broken_shop.rglob("*"), reverse=True):
            if part.is_file():
                archive.add(part, f"bundle/{part.relative_to(broken_shop)}")
    parts = [healthy_shop / name for name in ("metrics", "traces", "logs")]
    other = investigate([packed], baseline=parts)
    assert [(c.name, round(c.score, 6)) for c in other.components] == [
        (c.name, round(c.score, 6)) for c in diagnosed.components
    ]
    assert other.onset is not None
    assert diagnosed.onset is not None
    assert (other.onset.earliest, other.onset.latest) == (diagnosed.onset.earliest, diagnosed.onset.latest)


def test_evidence_beside_itself_is_nothing_abnormal(healthy_shop: Path) -> None:
    diagnosis = investigate([healthy_shop], baseline=[healthy_shop])
    assert diagnosis.verdict == "nothing_abnormal"
    assert diagnosis.components == ()
    assert diagnosis.onset is None


def test_the_reading_can_be_watched_and_stopped(broken_shop: Path) -> None:
    steps: list[Progress] = []
    investigate([broken_shop], progress=steps.append)
    assert steps[-1].done == steps[-1].total > 0

    def stop(step: Progress) -> None:
        if step.done:
            raise Cancelled

    with pytest.raises(Cancelled):
        investigate([broken_shop], progress=stop)


def test_the_evidence_may_be_kept(broken_shop: Path, tmp_path: Path) -> None:
    diagnosis = investigate([broken_shop], keep=tmp_path)
    for artefact in diagnosis.artefacts:
        assert (tmp_path / f"{artefact.id}.data").stat().st_size == artefact.size
    assert list(tmp_path.glob("*.template.npy"))


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        investigate([tmp_path / "none"])


# The real incidents: injected faults on a running railway booking service, with their labels.

Read = list[tuple[Opened, Reading]]


@pytest.fixture(scope="session")
def read_incidents(
    incidents: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[dict[str, Any], Diagnosis]]:
    """Every incident with its diagnosis; each bundle and baseline is read once."""
    rows = json.loads((incidents / "labels.json").read_text())["incidents"]
    found: dict[str, Read] = {}
    spools = tmp_path_factory.mktemp("spools")
    with cage.start(cage.Cage(readable=(spools, incidents), writable=(spools,))) as readers:
        for path in sorted({row[side] for row in rows for side in ("bundle", "baseline")}):
            with tempfile.TemporaryDirectory(dir=spools) as folder:
                prefix = "B" if "baseline" in path else "A"
                bundle = open_bundle([incidents / path], Path(folder), prefix=prefix)
                found[path] = list(zip(bundle.opened, readers.read(bundle.opened), strict=True))
    return {row["case"]: (row, conclude(found[row["bundle"]], found[row["baseline"]])) for row in rows}


Answers = dict[str, tuple[dict[str, Any], Diagnosis]]


def test_real_faults_are_laid_at_the_right_component(read_incidents: Answers) -> None:
    wrong = []
    for case, (row, diagnosis) in read_incidents.items():
        names = [candidate.name for candidate in diagnosis.components]
        scores = [candidate.score for candidate in diagnosis.components]
        if names[:1] != [row["component"]] or scores.count(scores[0]) > 1:
            wrong.append((case, row["component"], names[:3]))
    assert len(wrong) <= 0.05 * len(read_incidents), wrong


def test_every_real_fault_is_among_the_first_three(read_incidents: Answers) -> None:
    for row, diagnosis in read_incidents.values():
        assert row["component"] in [candidate.name for candidate in diagnosis.components[:3]]


def test_high_certainty_is_earned(read_incidents: Answers) -> None:
    sure = [(row, d) for row, d in read_incidents.values() if d.certainty == "high"]
    assert len(sure) >= len(read_incidents) / 2
    right = sum(d.components[0].name == row["component"] for row, d in sure)
    assert right >= 0.95 * len(sure)


def test_whatever_argues_can_be_looked_up(read_incidents: Answers) -> None:
    for _, diagnosis in read_incidents.values():
        sizes = {artefact.id: artefact.records for artefact in diagnosis.artefacts}
        findings = {finding.id: finding for finding in diagnosis.findings}
        assert len(findings) == len(diagnosis.findings)
        for candidate in diagnosis.components:
            for argument in candidate.arguments:
                assert findings[argument.finding].locators, argument
        for finding in diagnosis.findings:
            for locator in finding.locators:
                assert locator.artefact in sizes
                if locator.place in ("line", "sample"):
                    assert 1 <= int(locator.at) <= sizes[locator.artefact] + 2, finding  # two torn lines


def test_every_rule_is_in_the_table(read_incidents: Answers, diagnosed: Diagnosis) -> None:
    told = {rule.id: rule for rule in COMPARING}
    for diagnosis in [diagnosed, *(d for _, d in read_incidents.values())]:
        for finding in diagnosis.findings:
            assert finding.rule in RULES
            if finding.rule in told:
                assert set(told[finding.rule].data) <= set(finding.data)


def test_real_answers_fit_the_schema(read_incidents: Answers) -> None:
    keys = {
        "schema",
        "onset",
        "artefacts",
        "findings",
        "components",
        "domains",
        "timeline",
        "coverage",
        "next",
    }
    for _, diagnosis in read_incidents.values():
        public = json.loads(said(replace(diagnosis)))
        assert keys <= set(public)
        assert public["schema"] == 1
        for candidate in public["components"]:
            assert 0 <= candidate["score"] <= 1
            assert set(candidate["reasons"]) <= {finding["id"] for finding in public["findings"]}
        times = [moment["time"] for moment in public["timeline"]]
        assert all(time.endswith("Z") for time in times)
