"""A time is kept whatever zone it was written in, as the moment it means."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from holdfast.desk.cases.models import Case
from holdfast.desk.people.moments import in_utc


@pytest.mark.parametrize("offset", ["+16:00", "-23:59", "+23:59:59.999999"])
def test_a_zone_further_from_utc_than_a_database_takes_is_kept_as_its_moment(offset: str) -> None:
    written = datetime.fromisoformat(f"2026-03-01T10:56:00{offset}")

    assert in_utc(written) == written
    assert in_utc(written).tzinfo is UTC


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+16:00", "9999-12-31T23:59:59-16:00"])
def test_a_moment_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="out of the calendar"):
        in_utc(datetime.fromisoformat(text))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "status"), [("2026-03-01T10:56:00+16:00", 201), ("0001-01-01T00:00:00+16:00", 422)]
)
def test_a_case_is_declared_with_it_or_refused(engineer, signed_in, text, status) -> None:
    said = {"title": "Search fails", "severity": 1, "reported_at": text}
    answer = signed_in(engineer).post("/api/v1/cases", json.dumps(said), "application/json")

    assert answer.status_code == status
    if status == 201:
        assert Case.objects.get().reported_at == datetime(2026, 2, 28, 18, 56, tzinfo=UTC)
