"""Trackers: at hand, as files, and elsewhere; filed once whatever breaks, and heard from in their own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.engineering import commands, outcomes, trackers
from holdfast.desk.engineering.models import Ticket, Word
from holdfast.desk.engineering.owners import TicketOwners
from holdfast.desk.engineering.trackers import Down, Filed, Order, Refuses, There
from holdfast.desk.engineering.watching import ask_trackers, file_again
from holdfast.desk.outbox.models import Job
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.reading import Unusable

pytestmark = pytest.mark.django_db


@dataclass
class Elsewhere:
    """A tracker with tickets, comments and states of its own, that finds a ticket by the mark it left on it."""

    name: str
    form: str
    """How it calls its tickets; `{}` is the number."""
    outcomes: Mapping[str, Word]
    title: str = "Elsewhere"
    at_hand: bool = False
    answers_here: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    down: bool = False
    loses_answers: int = 0
    refuses: str = ""
    alike: tuple[There, ...] = ()
    attached: dict[str, str] = field(default_factory=dict)

    def file(self, order: Order) -> Filed:
        self._there()
        if self.refuses:
            raise Refuses(self.refuses)
        if order.key not in self.marks:
            self.orders.append(order)
            self.marks[order.key] = self.form.format(len(self.marks) + 1)
        if self.loses_answers:
            self.loses_answers -= 1
            raise Down("the connection broke before the answer came")
        reference = self.marks[order.key]
        return Filed(There(reference, f"https://tracker.example/{reference}", order.title), self.alike)

    def look(self, reference: str) -> str:
        self._there()
        return self.states.get(reference, "")

    def say(self, reference: str, text: str, key: str, attached: Mapping[str, str]) -> None:
        self._there()
        self.said.setdefault(f"{reference} {key}", text)
        self.attached |= attached

    def _there(self) -> None:
        if self.down:
            raise Down("no answer within 10 s")


SHAPES = {
    "jira": ("ROUTE-{}", {"In Progress": Word.ACCEPTED, "Waiting for info": Word.SENT_BACK, "Done": Word.FIXED}),
    "github": (
        "acme/route#{}",
        {"triaged": Word.ACCEPTED, "needs-info": Word.SENT_BACK, "not_planned": Word.DISPUTED, "completed": Word.FIXED},
    ),
    "servicenow": ("PRB004{:04d}", {"102": Word.ACCEPTED, "104": Word.SENT_BACK, "106": Word.FIXED}),
}  # fmt: skip


@pytest.fixture(params=SHAPES)
def elsewhere(request: Any, known: Any, lead: Any, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """The organisation's tickets live in a tracker shaped like one of three."""
    form, words = SHAPES[request.param]
    made = Elsewhere(request.param, form.replace("{:04d}", "{}"), words)
    monkeypatch.setitem(trackers._trackers, request.param, made)
    text = TicketOwners.shipped()["default"].replace("tracker: desk", f"tracker: {request.param}")
    publish(TicketOwners, known.organisation, text, by=lead, why="tickets live there")
    return made


def work() -> None:
    while work_once("test"):
        pass


def again() -> None:
    Ticket.objects.filter(state="queued").update(try_at=timezone.now())
    file_again()
    work()


def word_for(where: Elsewhere, meant: Word) -> str:
    return next(word for word, one in where.outcomes.items() if one == meant)


def test_a_ticket_is_filed_by_a_job_and_heard_from_in_the_trackers_words(
    elsewhere: Elsewhere, whole: Any, engineer: Any
) -> None:
    queued = commands.file(whole(), by=engineer)
    assert queued.state == "queued"
    work()
    ticket = Ticket.objects.get()
    reference = next(iter(elsewhere.marks.values()))
    assert (ticket.state, ticket.reference, ticket.url) == (
        "filed",
        reference,
        f"https://tracker.example/{reference}",
    )
    assert elsewhere.orders[0].document["schema"] == 1
    assert "## Expected" in elsewhere.orders[0].text

    elsewhere.states[reference] = word_for(elsewhere, Word.SENT_BACK)
    ask_trackers()
    work()
    ask_trackers()
    work()
    ticket.refresh_from_db()
    assert ticket.state == "sent_back"
    assert [one.word for one in ticket.exchanges.all()] == ["filed", "sent_back"]  # said once
    outcomes.answer(ticket, "it is route.batch-lookup", by=engineer)
    file_again()
    file_again()
    work()
    assert [text.splitlines()[0] for text in elsewhere.said.values()] == ["it is route.batch-lookup"]

    elsewhere.states[reference] = word_for(elsewhere, Word.ACCEPTED)
    ask_trackers()
    work()
    assert Ticket.objects.get().state == "accepted"
    elsewhere.states[reference] = word_for(elsewhere, Word.FIXED)
    ask_trackers()
    work()
    assert Ticket.objects.get().state == "fixed"


