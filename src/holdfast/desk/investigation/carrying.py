"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.investigation.models import Diagnosis, Experiment, Hypothesis, Weighing


class Report(BaseModel, extra="allow"):
    """As much of a report as pages build on."""

    verdict: str
    certainty: str
    summary: str
    onset: dict[str, Any] | None
    artefacts: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    components: list[dict[str, Any]]
    domains: list[dict[str, Any]]
    timeline: list[dict[str, Any]]
    coverage: list[dict[str, Any]]
    next: list[dict[str, Any]]
    facts: dict[str, Any]


carries(
    Record(Diagnosis, anew=frozenset({"folder", "artefacts"}), shapes={"report": Report}),
    Record(Hypothesis),
    Record(Weighing, within="hypothesis", shapes={"locators": list[dict[str, Any]]}),
    Record(Experiment, within="hypothesis", shapes={"predictions": dict[str, str]}),
)
