"""War rooms and hand-overs over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases import lines
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.response import handing, moving, room
from holdfast.desk.response.models import Action, HandOver, Question
from holdfast.desk.response.standing import standing

router = Router(tags=["war room", "hand-over"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Said = Annotated[Words, Field(min_length=1, max_length=4000, pattern=r"\S")]
Text = Annotated[Words, Field(max_length=4000)]


class SeatOut(Schema):
    """A duty; its person is null while nobody has it."""

    duty: str
    person: str | None
    here: bool


class ActionOut(Schema):
    """An action."""

    number: int
    person: str
    what: str
    state: str
    started_at: datetime
    due_at: datetime
    overdue: bool
    outcome: str

    @classmethod
    def of(cls, one: Action) -> ActionOut:
        """Return the public form."""
        plain = ("number", "what", "state", "started_at", "due_at", "overdue", "outcome")
        return cls(**{name: getattr(one, name) for name in plain}, person=one.person.username)


class RoomOut(Schema):
    """A war room."""

    open: bool
    opened_at: datetime | None
    now: str
    drafted: bool
    """Whether the sentence was put together by the desk."""
    duties: list[SeatOut]
    here: list[str]
    actions: list[ActionOut]
    """Those that run, the one with the least time left first."""
    next_update_at: datetime | None

    @classmethod
    def of(cls, case: Case) -> RoomOut:
        """Return the public form."""
        now = standing(case)
        return cls(
            open=now.room is not None and now.room.closed_at is None,
            opened_at=now.room.opened_at if now.room else None,
            now=now.now,
            drafted=now.drafted,
            duties=[
                SeatOut(duty=one.duty, person=one.post.person.username if one.post else None, here=one.here)
                for one in now.seats
            ],
            here=[one.person.username for one in now.others],
            actions=[ActionOut.of(one.action) for one in now.running],
            next_update_at=now.update.due if now.update else None,
        )


class LineIn(Schema):
    """A line as it is written in the room: plain words, or `/action @kim 15m read the dump`."""

    text: Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]


class ReadOut(Schema):
    """How a line is read."""

    reads: str


class DutyIn(Schema):
    """A duty for somebody; without a person for oneself."""

    duty: Literal["commander", "technical", "communications", "scribe"]
    person: Annotated[Words, Field(max_length=150)] = ""


class EndIn(Schema):
    """How an action ended."""

    how: Literal["done", "dropped", "handed-on"]
    text: Text = ""
    person: Annotated[Words, Field(max_length=150)] = ""
    minutes: Annotated[int, Field(ge=1, le=1440)] = 15


class MadeIn(Schema):
    """What becomes of something said."""

    kind: Literal["fact", "decision"]


class QuestionOut(Schema):
    """A question at an item."""

    id: int
    person: str
    text: str
    asked_at: datetime
    answer: str
    entry: int | None
    lost: bool
    """Asked after the hand-over, and answered by the case before it."""


class ItemOut(Schema):
    """An item of a hand-over."""

    key: str
    title: str
    text: str
    proof: str
    must: bool
    written: bool
    acknowledged_at: datetime | None
    earlier: str
    """The text that was acknowledged before it changed."""
    questions: list[QuestionOut]


class AccessOut(Schema):
    """A way to the evidence, as it stands for the receiver."""

    what: str
    stands: str
    """`moves` with the case, `held`, `asked`, `anew`: only the giver holds it, or `missing`: not by the role."""
    until: datetime | None
    grant: int | None


class HandOverOut(Schema):
    """A hand-over with its items as they are now."""

    number: int
    giver: str
    receiver: str
    effect_at: datetime
    state: str
    owner: str | None
    """Who answers for the case now."""
    left: int
    """Must-items that are not acknowledged as they are now."""
    items: list[ItemOut]
    questions: list[QuestionOut]
    """Those that are asked at no item."""
    access: list[AccessOut]

    @classmethod
    def of(cls, hand: HandOver, case: Case) -> HandOverOut:
        """Return the public form."""
        case = Case.objects.select_related("owner", "organisation", "customer").get(id=case.id)
        hand = handing.hand_over_of(case, hand.number)
        read = handing.reading(hand, case)
        return cls(
            number=hand.number,
            giver=hand.giver.username,
            receiver=hand.receiver.username,
            effect_at=hand.effect_at,
            state=hand.state,
            owner=case.owner.username if case.owner else None,
            left=len(handing.unread(read)),
            items=[_item(one) for one in read],
            questions=[_question(one) for one in hand.questions.filter(key="").select_related("person")],
            access=[
                AccessOut(
                    what=one.what,
                    stands=one.stands,
                    until=one.until,
                    grant=one.grant.number if one.grant else None,
                )
                for one in moving.access_of(case, hand)
            ],
        )


def _item(one: handing.Read) -> ItemOut:
    item, read = one.item, one.acknowledged
    return ItemOut(
        key=item.key,
        title=item.title,
        text=item.text,
        proof=item.proof,
        must=item.must,
        written=item.written,
        acknowledged_at=read.at if read else None,
        earlier=one.earlier,
        questions=[_question(asked) for asked in one.questions],
    )


def _question(asked: Question) -> QuestionOut:
    plain = ("id", "text", "asked_at", "answer", "entry", "lost")
    return QuestionOut(**{name: getattr(asked, name) for name in plain}, person=asked.person.username)


class HandOverIn(Schema):
    """To whom, and from when on; without a time at once."""

    to: Annotated[Words, Field(max_length=150)]
    effect_at: Moment | None = None


class WrittenIn(Schema):
    """An item of the giver's own."""

    title: Annotated[Words, Field(min_length=1, max_length=80, pattern=r"\S")]
    text: Said
    must: bool = True


