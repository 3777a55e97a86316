"""F16 is told from the timeline alone."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.desk.clocks.story import Step
from holdfast.desk.insight.figure import Share, Told
from holdfast.desk.insight.figures.intake_quality import IntakeQuality

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def told(*data):
    return Told("ESC-1", "t", 2, AT, None, [Step("state", AT, one) for one in data], source="mail")


def test_a_case_not_scored_yet_says_nothing():
    assert IntakeQuality().of(told({"field": "state", "to": "new"}), AT) is None


def test_the_points_are_a_share_of_a_hundred_and_the_first_count():
    assert IntakeQuality().of(told({"intake_score": 40}, {"intake_score": 90}), AT) == Share(0.4, 1)
    assert IntakeQuality().of(told({"intake_score": 0}), AT) == Share(0.0, 1)
