"""A policy is data with versions: it holds from the moment it is published, and a broken one never does."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.clocks.schedule import BusinessCalendar
from holdfast.desk.outbox.models import Event
from holdfast.desk.policies.commands import Overtaken, publish
from holdfast.desk.policies.comparing import compare
from holdfast.desk.policies.kind import PolicyKind, all_kinds
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.queries import all_current, at_version, current
from holdfast.desk.policies.reading import Unusable, read

BERLIN = """title: Berlin office
zone: Europe/Berlin
hours:
  monday: [09:00-12:00, 13:00-17:30]
holidays:
  country: DE
  subdivision: BE
"""


def faults(text):
    with pytest.raises(Unusable) as caught:
        read(BusinessCalendar, text)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.kind)
def test_what_is_shipped_can_be_used(kind):
    assert kind.shipped()
    for text in kind.shipped().values():
        read(kind, text)


def test_two_kinds_of_one_name_are_an_error():
    with pytest.raises(ValueError, match="business-calendar"):
        type("Again", (PolicyKind,), {"kind": "business-calendar"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BERLIN.replace("Europe/Berlin", "Europe/Berlim"), "line 2: zone: 'Europe/Berlim' is no time zone"),
        (BERLIN.replace("13:00", "11:00"), "line 4: the hours of monday overlap"),
        (BERLIN.replace("09:00-12:00", "12:00-09:00"), "line 4: hours.monday.0: 12:00-09:00: ends before"),
        (BERLIN.replace("BE", "ZZ"), "line 6: "),
        (BERLIN + "  closed: [2026-12-24]\n  worked: [2026-12-24]\n", "line 9: 2026-12-24 is both"),
        (BERLIN + "colour: red\n", "line 8: colour: this kind of policy knows no such word"),
        (BERLIN + "title: Twice\n", "line 8: title is written twice"),
        ("title: [unclosed", "line 1: "),
        ("title: &a x\nzone: *a\n", "line 1: anchors, aliases and tags"),
        ("!!python/object:os.system {}", "line 1: anchors, aliases and tags"),
        ("", "nothing in it"),
        ("[" * 500, ""),
        ("a: " + "[" * 40 + "]" * 40, "nested too deeply"),
        ("- x", "line 1: "),
        ("? [a]\n: b\n", "a key is a word or a number"),
    ],
)
def test_a_fault_is_named_with_its_line_and_reason(text, fault):
    assert any(fault in one for one in faults(text)), faults(text)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), st.integers(0, len(BERLIN)).map(lambda n: BERLIN[:n])))
def test_whatever_is_written_is_a_policy_or_has_faults(text):
    found: list[object] = []
    try:
        found = [read(BusinessCalendar, text)]
    except Unusable as unusable:
        found = list(unusable.faults)
    assert found


def test_times_of_day_and_dates_stay_text():
    assert (
        read(BusinessCalendar, BERLIN.replace("09:00-12:00", "10:00-12:00")).hours["monday"][0]
        == "10:00-12:00"
    )


@pytest.mark.django_db
def test_the_shipped_one_holds_until_one_is_published(organisation, lead):
    assert current(BusinessCalendar, organisation).version == 0
    publish(BusinessCalendar, organisation, BERLIN, by=lead, why="we work in Berlin")
    held = current(BusinessCalendar, organisation)
    assert (held.version, held.value.zone, held.by) == (1, "Europe/Berlin", lead.title)
    assert at_version(BusinessCalendar, organisation, 0).value.zone == "UTC"
    assert set(all_current(BusinessCalendar, organisation)) == {"always", "default"}
    assert Event.objects.filter(kind="policy.published").get().data["version"] == 1


@pytest.mark.django_db
def test_another_organisation_is_not_touched(organisation, lead, stranger):
    publish(BusinessCalendar, organisation, BERLIN, by=lead, why="we work in Berlin")
    assert current(BusinessCalendar, stranger.standing[0].organisation).version == 0


@pytest.mark.django_db
def test_a_broken_policy_is_not_published(organisation, lead):
    with pytest.raises(Unusable, match="line 4: the hours of monday overlap"):
        publish(BusinessCalendar, organisation, BERLIN.replace("13:00", "11:00"), by=lead, why="x")
    with pytest.raises(Unusable, match="say why"):
        publish(BusinessCalendar, organisation, BERLIN, by=lead, why=" ")
    assert Version.objects.count() == 0


@pytest.mark.django_db
def test_of_two_who_edit_at_once_the_second_is_told(organisation, lead, admin):
    publish(BusinessCalendar, organisation, BERLIN, by=lead, why="Berlin", after=0)
    with pytest.raises(Overtaken, match="version 1"):
        publish(
            BusinessCalendar, organisation, BERLIN.replace("17:30", "18:00"), by=admin, why="late", after=0
        )


@pytest.mark.django_db
def test_the_same_text_again_is_the_same_version(organisation, lead):
    first = publish(BusinessCalendar, organisation, BERLIN, by=lead, why="Berlin")
    assert publish(BusinessCalendar, organisation, BERLIN + "\n\n", by=lead, why="again") == first


@pytest.mark.django_db
def test_who_may_not_publish_does_not(organisation, engineer):
    with pytest.raises(PermissionDenied):
        publish(BusinessCalendar, organisation, BERLIN, by=engineer, why="Berlin")


@pytest.mark.django_db
@pytest.mark.parametrize("deed", ["update", "delete"])
def test_the_database_refuses_to_change_a_version(organisation, lead, deed):
    publish(BusinessCalendar, organisation, BERLIN, by=lead, why="Berlin")
    rows = Version.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(why="other") if deed == "update" else rows._raw_delete(rows.db)


def test_a_comparison_shows_what_changed():
    assert [
        (line.sign, line.text) for line in compare("a\nb\n", "a\nc\n") if line.sign in "+-" and line.sign
    ] == [
        ("-", "b"),
        ("+", "c"),
    ]


ADDRESS = "/policies/business-calendar/default"


@pytest.mark.django_db
def test_the_page_publishes_and_shows_what_changed(organisation, lead, signed_in):
    browser = signed_in(lead)
    assert browser.post(ADDRESS, {"text": BERLIN, "why": "Berlin", "after": "0"}).status_code == 302
    page = browser.get(ADDRESS, {"version": "1", "against": "0"}).content.decode()
    assert "Europe/Berlin" in page
    assert 'class="minus"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "text", "status"), [("0", "zone: x", 400), ("7", BERLIN, 409)])
def test_a_refused_text_is_shown_again(organisation, lead, signed_in, after, text, status):
    answer = signed_in(lead).post(ADDRESS, {"text": text + "# mine", "why": "because", "after": after})
    assert answer.status_code == status
    assert b"# mine" in answer.content
    assert b"Not published" in answer.content


@pytest.mark.django_db
def test_the_api_checks_and_publishes(organisation, lead, signed_in):
    def post(address, **body):
        return signed_in(lead).post(f"/api/v1{address}", body, content_type="application/json")

    checked = post(f"{ADDRESS}/check", text=BERLIN.replace("13:00", "11:00")).json()
    assert checked == {"usable": False, "faults": [{"line": 4, "reason": "the hours of monday overlap"}]}
    assert post(ADDRESS, text="zone: x", why="y").json()["error"]["code"] == "unusable_policy"
    assert post(ADDRESS, text=BERLIN, why="Berlin", after=0).json()["version"] == 1
    assert post(ADDRESS, text=BERLIN + "# x", why="Berlin", after=0).status_code == 409