class SeenIn(Schema):
    """An item, and its text as it was read."""

    item: Annotated[Words, Field(max_length=80)]
    seen: Annotated[Words, Field(max_length=20_000)]


class AskedIn(Schema):
    """A question; without an item about the whole."""

    item: Annotated[Words, Field(max_length=80)] = ""
    text: Said


class AnsweredIn(Schema):
    """An answer, and the entry of the timeline that says it."""

    question: Annotated[int, Field(ge=1, le=2**62)]
    text: Said
    entry: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


@router.get("/cases/{key}/room", response=RoomOut, summary="Read a war room")
def read_room(request: HttpRequest, key: str) -> RoomOut:
    """Return what happens now, who does what, who is here."""
    return RoomOut.of(internal_case(signed_in(request), key))


@router.post("/cases/{key}/room", response=RoomOut, summary="Open a war room")
def open_room(request: HttpRequest, key: str) -> RoomOut:
    """Open it; twice is once."""
    person, case = _case(request, key)
    room.open_room(case, by=person)
    return RoomOut.of(case)


@router.post("/cases/{key}/room/close", response=RoomOut, summary="Close a war room")
def close_room(request: HttpRequest, key: str) -> RoomOut:
    """Close it; each running action has to have ended."""
    person, case = _case(request, key)
    room.close_room(case, by=person)
    return RoomOut.of(case)


@router.post("/cases/{key}/room/line", response=RoomOut, summary="Write a line")
def line(request: HttpRequest, key: str, said: LineIn) -> RoomOut:
    """Do what a line says: `/action @kim 15m read the dump`; plain words are a comment."""
    person, case = _case(request, key)
    lines.write(case, said.text, by=person)
    return RoomOut.of(case)


@router.post("/cases/{key}/room/reading", response=ReadOut, summary="How a line is read")
def reading(request: HttpRequest, key: str, said: LineIn) -> ReadOut:
    """Say what would become of a line, who has to approve, and what is missing; nothing is done."""
    person, case = _case(request, key)
    return ReadOut(reads=lines.read(case, said.text, by=person))


@router.post("/cases/{key}/room/duty", response=RoomOut, summary="Take a duty, or hand it over")
def duty(request: HttpRequest, key: str, said: DutyIn) -> RoomOut:
    """Give a duty nobody has, or hand your own over."""
    person, case = _case(request, key)
    room.take_duty(case, said.duty, room.inside(case, said.person) if said.person else person, by=person)
    return RoomOut.of(case)


@router.post("/cases/{key}/actions/{number}/end", response=ActionOut, summary="End an action")
def end_action(request: HttpRequest, key: str, number: Number, said: EndIn) -> ActionOut:
    """Say that an action is done, dropped, or handed on to somebody."""
    person, case = _case(request, key)
    one = room.action_of(case, number)
    if said.how == "handed-on":
        return ActionOut.of(room.hand_on(one, room.inside(case, said.person), said.minutes, by=person))
    return ActionOut.of(room.finish(one, said.text, by=person, dropped=said.how == "dropped"))


