"""A long clock is folded in its middle, and what is folded still adds up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from holdfast.desk.cases.clock_views import shown


def test_two_years_of_office_hours_are_told_in_a_few_rows_that_add_up(declare, signed_in, engineer):
    case = declare(severity=3, reported_at=datetime.now(UTC) - timedelta(days=700))
    page = signed_in(engineer).get(f"/cases/{case.key}/clocks")
    parts = [part for part in page.context["clocks"] if part.folded]
    assert parts, "no clock of this case is long"
    for part in parts:
        told = [*part.first, *part.folded, *part.last]
        assert told == list(part.clock.intervals)
        assert sum((one.length for one in told if one.counts), timedelta()) == part.clock.used
        assert f"{len(part.folded)} more intervals" in page.content.decode()
    whole = signed_in(engineer).get(f"/cases/{case.key}/clocks?all")
    assert not any(part.folded for part in whole.context["clocks"])
    assert whole.content.count(b"<tr>") > page.content.count(b"<tr>") + 500


def test_a_short_clock_is_told_whole(case):
    from holdfast.desk.cases.clockwork import clocks_of

    for clock in clocks_of(case):
        assert list(shown(clock, whole=False).first) == list(clock.intervals)
