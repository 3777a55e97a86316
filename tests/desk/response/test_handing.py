"""A hand-over is read item by item, and until the last must-item the giver answers; what is lost is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, assign, record_fact
from holdfast.desk.cases.marks import plan
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.investigation.hypotheses import Claim
from holdfast.desk.investigation.hypotheses import propose as propose_hypothesis
from holdfast.desk.people.models import Person, Team
from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable, read
from holdfast.desk.response import telling, watching
from holdfast.desk.response.handing import (
    acknowledge,
    answer,
    hand_over,
    hand_over_of,
    items,
    question,
    reading,
    take_over,
    unread,
    withdraw,
    write,
)
from holdfast.desk.response.mitigations import Proposal, propose, start
from holdfast.desk.response.models import HandOver
from holdfast.desk.response.room import act
from holdfast.desk.response.shifts import Shifts, next_change, on_shift, proposed, turns
from holdfast.desk.response.standing import losses
from holdfast.desk.response.telling import Item, items_of

pytestmark = pytest.mark.django_db
TEXT = Shifts.shipped()["default"]


@pytest.fixture
def owned(case, engineer):
    return assign(case, engineer, by=engineer)


@pytest.fixture
def hand(owned, engineer, team_mate):
    return hand_over(owned, team_mate, timezone.now() + timedelta(minutes=30), by=engineer)


def fresh(case):
    return Case.objects.select_related("organisation", "customer", "owner").get(id=case.id)


def read_all(hand, case, by):
    for one in unread(reading(hand, fresh(case))):
        acknowledge(hand, one.key, one.text, by=by)


def test_a_hand_over_to_nobody_or_to_somebody_unfit_is_refused(
    owned, engineer, team_mate, customer, developer
):
    for to, why in (
        (None, "never handed over to nobody"),
        (engineer, "owns the case already"),
        (customer, "cannot own cases"),
        (developer, "cannot own cases"),
    ):
        with pytest.raises(Conflict, match=why):
            hand_over(owned, to, None, by=engineer)
    Person.objects.filter(id=team_mate.id).update(is_active=False)
    with pytest.raises(Conflict, match="has left"):
        hand_over(owned, Person.objects.get(id=team_mate.id), None, by=engineer)
    for at in (timezone.now() - timedelta(hours=1), timezone.now() + timedelta(days=8)):
        with pytest.raises(Conflict, match="within a week"):
            hand_over(owned, team_mate, at, by=engineer)
    assert not HandOver.objects.exists()


def test_only_the_owner_or_a_lead_hands_over_and_only_once(case, engineer, team_mate, lead):
    with pytest.raises(Conflict, match="nobody owns the case"):
        hand_over(case, team_mate, None, by=engineer)
    owned = assign(case, engineer, by=engineer)
    with pytest.raises(Conflict, match="engineer owns the case and hands it over"):
        hand_over(owned, team_mate, None, by=team_mate)
    hand_over(owned, team_mate, None, by=lead)
    with pytest.raises(Conflict, match="HO-1 to team_mate is being read"):
        hand_over(owned, lead, None, by=engineer)


def test_it_says_what_the_case_knows(owned, engineer, lead):
    plan(owned, "read the registry dump", by=engineer, blocked_on="the customer's dump")
    propose_hypothesis(owned, Claim("batch lookup stops", "b", "c"), by=engineer)
    act(owned, engineer, "watch line 53", 30, by=engineer)
    start(propose(owned, Proposal("flag", "off in eu-1"), by=engineer), by=engineer)
    propose(owned, Proposal("rollback", "to 4.2"), by=engineer)
    said = {item.title: item for item in items_of(fresh(owned))}
    assert said.keys() >= {
        "Broken now", "Next clock", "Open hypothesis", "Running", "Temporary fix", "Decision", "Waiting for",
        "Next step",
    }  # fmt: skip
    assert said["Temporary fix"].proof == "M-1"
    assert "rollback: to 4.2" in said["Decision"].text
    assert all(one.must for one in list(said.values())[:3])


def test_a_room_adds_what_it_knows_of_promises(owned, hand, monkeypatch):
    monkeypatch.setattr(telling, "_tellers", [])

    @telling.tells
    def promises(case):
        yield Item("promise/1", "Next clock", f"{case.key}: a fix by Monday", "P-1")

    assert [item.proof for item in items(hand, fresh(owned))] == ["P-1"]


def test_the_giver_answers_for_the_case_until_the_last_item_is_read(owned, hand, engineer, team_mate, lead):
    write(hand, "Do not", "restart route: it destroys what H1 needs", by=engineer)
    with pytest.raises(PermissionDenied):
        write(hand, "Do not", "x", by=team_mate)
    first, *_ = unread(reading(hand, fresh(owned)))
    with pytest.raises(PermissionDenied):
        acknowledge(hand, first.key, first.text, by=engineer)
    acknowledge(hand, first.key, first.text, by=team_mate)
    acknowledge(hand, first.key, first.text, by=team_mate)
    with pytest.raises(Conflict, match=r"items are not acknowledged as they are now: .*Do not"):
        take_over(hand, by=team_mate)
    with pytest.raises(Conflict, match="is reading HO-1; take it over there"):
        assign(fresh(owned), team_mate, by=team_mate)
    assert fresh(owned).owner == engineer
    read_all(hand, owned, team_mate)
    assert fresh(owned).owner == engineer
    with pytest.raises(PermissionDenied):
        take_over(hand, by=lead)
    take_over(hand, by=team_mate)
    assert fresh(owned).owner == team_mate
    with pytest.raises(Conflict, match="HO-1 is taken over"):
        take_over(hand, by=team_mate)
    assert Notice.objects.filter(person=engineer, text__contains="is team_mate's now").exists()


def test_what_changed_since_it_was_read_asks_again(owned, hand, engineer, team_mate):
    plan(owned, "read the dump", by=engineer)
    read_all(hand, owned, team_mate)
    assert unread(reading(hand, fresh(owned))) == []
    plan(fresh(owned), "read the second dump", by=engineer)
    [changed] = [one for one in reading(hand, fresh(owned)) if one.earlier]
    assert (changed.earlier, changed.item.text) == ("read the dump", "read the second dump")
    with pytest.raises(Conflict, match="1 items are not acknowledged as they are now: Next step"):
        take_over(hand, by=team_mate)
    with pytest.raises(Conflict, match="meanwhile “Next step” became “read the second dump”; read it again"):
        acknowledge(hand, "next", "read the dump", by=team_mate)
    with pytest.raises(Conflict, match="no longer there"):
        acknowledge(hand, "next/9", "x", by=team_mate)
    acknowledge(hand, "next", "read the second dump", by=team_mate)
    assert take_over(hand, by=team_mate).state == "taken"


def test_a_question_stays_with_its_item_and_holds_nothing_up(owned, hand, engineer, team_mate):
    asked = question(hand, "state", "who approves the text?", by=team_mate)
    assert "who approves" in Notice.objects.filter(person=engineer).latest("id").text
    read_all(hand, owned, team_mate)
    take_over(hand, by=team_mate)
    assert not answer(asked, "the lead", by=engineer).lost
    with pytest.raises(Conflict, match="it was answered: the lead"):
        answer(asked, "me", by=engineer)


def test_what_was_asked_again_though_the_case_said_it_is_counted(owned, hand, engineer, team_mate):
    fact = record_fact(owned, "the flag was on in episode 2", by=engineer)
    read_all(hand, owned, team_mate)
    take_over(hand, by=team_mate)
    again = question(hand, "state", "was the flag on?", by=team_mate)
    with pytest.raises(Conflict, match="no entry 999"):
        answer(again, "yes", by=engineer, entry=999)
    assert answer(again, "yes, in episode 2", by=engineer, entry=fact.position).lost
    new = question(hand, "", "is it on now?", by=team_mate)
    later = record_fact(fresh(owned), "the flag is off", by=engineer)
    assert not answer(new, "no", by=engineer, entry=later.position).lost
    loss = losses(team_mate, owned.organisation_id)
    assert (loss.hand_overs, loss.lost, loss.each) == (1, 1, 1.0)
    assert loss.weeks[0][1:] == (1, 1)


def test_a_receiver_who_says_nothing_is_told_of_while_there_is_time(owned, hand, engineer, team_mate, lead):
    watching.watch_hand_overs()
    assert not Notice.objects.filter(person=lead).exists()
    HandOver.objects.update(effect_at=timezone.now() + timedelta(minutes=9))
    watching.watch_hand_overs()
    watching.watch_hand_overs()
    assert Notice.objects.filter(person=lead, text__contains="team_mate has read nothing").count() == 1
    assert owned.entries.filter(data__silent=True).count() == 1
    assert fresh(owned).owner == engineer


def test_a_receiver_who_reads_is_left_alone(owned, hand, team_mate, lead):
    HandOver.objects.update(effect_at=timezone.now() + timedelta(minutes=5))
    first, *_ = unread(reading(hand, fresh(owned)))
    acknowledge(hand, first.key, first.text, by=team_mate)
    watching.watch_hand_overs()
    assert not Notice.objects.filter(person=lead).exists()


def test_a_receiver_who_leaves_does_not_take_over(owned, hand, engineer, team_mate, lead):
    read_all(hand, owned, team_mate)
    Person.objects.filter(id=team_mate.id).update(is_active=False)
    with pytest.raises(Conflict, match="has left"):
        take_over(hand, by=Person.objects.get(id=team_mate.id))
    with pytest.raises(PermissionDenied):
        withdraw(hand, by=third(owned))
    assert withdraw(hand, by=lead).state == "withdrawn"
    assert fresh(owned).owner == engineer
    assert hand_over_of(owned, 1).state == "withdrawn"


def third(case):
    from holdfast.desk.people.commands import admit
    from holdfast.desk.people.rights import Role

    return admit(case.organisation, "third", Role.ENGINEER)


EUROPE = shipped(Shifts).value


@pytest.mark.parametrize(
    ("at", "hours", "utc"),
    [
        # the clock is set forward on 29 March 2026 and back on 25 October 2026
        ("2026-03-27T05:00:00+00:00", "08:00-16:00", ("07:00", "15:00")),
        ("2026-03-30T05:00:00+00:00", "08:00-16:00", ("06:00", "14:00")),
        ("2026-10-23T05:00:00+00:00", "08:00-16:00", ("06:00", "14:00")),
        ("2026-10-26T05:00:00+00:00", "08:00-16:00", ("07:00", "15:00")),
    ],
)
def test_a_shift_begins_by_its_own_clock_also_when_it_is_set(at, hours, utc):
    found = next(one for one in turns(EUROPE, datetime.fromisoformat(at)) if one.name == "europe")
    assert found.shift.hours == hours
    assert (f"{found.starts:%H:%M}", f"{found.ends:%H:%M}") == utc


def test_hours_that_the_clock_skips_begin_where_it_goes_on():
    week, hours = "[monday, tuesday, wednesday, thursday, friday]", "    hours: 08:00-16:00\n    team: Europe"
    text = TEXT.replace(f"{week}\n{hours}", "[sunday]\n    hours: 02:30-24:00\n    team: Europe")
    value = read(Shifts, text)
    at = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    found = next(one for one in turns(value, at) if one.name == "europe")
    assert (f"{found.starts:%H:%M}", f"{found.ends:%d %H:%M}") == ("01:30", "29 22:00")


def test_the_world_is_covered_and_somebody_comes_next():
    noon = datetime(2026, 6, 3, 10, 0, tzinfo=UTC)
    assert [one.name for one in on_shift(EUROPE, noon)] == ["europe"]
    assert next_change(EUROPE, noon).name == "americas"
    saturday = datetime(2026, 6, 6, 12, 0, tzinfo=UTC)
    assert on_shift(EUROPE, saturday) == []
    assert next_change(EUROPE, saturday).name == "asia"


def test_who_comes_next_is_proposed_if_they_may_own_it(owned, lead, team_mate, developer):
    for name in ("Asia", "Europe", "Americas"):
        Team.objects.create(organisation=owned.organisation, name=name).members.add(team_mate, developer)
    assert proposed(owned, timezone.now())[1] == [team_mate]
    text = TEXT.replace("    team: Asia", "    people: [lead]").replace(
        "    team: Europe", "    people: [lead]"
    )
    text = text.replace("    team: Americas", "    people: [lead]")
    publish(Shifts, owned.organisation, text, by=lead, why="leads only")
    assert proposed(owned, timezone.now())[1] == [lead]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("zone: Asia/Singapore", "zone: Asia/Atlantis", "no time zone"),
        ("[monday, tuesday,", "[monday, monday,", "names a day twice"),
        ("hours: 08:00-16:00", "hours: 22:00-06:00", "two spans on two days"),
        ("    team: Asia", "    people: [a, a]", "names a person twice"),
    ],
)
def test_shifts_that_cannot_be_are_refused(before, after, reason):
    with pytest.raises(Unusable, match=reason):
        read(Shifts, TEXT.replace(before, after, 1))


def test_the_page_leads_from_beginning_to_taking_over(owned, engineer, team_mate, signed_in):
    giver, receiver = signed_in(engineer), signed_in(team_mate)
    assert "What a hand-over would say" in giver.get("/cases/ESC-1/handover").text
    told = giver.post("/cases/ESC-1/handover/begin", {"to": ""}, follow=True)
    assert "never handed over to nobody" in told.text
    giver.post("/cases/ESC-1/handover/begin", {"to": "team_mate"})
    giver.post("/cases/ESC-1/handover/1/write", {"title": "Do not", "text": "restart", "must": "on"})
    page = receiver.get("/cases/ESC-1/handover").text
    assert "acknowledge all" not in page.lower()
    assert "disabled" in page
    hand = HandOver.objects.get()
    for one in unread(reading(hand, fresh(owned))):
        form = {"item": one.key, "seen": one.text.replace("\n", "\r\n")}
        receiver.post("/cases/ESC-1/handover/1/acknowledge", form)
    receiver.post("/cases/ESC-1/handover/1/question", {"item": "state", "text": "since when?"})
    receiver.post("/cases/ESC-1/handover/1/take-over")
    assert fresh(owned).owner == team_mate
    asked = hand.questions.get()
    giver.post("/cases/ESC-1/handover/1/answer", {"question": asked.id, "text": "since 10:56", "entry": "1"})
    assert "since 10:56" in receiver.get("/cases/ESC-1/handover?n=1").text