@router.post("/cases/{key}/room/messages/{number}", response=RoomOut, summary="Make a fact of a message")
def make_of(request: HttpRequest, key: str, number: Number, said: MadeIn) -> RoomOut:
    """Turn something said into a fact or a decision."""
    person, case = _case(request, key)
    room.make_of(case, number, said.kind, by=person)
    return RoomOut.of(case)


@router.post("/cases/{key}/hand-overs", response={201: HandOverOut}, summary="Hand a case over")
def hand_over(request: HttpRequest, key: str, said: HandOverIn) -> Status[HandOverOut]:
    """Begin to hand over; the giver answers for the case until it is taken over."""
    person, case = _case(request, key)
    to = Person.objects.filter(username=said.to, memberships__organisation=case.organisation_id).first()
    made = handing.hand_over(case, to, said.effect_at, by=person)
    return Status(201, HandOverOut.of(made, case))


@router.get("/cases/{key}/hand-overs/{number}", response=HandOverOut, summary="Read a hand-over")
def read_hand_over(request: HttpRequest, key: str, number: Number) -> HandOverOut:
    """Return its items as they are now, with what was acknowledged and asked."""
    _, case = _case(request, key)
    return HandOverOut.of(handing.hand_over_of(case, number), case)


@router.post("/cases/{key}/hand-overs/{number}/items", response=HandOverOut, summary="Complete a hand-over")
def write(request: HttpRequest, key: str, number: Number, said: WrittenIn) -> HandOverOut:
    """Add an item of your own, as the giver."""
    person, case = _case(request, key)
    hand = handing.hand_over_of(case, number)
    handing.write(hand, said.title, said.text, by=person, must=said.must)
    return HandOverOut.of(hand, case)


@router.post("/cases/{key}/hand-overs/{number}/read", response=HandOverOut, summary="Acknowledge one item")
def acknowledge(request: HttpRequest, key: str, number: Number, said: SeenIn) -> HandOverOut:
    """Acknowledge one item with the text that was read, as the receiver."""
    person, case = _case(request, key)
    hand = handing.hand_over_of(case, number)
    handing.acknowledge(hand, said.item, said.seen, by=person)
    return HandOverOut.of(hand, case)


@router.post("/cases/{key}/hand-overs/{number}/questions", response=HandOverOut, summary="Ask at an item")
def question(request: HttpRequest, key: str, number: Number, said: AskedIn) -> HandOverOut:
    """Ask; also after the hand-over."""
    person, case = _case(request, key)
    hand = handing.hand_over_of(case, number)
    handing.question(hand, said.item, said.text, by=person)
    return HandOverOut.of(hand, case)


@router.post("/cases/{key}/hand-overs/{number}/answers", response=HandOverOut, summary="Answer a question")
def answer(request: HttpRequest, key: str, number: Number, said: AnsweredIn) -> HandOverOut:
    """Answer, naming the entry that says it where there is one."""
    person, case = _case(request, key)
    hand = handing.hand_over_of(case, number)
    asked = Question.objects.get(hand_over=hand, id=said.question)
    handing.answer(asked, said.text, by=person, entry=said.entry)
    return HandOverOut.of(hand, case)


@router.post("/cases/{key}/hand-overs/{number}/take-over", response=HandOverOut, summary="Take over")
def take_over(request: HttpRequest, key: str, number: Number) -> HandOverOut:
    """Take the case over, once every must-item is acknowledged."""
    person, case = _case(request, key)
    return HandOverOut.of(handing.take_over(handing.hand_over_of(case, number), by=person), case)


@router.post(
    "/cases/{key}/hand-overs/{number}/withdraw", response=HandOverOut, summary="Withdraw a hand-over"
)
def withdraw(request: HttpRequest, key: str, number: Number) -> HandOverOut:
    """Take it back; the giver keeps the case."""
    person, case = _case(request, key)
    return HandOverOut.of(handing.withdraw(handing.hand_over_of(case, number), by=person), case)


def _case(request: HttpRequest, key: str) -> tuple[Person, Case]:
    person = signed_in(request)
    return person, internal_case(person, key)
