"""Fixes are followed to the version each customer runs, over all cases with the defect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.engineering import fixes, outcomes
from holdfast.desk.engineering.fixes import Built, Where
from holdfast.desk.engineering.models import Affected, Ticket
from holdfast.desk.engineering.queries import defects, matrix, offered
from holdfast.desk.engineering.versions import Build, fix_for, has_fix, numbers, within
from holdfast.desk.links.commands import link
from holdfast.desk.response.mitigations import Proposal, judge, start
from holdfast.desk.response.mitigations import propose as propose_mitigation
from holdfast.desk.triage.commands import set_scope

pytestmark = pytest.mark.django_db
ANY = st.lists(st.integers(0, 40), min_size=1, max_size=4)


def dotted(parts: list[int]) -> str:
    return ".".join(map(str, parts))


@pytest.mark.parametrize(
    ("version", "fix", "line", "expected"),
    [
        ("1.0.2", "1.0.3", "1.0", False),
        ("1.0.3", "1.0.3", "1.0", True),
        ("v1.0.10", "1.0.3", "1.0.x", True),
        ("1.1.0", "1.0.3", "1.0", False),  # the next line has no fix of its own
        ("1.1.0", "1.0.3", "", True),
        ("1.0", "1.0.0", "", True),
        ("1.0.3-rc1", "1.0.3", "", False),
        ("1.0.3.post1", "1.0.3", "", True),
        ("1.0.3-build6", "1.0.3-build7", "", None),
        ("1.0.3-build7", "1.0.3-build7", "", True),
        ("1.0.4-build1", "1.0.3-build7", "", True),
        ("blue", "1.0.3", "", None),
        ("blue", "blue", "", True),
        ("", "1.0.3", "", None),
        ("2025.11", "2025.9", "", True),
    ],
)
def test_whether_a_version_has_a_fix(version: str, fix: str, line: str, expected: bool | None) -> None:
    assert has_fix(version, [Build(fix, line)]) is expected


@given(ANY, ANY)
def test_versions_are_ordered_like_their_numbers(one: list[int], two: list[int]) -> None:
    mine, fixed = numbers(dotted(one)), numbers(dotted(two))
    assert mine is not None
    assert fixed is not None
    assert has_fix(dotted(one), [Build(dotted(two))]) is (mine >= fixed)
    assert has_fix(dotted(one), [Build(dotted(one))]) is True


@given(ANY, st.integers(1, 3))
def test_a_version_is_within_its_own_lines_and_no_fix_leaves_its_line(parts: list[int], length: int) -> None:
    line = dotted([*parts, 0, 0, 0][:length])
    assert within(dotted(parts), line)
    other = dotted([parts[0] + 1])
    assert not within(other, dotted(parts[:1]))
    assert has_fix(other, [Build(dotted(parts), dotted(parts[:1]))]) is False


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=10))
def test_any_text_can_be_a_version(version: str, fix: str, line: str) -> None:
    assert has_fix(version, [Build(fix, line)]) in (True, False, None)
    assert fix_for(version, []) is None


def stands(person: Any, ticket: Ticket) -> dict[str, str]:
    ticket = Ticket.objects.prefetch_related("fixes").get(id=ticket.id)
    return {row.row.name: row.stands for row in matrix(person, [ticket])}


def row_of(name: str) -> Affected:
    return Affected.objects.select_related("ticket", "case__organisation").get(name=name)


@pytest.fixture
def two(filed: Ticket, declare: Any, engineer: Any) -> Any:
    """Another case with the same defect, and customers on another line of versions."""
    other = declare("Search fails too")
    set_scope(other, {"customers": ["Southline", "Eastline"], "versions": ["1.1.0"]}, by=engineer)
    outcomes.share(filed, other, by=engineer)
    return other


def test_a_fix_is_followed_from_no_fix_to_verified_at_each_customer(
    known: Any, filed: Ticket, two: Any, engineer: Any, developer: Any
) -> None:
    assert stands(engineer, filed) == dict.fromkeys(["Northline Rail", "Southline", "Eastline"], "no fix yet")

    fixes.fix(filed, Built("1.0.3", "1.0", "b-77"), by=developer)
    assert Ticket.objects.get(id=filed.id).state == "fixed"
    assert stands(engineer, filed) == {
        "Northline Rail": "fix is built",
        "Southline": "no fix yet",
        "Eastline": "no fix yet",
    }
    fixes.fix(filed, Built("1.0.3", "1.0", released_at=timezone.now()), by=developer)
    assert stands(engineer, filed)["Northline Rail"] == "fix is out"
    fixes.fix(filed, Built("1.2.0", released_at=timezone.now()), by=engineer)
    assert stands(engineer, filed)["Southline"] == "fix is out"

    north = row_of("Northline Rail")
    fixes.tell(north, "U-3", by=engineer)
    fixes.place(north, Where(version="1.0.3"), by=engineer)
    assert stands(engineer, filed)["Northline Rail"] == "has the fix"
    fixes.verify(north, "40 of 40 searches, by phone", by=engineer)
    assert stands(engineer, filed)["Northline Rail"] == "verified"
    fixes.place(row_of("Eastline"), Where(affected="no"), by=engineer)
    assert stands(engineer, filed)["Eastline"] == "not affected"
    assert [row.row.name for row in defects(engineer)] == ["Southline"]
    assert len(defects(engineer, everything=True)) == 3
    assert [row.row.name for row in defects(engineer, customer="north", everything=True)] == [
        "Northline Rail"
    ]

    fixes.place(row_of("Northline Rail"), Where(version="1.0.2"), by=engineer)  # rolled back there
    assert stands(engineer, filed)["Northline Rail"] == "fix is out"
    told = [
        entry.text for entry in known.entries.filter(data__customer="Northline Rail").order_by("position")
    ]
    assert told == [
        "Northline Rail was told that ENG-1 is fixed: U-3",
        "Northline Rail, ENG-1: runs 1.0.3, before 1.0.2",
        "Northline Rail: ENG-1 is fixed there in 1.0.3, 40 of 40 searches, by phone",
        "Northline Rail, ENG-1: runs 1.0.2, before 1.0.3",
    ]


def test_a_row_shows_the_build_to_install_and_the_workaround_that_holds(
    known: Any, filed: Ticket, engineer: Any, developer: Any
) -> None:
    held = propose_mitigation(known, Proposal("flag", "batch lookup off"), by=engineer)
    judge(start(held, by=engineer), held=True, observed="lines are back", by=engineer)
    for version, line in (("2.0.0", ""), ("1.0.3", "1.0")):
        fixes.fix(filed, Built(version, line, released_at=timezone.now()), by=developer)
    row = defects(engineer)[0]
    assert (row.install, row.workaround) == ("1.0.3", "M-1: batch lookup off")


def test_another_case_with_the_defect_hears_what_becomes_of_it(
    filed: Ticket, two: Any, engineer: Any, developer: Any
) -> None:
    assert two.entries.filter(data__ticketed=True).count() == 1
    outcomes.answer_for_owner(filed, "accepted", "", by=developer)
    last = two.entries.latest("position")
    assert (last.kind, last.data["outcome"], last.data["shared_ticket"]) == ("fact", "accepted", "ENG-1")
    assert outcomes.share(filed, two, by=engineer).ticket == filed  # twice is once
    assert two.entries.filter(data__ticketed=True).count() == 1
    with pytest.raises(Conflict, match="already"):
        outcomes.share(filed, filed.case, by=engineer)


def test_nobody_sees_customers_of_cases_they_may_not_see(
    filed: Ticket, two: Any, engineer: Any, developer: Any, stranger: Any, customer: Any
) -> None:
    from holdfast.desk.cases.commands import join

    assert stands(developer, filed) == {}
    join(two, developer, "reads the change", by=engineer)
    fresh = type(developer).objects.get(id=developer.id)
    assert set(stands(fresh, filed)) == {"Southline", "Eastline", "Northline Rail"} - {
        filed.case.customer.name
    }
    for person in (stranger, customer):
        assert defects(person, everything=True) == []
        with pytest.raises(Affected.DoesNotExist):
            fixes.customer_of(person, row_of("Southline").id)


def test_cases_that_may_have_the_defect_are_offered(
    known: Any, filed: Ticket, declare: Any, engineer: Any
) -> None:
    linked, near, far = declare("linked"), declare("near"), declare("far")
    link(linked, "duplicate_of", known, by=engineer)
    type(near).objects.filter(id=near.id).update(component="route")
    assert {case.id for case in offered(engineer, filed)} == {linked.id, near.id}
    assert far.id not in {case.id for case in offered(engineer, filed)}


def test_what_does_not_fit_a_fix_is_refused(
    filed: Ticket, engineer: Any, developer: Any, team_mate: Any, success: Any
) -> None:
    for said, match in (
        (Built(" "), "nothing in it"),
        (Built("1.1.0", "1.0"), "no version of the line"),
        (Built("1.0.3", released_at=timezone.now().replace(tzinfo=None)), "no zone"),
    ):
        with pytest.raises(Conflict, match=match):
            fixes.fix(filed, said, by=developer)
    with pytest.raises(PermissionDenied):
        fixes.fix(filed, Built("1.0.3"), by=success)
    row = row_of("Northline Rail")
    for deed in (lambda: fixes.tell(row, "U-1", by=engineer), lambda: fixes.verify(row, "seen", by=engineer)):
        with pytest.raises(Conflict, match="no fix yet"):
            deed()
    with pytest.raises(Conflict, match="affected is"):
        fixes.place(row, Where(affected="perhaps"), by=engineer)
    fixes.fix(filed, Built("1.0.3"), by=team_mate)  # works on the case, does not speak for the owner
    assert Ticket.objects.get(id=filed.id).state == "filed"
    assert fixes.add_customer(filed, filed.case, "Northline Rail", by=engineer) == row
    later = timezone.now() + timedelta(days=1)
    assert fixes.fix(filed, Built("1.0.3", released_at=later), by=developer).released_at == later
