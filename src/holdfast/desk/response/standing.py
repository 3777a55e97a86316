"""What a war room and a hand-over show, read once a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.decisions.models import Decision, State
from holdfast.desk.people.models import Person
from holdfast.desk.response.models import Action, Duty, Ended, HandOver, Passing, Post, Presence, Room
from holdfast.desk.response.room import HERE

SHOWN = 80
LATELY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Seat:
    """A duty and who has it."""

    duty: str
    label: str
    post: Post | None
    here: bool
    quiet: timedelta | None
    """How long its holder has not been seen, when not here."""


@dataclass(frozen=True, slots=True)
class Running:
    """An action with what is left of its time."""

    action: Action
    left: timedelta
    share: float

    @property
    def tone(self) -> str:
        """How it looks: over, low, or nothing special."""
        return "over" if self.left <= timedelta() else "low" if self.share < 0.3 else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A room as it is now."""

    room: Room | None
    now: str
    drafted: bool
    """Whether the sentence is the desk's, from the newest entries."""
    seats: tuple[Seat, ...]
    others: tuple[Presence, ...]
    """Who else is here."""
    running: tuple[Running, ...]
    ended: tuple[Action, ...]
    decisions: tuple[Decision, ...]
    update: Clock | None
    mitigate: Clock | None


def standing(case: Case) -> Standing:
    """Return the room of a case."""
    now = timezone.now()
    room = Room.objects.select_related("now_by").filter(case=case).first()
    posts = {one.duty: one for one in Post.objects.filter(case=case, until=None).select_related("person")}
    lately = Presence.objects.filter(case=case, seen_at__gt=now - LATELY).select_related("person")
    seen = {one.person_id: one for one in lately}
    actions = list(Action.objects.filter(case=case).select_related("person").order_by("-id")[:60])
    decided = case.decisions.select_related("asked_by").prefetch_related("voices__person")[:12]
    decisions = sorted(decided, key=lambda one: (one.state != State.WAITING, -one.number))
    clocks = [one for one in clocks_of(case, now) if one.runs]
    running = [_running(one, now) for one in actions if one.state == Ended.RUNNING]
    text = room.now if room else ""
    return Standing(
        room,
        text or _draft(running, decisions),
        not text,
        tuple(_seat(duty, posts.get(duty), seen, now) for duty in Duty.values),
        tuple(
            one
            for one in seen.values()
            if one.seen_at > now - HERE and one.person_id not in {post.person_id for post in posts.values()}
        )[:300],
        tuple(sorted(running, key=lambda one: one.left)),
        tuple(one for one in actions if one.state != Ended.RUNNING)[:5],
        tuple(decisions),
        _clock(clocks, "update"),
        _clock(clocks, "mitigate"),
    )


def _clock(clocks: Iterable[Clock], name: str) -> Clock | None:
    return next((one for one in clocks if one.rule.name == name), None)


def _seat(duty: str, post: Post | None, seen: dict[int, Presence], now: datetime) -> Seat:
    presence = seen.get(post.person_id) if post else None
    here = presence is not None and presence.seen_at > now - HERE
    quiet = now - presence.seen_at if presence is not None and not here else None
    return Seat(duty, Duty(duty).label, post, here, quiet)


def _running(action: Action, now: datetime) -> Running:
    left, whole = action.due_at - now, action.due_at - action.started_at
    return Running(action, left, max(0.0, left / whole) if whole else 0.0)


def _draft(running: list[Running], decisions: Iterable[Decision]) -> str:
    """Say what happens from the newest action and the decision that waits, while nobody has written it."""
    parts = [f"{one.action.person.title}: {one.action.what}." for one in running[:1]]
    parts += [f"{one} ({one.what}) waits for a decision." for one in decisions if one.state == State.WAITING][
        :1
    ]
    return " ".join(parts) or "Nothing runs, and nobody has said what happens."


def stream(case: Case, kind: str = "", after: int = 0) -> list[Entry]:
    """Return the newest entries of a room, or those after a position, the newest first."""
    found = Entry.objects.filter(case=case, position__gt=after).select_related("person")
    if kind == "chat":
        found = found.filter(kind=Kind.COMMENT)
    elif kind == "findings":
        found = found.filter(kind__in=[Kind.FACT, Kind.DECISION])
    return list(found.order_by("-position")[:SHOWN])


@dataclass(frozen=True, slots=True)
class Loss:
    """What hand-overs of an organisation lost."""

    hand_overs: int
    lost: int
    """Questions asked afterwards that the case had answered before."""
    weeks: tuple[tuple[str, int, int], ...]
    """Monday of each week with hand-overs, how many, and how many such questions."""

    @property
    def each(self) -> float | None:
        """How many such questions a hand-over; None without hand-overs."""
        return self.lost / self.hand_overs if self.hand_overs else None


def losses(person: Person, organisation_id: int, days: int = 90) -> Loss:
    """Return the context lost in the hand-overs of the cases a person sees."""
    since = timezone.now() - timedelta(days=days)
    seen = Case.objects.visible_to(person).filter(organisation_id=organisation_id).values("id")
    found = HandOver.objects.filter(state=Passing.TAKEN, ended_at__gt=since, case__in=seen)
    counted = found.annotate(lost=Count("questions", filter=Q(questions__lost=True)))
    rows = list(counted.order_by("ended_at").values_list("ended_at", "lost"))
    weeks: dict[str, tuple[int, int]] = {}
    for ended, lost in rows:
        monday = f"{ended - timedelta(days=ended.weekday()):%d %b}" if ended else ""
        number, sum_ = weeks.get(monday, (0, 0))
        weeks[monday] = (number + 1, sum_ + lost)
    told = tuple((monday, number, lost) for monday, (number, lost) in weeks.items())
    return Loss(len(rows), sum(lost for _, lost in rows), told)
