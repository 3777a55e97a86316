"""F13 is told from the timeline alone."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.desk.clocks.story import Step
from holdfast.desk.insight.figure import Share, Told
from holdfast.desk.insight.figures.evidence_pack import EvidencePack

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
KNOWN = {"acknowledged": True}


def of(*data):
    told = Told("ESC-1", "t", 2, AT, None, [Step("state", AT, one) for one in data])
    return EvidencePack().of(told, AT)


def test_a_case_counts_from_its_acknowledgement_as_it_stands():
    assert of({"pack": True}) is None
    assert of(KNOWN) == Share(0, 1)
    assert of({"pack": True}, KNOWN) == Share(1, 1)
    assert of({"pack": True}, KNOWN, {"pack": False}) == Share(0, 1)


def test_a_merged_case_does_not_count():
    merged = {"field": "state", "from": "new", "to": "merged"}
    assert of({"pack": True}, KNOWN, merged) is None
