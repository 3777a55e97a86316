"""An update is sent when it is true, allowed and on time; what it promises is held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.marks import Overtaken
from holdfast.desk.cases.models import Notice
from holdfast.desk.decisions.commands import answer
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.decisions.models import Decision
from holdfast.desk.investigation.commands import keep as keep_diagnosis
from holdfast.desk.links.commands import link
from holdfast.desk.outbox.models import Letter
from holdfast.desk.response.telling import items_of
from holdfast.desk.updates import commands, promising
from holdfast.desk.updates.filling import facts_changed, fill
from holdfast.desk.updates.holding import hits
from holdfast.desk.updates.models import Audience, Promise, Update
from holdfast.desk.updates.queries import contradictions, register
from holdfast.desk.updates.watching import watch

pytestmark = pytest.mark.django_db


def commitment(days: float = 1) -> dict[str, str]:
    return {
        "about": "fix",
        "text": "a build with the fix",
        "due": (timezone.now() + timedelta(days=days)).isoformat(),
    }


@pytest.mark.parametrize("audience", Audience.values)
def test_a_draft_from_the_case_passes_its_own_check(
    case: Any, engineer: Any, diagnosis: Any, audience: str
) -> None:
    keep_diagnosis(case, diagnosis, artefacts=[])

    draft = commands.draft(case, audience, by=engineer)

    assert draft.next_at is not None
    assert draft.next_at > timezone.now()
    assert draft.next_at.minute % 15 == 0
    assert hits(draft) == []
    assert commands.draft(case, audience, by=engineer) == draft  # gone on with, not begun twice


def test_sending_tells_the_customer_and_keeps_the_promise_of_the_next(
    case: Any, engineer: Any, customer: Any, written: Any, settings: Any
) -> None:
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    Mailbox.objects.create(organisation=case.organisation, address="help@acme.example")
    customer.email = "ops@northline.example"
    customer.save()

    sent = commands.send(written(), by=engineer)

    letter = Letter.objects.get()
    assert (letter.to, sent.delivered) == ("ops@northline.example", [f"mail:{letter.id}"])
    assert "7 of 31" in letter.text
    entry = case.entries.latest("position")
    assert (entry.kind, entry.shared, entry.data["update"]) == ("update", True, sent.number)
    promise = Promise.objects.get()
    assert (promise.about, promise.state) == ("update", "open")
    commands.send(written(), by=engineer)
    promise.refresh_from_db()
    assert promise.state == "kept"


def test_what_blocks_cannot_be_sent_or_kept_and_what_warns_needs_a_reason(
    engineer: Any, written: Any
) -> None:
    draft = written("It is probably the cache. Sign in with password=hunter2secretX9.")

    with pytest.raises(Conflict, match="to look at"):
        commands.send(draft, by=engineer)
    assert {hit.rule for hit in hits(draft)} == {"speculation", "secret"}
    commands.keep(draft, "probably", "the customer asked for our guess", by=engineer)
    with pytest.raises(Conflict, match="warns of"):
        commands.keep(draft, "", "because", by=engineer)
    draft.refresh_from_db()
    assert {hit.rule for hit in hits(draft)} == {"secret"}
    assert all("hunter2" not in f"{hit}" for hit in hits(draft))


def test_personal_data_that_slips_through_is_replaced_when_it_leaves(
    case: Any, engineer: Any, written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.desk.updates.commands.hits", lambda _: [])
    draft = written("Ask bob.smith@example.org, AKIAIOSFODNN7EXAMPLQ opens it.")

    sent = commands.send(draft, by=engineer)

    assert "bob.smith@example.org" not in sent.sent_text
    assert "AKIAIOSFODNN7EXAMPLQ" not in sent.sent_text
    assert "bob.smith" not in case.entries.latest("position").text


def test_a_commitment_needs_its_decision_and_only_for_these_words(
    case: Any, engineer: Any, lead: Any, manager: Any, written: Any
) -> None:
    draft = written(commitments=(commitment(),))
    with pytest.raises(NeedsApproval):
        commands.send(draft, by=engineer)
    commands.request(draft, by=engineer)
    for asked in Decision.objects.filter(case=case):
        answer(asked, True, by=manager)

    other = written("Other words than those approved.", commitments=(commitment(),))
    with pytest.raises(NeedsApproval, match="something else"):
        commands.send(other, by=engineer)
    assert Update.objects.get().state == "draft"


def test_an_approved_commitment_enters_the_register(
    case: Any, engineer: Any, manager: Any, written: Any
) -> None:
    draft = written(commitments=(commitment(),))
    commands.request(draft, by=engineer)
    for asked in Decision.objects.filter(case=case):
        answer(asked, True, by=manager)

    commands.send(draft, by=engineer)

    assert [(one.about, one.state) for one in register(engineer)] == [("update", "open"), ("fix", "open")]


def test_a_promise_whose_time_passes_is_broken_once_and_told(case: Any, engineer: Any, written: Any) -> None:
    commands.send(written(), by=engineer)
    Promise.objects.update(due_at=timezone.now() - timedelta(minutes=1))

    watch()
    watch()

    broken = case.entries.filter(data__promise_state="broken")
    assert broken.count() == 1
    assert Notice.objects.filter(person=engineer, key__startswith="broken/").count() == 1
    promise = Promise.objects.get()
    assert promise.state == "broken"
    moved = promising.move_promise(
        promise, timezone.now() + timedelta(hours=1), "the build failed", by=engineer
    )
    promise.refresh_from_db()
    assert (promise.state, promise.instead) == ("moved", moved)
    promising.keep_promise(moved, "sent as U-2", by=engineer)
    with pytest.raises(Conflict, match="kept"):
        promising.keep_promise(moved, "again", by=engineer)


def test_two_customers_promised_the_same_at_different_times_is_shown(
    case: Any, declare: Any, engineer: Any
) -> None:
    other = declare("Search fails too")
    link(case, "duplicate_of", other, by=engineer)
    for whose, days in ((case, 1), (other, 5)):
        due = timezone.now() + timedelta(days=days)
        Promise.objects.create(case=whose, number=1, about="fix", text="fix", due_at=due, made_by=engineer)

    found = contradictions(engineer, case)

    assert len(found) == 1
    assert other.key in found[0].says


def test_a_hand_over_tells_what_is_promised_until_it_is_kept(case: Any, engineer: Any, written: Any) -> None:
    commands.send(written(), by=engineer)
    promise = Promise.objects.get()
    told = [item for item in items_of(case) if item.key == f"promise/{promise.number}"]

    promising.keep_promise(promise, "sent", by=engineer)

    assert [(item.title, item.must, "Next update" in item.text) for item in told] == [
        ("Promised", True, True)
    ]
    assert not any(item.key.startswith("promise/") for item in items_of(case))


def test_two_who_write_at_once_lose_nothing(engineer: Any, team_mate: Any, written: Any) -> None:
    draft = written()
    said = commands.Draft("a", "mine", "", "", timezone.now() + timedelta(hours=1))
    commands.write(draft, said, by=engineer, edits=draft.edits)

    with pytest.raises(Overtaken, match="yours was “theirs”"):
        commands.write(
            draft, commands.Draft("a", "theirs", "", "", said.next_at), by=team_mate, edits=draft.edits
        )
    # one's own pause that saves is no other writer
    commands.write(
        draft, commands.Draft("a", "mine again", "", "", said.next_at), by=engineer, edits=draft.edits
    )
    assert Update.objects.get(id=draft.id).known == "mine again"


@pytest.mark.parametrize("hours", [0, -1])
def test_a_next_update_in_the_past_is_refused(engineer: Any, written: Any, hours: int) -> None:
    with pytest.raises(Conflict, match="past"):
        written(next_at=timezone.now() + timedelta(hours=hours))


def test_facts_that_changed_since_the_draft_are_shown(case: Any, engineer: Any, written: Any) -> None:
    from holdfast.desk.cases.commands import record_fact

    draft = written()
    record_fact(case, "9 of 44 now", by=engineer)
    draft.case.refresh_from_db()

    assert facts_changed(draft) == ["9 of 44 now"]
    assert fill(case, Audience.CUSTOMER).known


def test_the_page_composes_checks_and_sends(case: Any, engineer: Any, signed_in: Any) -> None:
    browser = signed_in(engineer)
    browser.post("/cases/ESC-1/updates/begin", {"audience": "customer"})
    form = {"headline": "Search", "known": "This will never happen again.", "next_at": "2099-01-01T10:00:00Z"}
    browser.post("/cases/ESC-1/updates/1/write", form | {"act": "check"})
    page = browser.get("/cases/ESC-1/updates").content.decode()
    assert "overpromise" in page
    browser.post("/cases/ESC-1/updates/1/write", form | {"known": "7 of 31 fail.", "act": "send"})

    assert Update.objects.get().state == "sent"
