"""Cases hang together; a link shows nobody a case they may not see; a merge can be taken back."""

from __future__ import annotations

import random

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied

from holdfast.desk.cases import commands
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.closure.hygiene import untidy
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.models import Measure
from holdfast.desk.links.commands import end_link, link, link_outside
from holdfast.desk.links.merging import merge, unmerge
from holdfast.desk.links.models import Link, Relation
from holdfast.desk.links.queries import links_of, other_side
from holdfast.desk.people.commands import found
from holdfast.desk.updates.telling import tell_duplicates

pytestmark = pytest.mark.django_db


def words(person, case):
    return [(one.word, one.other.key if one.other else one.link.reference) for one in links_of(person, case)]


def texts(case):
    return list(case.entries.order_by("position").values_list("text", flat=True))


@pytest.mark.parametrize("relation", list(Relation))
def test_a_link_is_seen_and_told_from_both_sides(relation, case, declare, engineer):
    other = declare("Checkout fails")
    made = link(case, relation, other, by=engineer)
    assert link(case, relation, other, by=engineer) == made
    assert words(engineer, case) == [(relation.label, "ESC-2")]
    assert [key for _, key in words(engineer, other)] == ["ESC-1"]
    for one in (case, other):
        assert texts(one)[-1].startswith("Linked. ")
        assert one.entries.count() == 2
    end_link(other, made.id, by=engineer)
    assert words(engineer, case) == words(engineer, other) == []
    assert texts(case)[-1].startswith("No longer linked")