def test_a_tracker_that_is_down_keeps_the_text_and_gets_it_once(
    elsewhere: Elsewhere, known: Any, whole: Any, engineer: Any
) -> None:
    elsewhere.down = True
    queued = commands.file(whole(), by=engineer)
    work()
    again()
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.tries) == ("queued", 2)
    assert ticket.trouble == "no answer within 10 s"
    assert ticket.sent == queued.sent
    assert known.entries.filter(text__contains="Its text is kept").count() == 1  # told once, not at each try

    elsewhere.down, elsewhere.loses_answers = False, 1
    again()
    assert Ticket.objects.get().state == "queued"  # it is there, and nobody here knows
    again()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.trouble) == ("filed", "")
    assert len(elsewhere.orders) == len(elsewhere.marks) == 1


def test_a_worker_killed_after_filing_files_nothing_twice(
    elsewhere: Elsewhere, whole: Any, engineer: Any
) -> None:
    from holdfast.desk.engineering.filing import order_of

    queued = commands.file(whole(), by=engineer)
    elsewhere.file(order_of(Ticket.objects.select_related("case__organisation").get(id=queued.id)))
    work()  # another worker takes the job over
    assert Ticket.objects.get().reference == next(iter(elsewhere.marks.values()))
    assert len(elsewhere.orders) == 1


def test_what_a_tracker_refuses_is_a_draft_again_with_the_reason(
    elsewhere: Elsewhere, whole: Any, engineer: Any
) -> None:
    elsewhere.refuses = "the field Team is required"
    commands.file(whole(), by=engineer)
    work()
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.trouble) == ("draft", "the field Team is required")
    assert Notice.objects.filter(person=engineer, text__contains="field Team").count() == 1
    elsewhere.refuses = ""
    commands.file(ticket, by=engineer)
    work()
    assert Ticket.objects.get().state == "filed"


def test_a_ticket_filed_meanwhile_is_offered_and_linked(
    elsewhere: Elsewhere, known: Any, whole: Any, engineer: Any, declare: Any
) -> None:
    elsewhere.down = True
    mine = commands.file(whole(), by=engineer)
    work()
    other = declare("Search fails too")
    theirs = commands.note(other, "ROUTE-7", by=engineer)
    outcomes.same(mine, theirs, by=engineer)
    elsewhere.down = False
    again()
    mine.refresh_from_db()
    assert (mine.state, mine.same_as, elsewhere.orders) == ("same", theirs, [])
    assert Case.objects.get(id=known.id).shared_tickets.get().ticket == theirs


def test_what_the_tracker_has_that_reads_the_same_is_told(
    elsewhere: Elsewhere, known: Any, whole: Any, engineer: Any
) -> None:
    elsewhere.alike = (There("ROUTE-388", "https://tracker.example/ROUTE-388", "route loses lines"),)
    commands.file(whole(), by=engineer)
    work()
    assert known.entries.filter(text__contains="may be the same as ROUTE-388: route loses lines").count() == 1


def test_files_are_written_whole_and_again_without_harm(
    known: Any, whole: Any, engineer: Any, lead: Any, settings: Any
) -> None:
    text = TicketOwners.shipped()["default"].replace("tracker: desk", "tracker: files")
    publish(TicketOwners, known.organisation, text, by=lead, why="we type them in")
    (settings.DATA / "tickets").write_text("a file where the folder should be")
    ticket = commands.write(whole(), commands.Said(patch="-a\n+b"), by=engineer)
    commands.file(ticket, by=engineer)
    work()
    waiting = Ticket.objects.get()
    assert (waiting.state, "could not be written" in waiting.trouble) == ("queued", True)

    (settings.DATA / "tickets").unlink()
    again()
    filed = Ticket.objects.get()
    assert filed.state == "filed"
    files = {path.name for path in (settings.DATA / "tickets").iterdir()}
    assert files == {f"{filed.key}{end}" for end in (".md", ".json", ".patch")}
    told = json.loads((settings.DATA / "tickets" / f"{filed.key}.json").read_text("utf-8"))
    assert (told["summary"], told["patch"]) == ("route drops the log line", "-a\n+b")
    assert outcomes.answer_for_owner(filed, "accepted", "by phone", by=engineer).state == "accepted"


