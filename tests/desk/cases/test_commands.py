"""Every deed changes the case, says so on the timeline and tells the outbox, or does nothing at all."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from holdfast.desk.cases import commands
from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.commands import Conflict, Escalation
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.outbox.models import Event

pytestmark = pytest.mark.django_db


def test_numbers_run_within_the_organisation(declare):
    assert [declare().key, declare().key] == ["ESC-1", "ESC-2"]


def test_the_same_key_makes_one_case_however_often_it_is_sent(organisation, engineer):
    said = Escalation("Search fails", 1)
    first = commands.declare(organisation, said, by=engineer, source="api", key="mail-77")
    again = commands.declare(organisation, said, by=engineer, source="api", key="mail-77")
    assert (first.created, again.created, again.case.id) == (True, False, first.case.id)
    assert Case.objects.count() == 1


def test_the_same_key_with_other_words_is_refused(organisation, engineer):
    commands.declare(organisation, Escalation("Search fails", 1), by=engineer, source="api", key="k")
    with pytest.raises(Conflict, match="ESC-1"):
        commands.declare(organisation, Escalation("Booking fails", 1), by=engineer, source="api", key="k")


def test_acknowledging_stops_the_clock_once_and_gives_an_owner(case, engineer, team_mate):
    first = commands.acknowledge(case, by=engineer)
    second = commands.acknowledge(case, by=team_mate)
    assert (first.state, first.owner, second.acknowledged_at) == (
        "diagnosing",
        engineer,
        first.acknowledged_at,
    )
    assert Entry.objects.filter(case=case).count() == 2
    assert list(Event.objects.filter(case_id=case.id).values_list("kind", flat=True)) == [
        "case.declared",
        "case.acknowledged",
    ]


def test_a_state_change_reads_from_and_to(case, engineer):
    commands.change_state(case, "waiting", by=engineer)
    entry = Entry.objects.filter(case=case).latest("position")
    assert (entry.data["from"], entry.data["to"]) == ("new", "waiting")


def test_a_state_that_cannot_be_reached_is_refused_with_those_that_can(case, engineer):
    with pytest.raises(Conflict, match="diagnosing"):
        commands.change_state(case, "closed", by=engineer)
    assert Entry.objects.filter(case=case).count() == 1


def test_resolving_takes_the_case_off_the_queue_and_reopening_puts_it_back(case, engineer):
    assert commands.change_state(case, "resolved", by=engineer).closed_at is not None
    assert commands.change_state(case, "diagnosing", by=engineer).closed_at is None


def test_a_severity_needs_a_reason(case, engineer):
    with pytest.raises(Conflict, match="why"):
        commands.raise_severity(case, 1, by=engineer, reason=" ")
    assert commands.raise_severity(case, 1, by=engineer, reason="sales path").severity == 1


def test_a_case_is_not_given_to_somebody_who_cannot_own_it(case, engineer, customer):
    with pytest.raises(Conflict, match="cannot own"):
        commands.assign(case, customer, by=engineer)


def test_what_a_role_may_not_do_leaves_no_trace(case, customer):
    with pytest.raises(PermissionDenied):
        commands.change_state(case, "waiting", by=customer)
    assert Entry.objects.filter(case=case).count() == 1


def test_who_may_not_see_the_case_is_told_that_there_is_none(case, stranger):
    with pytest.raises(Case.DoesNotExist):
        commands.comment(case, "hello", by=stranger)


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_the_database_refuses_to_change_or_remove_an_entry(case, deed):
    entries = Entry.objects.filter(case=case)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entries.update(text="nothing happened") if deed == "update" else entries._raw_delete(entries.db)


def test_the_chain_shows_what_was_tampered_with_behind_the_triggers(case, engineer):
    commands.comment(case, "one", by=engineer)
    case = Case.objects.select_related("organisation").get(id=case.id)
    assert verify(case) == ""
    entries = list(case.entries.order_by("position"))
    from holdfast.desk.cases.chain import broken

    entries[0].text = "nothing happened"
    assert broken(entries, case.key, case.entries_count, case.head) == "entry 1 was changed"
    assert "missing" in broken(entries[1:], case.key, case.entries_count, case.head)
    assert "ends at" in broken(entries[:0], case.key, case.entries_count, case.head)


def test_text_no_database_keeps_is_kept_readable_and_sealed(case, engineer):
    commands.comment(case, "a\x00b ✓ \u2028", by=engineer)
    assert verify(Case.objects.select_related("organisation").get(id=case.id)) == ""
