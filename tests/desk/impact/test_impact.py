"""How large it is, in numbers that say where they come from; what the customer does not allow, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.impact.commands import Counted, constrain, count, lift
from holdfast.desk.impact.models import Number
from holdfast.desk.impact.queries import constraints, numbers
from holdfast.desk.investigation.commands import keep

pytestmark = pytest.mark.django_db
ONSET = datetime(2023, 1, 29, 10, 56, tzinfo=UTC)


def last(case):
    return case.entries.order_by("-position").first()


def test_a_number_has_its_source_and_what_held_before_stays(case, engineer):
    count(case, Counted("users", 1240, "customer", whole=5000, since=ONSET), by=engineer)
    count(case, Counted("users", 1240, "customer", whole=5000, since=ONSET), by=engineer)
    assert case.entries.count() == 2
    count(case, Counted("users", 2000, "#1"), by=engineer)
    assert (last(case).data["from"], last(case).data["to"]) == (
        "1\u202f240 of 5\u202f000 users",
        "2\u202f000 users",
    )
    assert last(case).data["source"] == "entry 1"
    assert [str(one) for one in numbers(case)] == ["2\u202f000 users"]
    assert Number.objects.count() == 2


def test_numbers_stand_in_their_order_and_cite_the_evidence(case, engineer, diagnosis):
    keep(case, diagnosis, artefacts=[])
    count(case, Counted("money", 12_000, "customer", unit="EUR"), by=engineer)
    count(case, Counted("requests", 7, "F-01", whole=31), by=engineer)
    count(case, Counted("tenants", 3, "route.log:54"), by=engineer)
    assert [str(one) for one in numbers(case)] == [
        "7 of 31 requests failed",
        "12\u202f000\u00a0EUR an hour",
        "3 tenants",
    ]
    assert [one.source for one in numbers(case)] == ["F-01", "said by the customer", "route.log:54"]
    assert last(case).data["places"][0]["at"] == "54"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Counted("planets", 1, "customer"), "are counted"),
        (Counted("users", -1, "customer"), "whole number"),
        (Counted("users", 10**16, "customer"), "whole number"),
        (Counted("users", 7, "customer", whole=6), "cannot be"),
        (Counted("money", 7, "customer"), "currency"),
        (Counted("money", 7, "customer", unit="EUR", whole=9), "no whole"),
        (Counted("users", 7, "customer", unit="EUR"), "currency"),
        (Counted("users", 7, " "), "where it comes from"),
        (Counted("users", 7, "#99"), "no entry"),
        (Counted("users", 7, "#x"), "no entry"),
        (Counted("users", 7, "F-77"), "neither a finding"),
        (Counted("users", 7, "customer", since=datetime(2023, 1, 1)), "no zone"),  # noqa: DTZ001
        (Counted("users", 7, "customer", since=timezone.now() + timedelta(days=1)), "still to come"),
    ],
)
def test_what_cannot_be_is_refused(said, reason, case, engineer):
    with pytest.raises(Conflict, match=reason):
        count(case, said, by=engineer)
    assert not Number.objects.exists()


def test_a_constraint_ends_by_its_time_or_is_lifted(case, engineer):
    constrain(case, "data stays in the EU", by=engineer)
    soon = timezone.now() + timedelta(hours=1)
    constrain(case, "no restart before 18:00", by=engineer, until=soon)
    constrain(case, "no restart before 18:00", by=engineer, until=soon)
    over = constrain(case, "no calls at night", by=engineer, until=timezone.now() - timedelta(hours=1))
    assert [one.text for one in constraints(case)] == [
        "no calls at night",
        "no restart before 18:00",
        "data stays in the EU",
    ]
    assert (over.over, constraints(case)[1].over) == (True, False)
    lift(case, 1, by=engineer, reason="the customer moved")
    lift(case, 1, by=engineer, reason="again")
    assert (last(case).data["from"], last(case).data["to"]) == ("data stays in the EU", "lifted")
    assert len(constraints(case)) == 2
    with pytest.raises(Conflict, match="400"):
        constrain(case, "x" * 401, by=engineer)
    with pytest.raises(Conflict, match="no zone"):
        constrain(case, "x", by=engineer, until=datetime(2023, 1, 1))  # noqa: DTZ001


def test_the_case_page_shows_both_on_top(case, engineer, customer, signed_in, diagnosis):
    keep(case, diagnosis, artefacts=[])
    browser = signed_in(engineer)
    said = {
        "what": "users",
        "number": "1 240",
        "whole": "",
        "source": "F-01",
        "since": "2023-01-29T10:56:00Z",
    }
    browser.post("/cases/ESC-1/impact/numbers", said)
    browser.post("/cases/ESC-1/constraints", {"text": "no restart before 18:00"})
    page = browser.get("/cases/ESC-1/").content.decode()
    top = page[: page.index("Components, ranked")]
    assert "1\u202f240 users" in top
    assert "no restart before 18:00" in top
    browser.post("/cases/ESC-1/constraints/1/lift", {"reason": "the window is open"})
    assert "no restart" not in browser.get("/cases/ESC-1/").content.decode().partition('id="timeline"')[0]
    refused = browser.post("/cases/ESC-1/impact/numbers", said | {"number": "many"}, follow=True)
    assert "no whole number" in refused.content.decode()
    assert "users" not in signed_in(customer).get("/cases/ESC-1/").content.decode()