def test_a_tracker_is_registered_once_and_owners_name_known_ones(known: Any, lead: Any) -> None:
    with pytest.raises(ValueError, match="two trackers"):
        trackers.register(trackers.Files())
    shipped = TicketOwners.shipped()["default"]
    for text, match in (
        (shipped.replace("tracker: desk", "tracker: nowhere"), "no tracker nowhere"),
        (
            shipped.replace("tracker: desk", "tracker: desk\n    people: [nobody]"),
            "nobody does not work here",
        ),
        (
            shipped.replace('["*"]', '["a", "*"]')
            + "  OPS:\n    title: b\n    components: [a]\n    reply: {1: 1h}\n",
            "ENG takes every",
        ),
    ):
        with pytest.raises(Unusable, match=match):
            publish(TicketOwners, known.organisation, text, by=lead, why="a mistake")


def test_numbers_of_an_owner_are_handed_out_once(
    known: Any, whole: Any, engineer: Any, developer: Any
) -> None:
    first = commands.file(whole(), by=engineer)
    draft = commands.draft(known, by=engineer, component="seat")
    Ticket.objects.filter(id=draft.id).update(key="ESC-1-T-2-x")
    order = Order("ESC-1-T-2-x", known.organisation_id, "ENG", "a", "b", 2)
    desk = trackers.tracker("desk")
    assert desk is not None
    assert first.reference == "ENG-1"
    assert desk.file(order).there == desk.file(order).there == There("ENG-2")


def test_words_that_cannot_be_carried_now_are_carried_later(
    elsewhere: Elsewhere, whole: Any, engineer: Any
) -> None:
    commands.file(whole(), by=engineer)
    work()
    ticket = Ticket.objects.get()
    elsewhere.down = True
    outcomes.withdraw(ticket, "it was the proxy", by=engineer)
    file_again()
    work()
    said = ticket.exchanges.get(word="withdrawn")
    assert said.carry_at > timezone.now() + timedelta(seconds=30)
    assert Job.objects.filter(kind="say-on-ticket", state="done").count() == 1
    elsewhere.down = False
    ticket.exchanges.filter(word="withdrawn").update(carry_at=timezone.now())
    file_again()
    work()
    assert list(elsewhere.said.values()) == ["it was the proxy"]


def test_what_a_tracker_took_although_it_was_put_aside_is_said_once(
    elsewhere: Elsewhere, known: Any, whole: Any, engineer: Any
) -> None:
    from holdfast.desk.engineering.filing import _taken

    queued = commands.file(whole(), by=engineer)
    commands.drop(queued, by=engineer)
    for _ in range(2):  # a job that was under way, and its repetition after a crash
        _taken(queued.id, Filed(There("ROUTE-9", "https://tracker.example/ROUTE-9")))
    assert known.entries.filter(text__contains="had taken it as ROUTE-9: close it there").count() == 1
    assert Notice.objects.filter(person=engineer, key="ticket/1/left-over").count() == 1
    assert Ticket.objects.get().state == "dropped"


def test_a_patch_goes_along_with_an_answer(elsewhere: Elsewhere, whole: Any, engineer: Any) -> None:
    commands.file(whole(), by=engineer)
    work()
    reference = Ticket.objects.get().reference
    elsewhere.states[reference] = word_for(elsewhere, Word.SENT_BACK)
    ask_trackers()
    work()
    ticket = commands.write(
        Ticket.objects.select_related("case").get(), commands.Said(patch="-a\n+b"), by=engineer
    )
    outcomes.answer(ticket, "here is a patch", by=engineer)
    file_again()
    work()
    (text,) = elsewhere.said.values()
    assert text.startswith("here is a patch")
    assert "```diff\n-a\n+b\n```" in text
    assert elsewhere.attached == {"T-1.patch": "-a\n+b"}