@pytest.mark.parametrize("relation", ["parent", "duplicate_of"])
def test_no_way_leads_back_and_there_is_one_upwards(relation, case, declare, engineer):
    second, third = declare("two"), declare("three")
    link(case, relation, second, by=engineer)
    link(second, relation, third, by=engineer)
    for one in (case, second):
        with pytest.raises(Conflict, match="circle"):
            link(third, relation, one, by=engineer)
    with pytest.raises(Conflict, match="already"):
        link(case, relation, third, by=engineer)
    with pytest.raises(Conflict, match="itself"):
        link(case, relation, case, by=engineer)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_linked_nobody_is_above_themselves(seed, declare, engineer):
    dice, cases = random.Random(seed), [declare(f"case {n}") for n in range(6)]
    refused = 0
    for _ in range(25):
        one, other = dice.sample(cases, 2)
        try:
            link(one, "parent", other, by=engineer)
        except Conflict:
            refused += 1
    above = dict(Link.objects.filter(relation="parent").values_list("case_id", "other_id"))
    assert above
    assert refused
    for start in above:
        at, steps = start, 0
        while at in above:
            at, steps = above[at], steps + 1
            assert steps <= len(cases)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://changes.example/CHG-7", "https://changes.example/CHG-7"),
        ("javascript:alert(1)", ""),
        ("//changes.example", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_something_outside_is_named_and_only_a_safe_address_is_a_link(
    url, address, case, engineer, signed_in
):
    made = link_outside(case, "change", "CHG-7", by=engineer, url=url)
    assert link_outside(case, "change", "CHG-7", by=engineer) == made
    assert made.address == address
    page = signed_in(engineer).get("/cases/ESC-1/").content.decode()
    assert "CHG-7" in page
    assert ('href="javascript' in page, f'href="{address}"' in page) == (False, bool(address))
    with pytest.raises(Conflict, match="only incident, problem, change"):
        link_outside(case, "parent", "P-1", by=engineer)
    with pytest.raises(Conflict, match="up to 120"):
        link_outside(case, "change", "x" * 121, by=engineer)


def test_a_link_reveals_no_case_somebody_may_not_see(case, declare, engineer, developer, customer, signed_in):
    other = declare("The secret takeover")
    commands.join(case, developer, "reads the change", by=engineer)
    made = link(case, "caused_by", other, by=engineer)
    assert words(developer, case) == []
    with pytest.raises(ObjectDoesNotExist):
        other_side(developer, case, made.id)
    browser = signed_in(developer)
    for address in ("/cases/ESC-1/", "/api/v1/cases/ESC-1/links", "/api/v1/cases/ESC-1/timeline"):
        told = browser.get(address).content.decode()
        assert "ESC-2" not in told
        assert "takeover" not in told
    said = {"relation": "parent", "to": "ESC-2"}
    mine = browser.post("/api/v1/cases/ESC-1/links", said, content_type="application/json")
    none = browser.post("/api/v1/cases/ESC-1/links", said | {"to": "ESC-7"}, content_type="application/json")
    assert mine.status_code == none.status_code == 409
    assert mine.json()["error"]["message"].replace("ESC-2", "ESC-7") == none.json()["error"]["message"]
    assert signed_in(customer).get("/api/v1/cases/ESC-1/links").status_code == 403


def test_a_link_needs_the_right_on_both_cases(case, engineer, stranger):
    said = commands.Escalation(title="theirs", severity=3)
    theirs = commands.declare(found("Elsewhere", "ELS"), said, by=stranger, source="test").case
    with pytest.raises(ObjectDoesNotExist):
        link(case, "caused_by", theirs, by=engineer)


def test_a_merge_stops_the_clocks_and_taking_it_back_starts_them_where_they_were(case, declare, engineer):
    survivor = declare("The one that goes on")
    commands.change_state(case, "waiting", by=engineer)
    before = {clock.rule.name: clock.used for clock in clocks_of(case)}
    merge(case, survivor, by=engineer, reason="the same stack")
    case = Case.objects.select_related("organisation", "customer").get(id=case.id)
    assert (case.state, case.open, case.next_due_at, case.attention_at) == ("merged", False, None, None)
    clocks = clocks_of(case)
    assert not [clock for clock in clocks if clock.runs]
    assert {clock.intervals[-1].reason for clock in clocks if clock.status == "ended"} == {
        "merged into another case"
    }
    assert not Measure.objects.filter(case=case, figure="time-to-resolution").exists()
    for deed in (
        lambda: commands.change_state(case, "diagnosing", by=engineer),
        lambda: commands.acknowledge(case, by=engineer),
        lambda: end_link(case, Link.objects.get().id, by=engineer),
    ):
        with pytest.raises(Conflict, match="merge"):
            deed()
    unmerge(case, by=engineer, reason="another stack after all")
    case = Case.objects.select_related("organisation", "customer").get(id=case.id)
    assert (case.state, case.closed_at) == ("waiting", None)
    again = {clock.rule.name: clock for clock in clocks_of(case)}
    assert {name for name, clock in again.items() if clock.runs} == set(before)
    for clock in again.values():
        assert "merged into another case" in [one.reason for one in clock.intervals]
    assert not links_of(engineer, case)
    assert texts(survivor)[-2:] == [
        "A duplicate was merged into this case: the same stack",
        "A duplicate is no longer merged into this case: another stack after all",
    ]
    assert all_figures()["time-to-resolution"].version == 2


def test_a_merge_into_what_is_merged_or_of_what_is_resolved_is_refused(case, declare, engineer):
    second, third = declare("two"), declare("three")
    merge(case, second, by=engineer, reason="same")
    assert merge(case, second, by=engineer, reason="same").merges
    with pytest.raises(Conflict, match="merged itself"):
        merge(third, case, by=engineer, reason="same")
    commands.change_state(third, "resolved", by=engineer)
    with pytest.raises(Conflict, match="only an open case"):
        merge(third, second, by=engineer, reason="same")
    with pytest.raises(Conflict, match="not merged"):
        unmerge(third, by=engineer, reason="other")
    with pytest.raises(Conflict, match="nothing in it"):
        merge(third, second, by=engineer, reason=" ")


def test_the_customer_of_a_duplicate_still_gets_an_answer(case, declare, engineer, team_mate, customer):
    survivor = declare("The one that goes on")
    commands.assign(survivor, team_mate, by=engineer)
    merge(case, survivor, by=engineer, reason="the same stack")
    shared = list(case.entries.filter(shared=True).order_by("position").values_list("text", flat=True))
    assert "write here as before" in shared[-1]
    commands.comment(case, "Is there any news?", by=customer)
    assert "Answer them on ESC-1" in Notice.objects.get(person=team_mate).text
    commands.change_state(survivor, "resolved", by=engineer)
    names = [check.name for check in untidy(Case.objects.get(id=survivor.id))]
    assert "duplicates-untold" in names
    tell_duplicates(survivor, "It works again.", by=engineer)
    assert "It works again." in case.entries.filter(kind="update", shared=True).get().text
    names = [check.name for check in untidy(Case.objects.get(id=survivor.id))]
    assert "duplicates-untold" not in names
    with pytest.raises(Conflict, match="merged into"):
        tell_duplicates(case, "It works again.", by=engineer)


def test_who_may_not_move_a_case_merges_none(case, declare, engineer, developer):
    commands.join(case, developer, "helps", by=engineer)
    second = declare("two")
    commands.join(second, developer, "helps", by=engineer)
    with pytest.raises(PermissionDenied):
        merge(case, second, by=developer, reason="same")
    assert Case.objects.filter(state="merged").count() == 0
    assert not Link.objects.exists()


def test_the_page_links_merges_and_takes_it_back(case, declare, engineer, signed_in):
    declare("two")
    browser = signed_in(engineer)
    browser.post("/cases/ESC-1/links", {"relation": "parent", "to": "esc-2"})
    assert "Child" in browser.get("/cases/ESC-2/").content.decode()
    page = browser.post("/cases/ESC-1/links", {"relation": "parent", "to": "ESC-9"}, follow=True)
    assert "no case" in page.content.decode()
    browser.post("/cases/ESC-1/merge", {"into": "ESC-2", "reason": "one cause"})
    page = browser.get("/cases/ESC-1/").content.decode()
    assert "goes on there" in page
    assert "the other case" in page
    assert "merged into another case" in browser.get("/cases/ESC-1/clocks").content.decode()
    browser.post("/cases/ESC-1/unmerge", {"reason": "two causes"})
    assert "goes on there" not in browser.get("/cases/ESC-1/").content.decode()
