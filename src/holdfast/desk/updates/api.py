"""Updates and promises over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.api import EntryOut
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Entry
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.telling import Message
from holdfast.desk.cases.telling import tell as tell_customer
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.updates import commands, promising, queries, telling
from holdfast.desk.updates.filling import text_of
from holdfast.desk.updates.holding import hits
from holdfast.desk.updates.models import Promise, Update

router = Router(tags=["updates"])
Text = Annotated[Words, Field(max_length=20_000)]


class BeginIn(Schema):
    """Whom an update is for."""

    audience: Annotated[Words, Field(max_length=20)]
    """`customer`, `executive`, `internal` or `status`."""


class CommitmentIn(Schema):
    """A promise beyond the next update."""

    about: Annotated[Words, Field(max_length=20)]
    """`fix`, `workaround`, `analysis`, `other`."""
    text: Annotated[Words, Field(min_length=1, max_length=400)]
    due: Moment


class DraftIn(Schema):
    """What is said."""

    headline: Annotated[Words, Field(min_length=1, max_length=200, pattern=r"\S")]
    known: Text = ""
    doing: Text = ""
    next_step: Text = ""
    next_at: Moment | None = None
    commitments: Annotated[tuple[CommitmentIn, ...], Field(max_length=8)] = ()
    edits: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """The state you started from; writing is refused when there is a newer one."""


class KeepIn(Schema):
    """Words that stay, and why."""

    words: Annotated[Words, Field(min_length=1, max_length=2000)]
    reason: Annotated[Words, Field(min_length=1, max_length=400, pattern=r"\S")]


class TellIn(Schema):
    """A few words for the customer."""

    text: Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]


class MoveIn(Schema):
    """What became of a promise: kept, or moved to another time."""

    said: Annotated[Words, Field(min_length=1, max_length=400, pattern=r"\S")]
    due: Moment | None = None


class HitOut(Schema):
    """Something that should not be sent as it is."""

    rule: str
    words: str
    why: str
    fixes: list[str]
    blocks: bool


class UpdateOut(Schema):
    """An update with what the checker says of it."""

    number: int
    audience: str
    state: str
    text: str
    next_at: datetime | None
    edits: int
    hits: list[HitOut]
    delivered: list[str]

    @classmethod
    def of(cls, update: Update) -> UpdateOut:
        """Return the public form; a secret in a draft is never repeated."""
        found = hits(update) if update.state == Update.State.DRAFT else []
        plain = {
            name: getattr(update, name)
            for name in ("number", "audience", "state", "next_at", "edits", "delivered")
        }
        shown = [
            HitOut(rule=one.rule, words=one.words, why=one.why, fixes=list(one.fixes), blocks=one.blocks)
            for one in found
        ]
        return cls(**plain, text=update.sent_text or text_of(update), hits=shown)


class PromiseOut(Schema):
    """A promise."""

    number: int
    about: str
    text: str
    due_at: datetime
    state: str
    said: str


class AskedOut(Schema):
    """Decisions that were asked for."""

    asked: list[str]


@router.get(
    "/cases/{key}/drafts", response=list[UpdateOut], summary="List the updates of a case, with its drafts"
)
def listed(request: HttpRequest, key: str) -> list[UpdateOut]:
    """Return the updates, the newest first."""
    case = internal_case(signed_in(request), key)
    found = queries.updates_of(case)
    for one in found:
        one.case = case
    return [UpdateOut.of(one) for one in found]


@router.post("/cases/{key}/drafts", response={201: UpdateOut}, summary="Begin an update")
def begin(request: HttpRequest, key: str, said: BeginIn) -> Status[UpdateOut]:
    """Return a draft filled from what the case holds; an open draft for the audience is gone on with."""
    person = signed_in(request)
    return Status(201, UpdateOut.of(commands.draft(internal_case(person, key), said.audience, by=person)))


@router.put("/cases/{key}/drafts/{int:number}", response=UpdateOut, summary="Write an update")
def write(request: HttpRequest, key: str, number: int, said: DraftIn) -> UpdateOut:
    """Keep what is written, and return what the checker says of it."""
    person = signed_in(request)
    update = commands.update_of(internal_case(person, key), number)
    promised = tuple(
        {"about": one.about, "text": one.text, "due": one.due.isoformat()} for one in said.commitments
    )
    draft = commands.Draft(said.headline, said.known, said.doing, said.next_step, said.next_at, promised)
    return UpdateOut.of(commands.write(update, draft, by=person, edits=said.edits))


@router.post("/cases/{key}/drafts/{int:number}/keep", response=UpdateOut, summary="Keep words with a reason")
def keep(request: HttpRequest, key: str, number: int, said: KeepIn) -> UpdateOut:
    """Keep words the checker warns of; what blocks cannot be kept."""
    person = signed_in(request)
    update = commands.update_of(internal_case(person, key), number)
    return UpdateOut.of(commands.keep(update, said.words, said.reason, by=person))


@router.post(
    "/cases/{key}/drafts/{int:number}/ask", response=AskedOut, summary="Ask for the decisions it takes"
)
def ask(request: HttpRequest, key: str, number: int) -> dict[str, list[str]]:
    """Ask for what you cannot decide alone; nothing is asked for when you can."""
    person = signed_in(request)
    return {"asked": commands.request(commands.update_of(internal_case(person, key), number), by=person)}


@router.post("/cases/{key}/drafts/{int:number}/send", response=UpdateOut, summary="Send an update")
def send(request: HttpRequest, key: str, number: int) -> UpdateOut:
    """Send it; refused while the checker finds something, or a decision is missing."""
    person = signed_in(request)
    return UpdateOut.of(commands.send(commands.update_of(internal_case(person, key), number), by=person))


@router.post("/cases/{key}/updates", response={201: EntryOut}, summary="Tell the customer where it stands")
def tell(request: HttpRequest, key: str, said: TellIn) -> Status[Entry]:
    """Send a few words at once where nothing stands against it; else they are kept as a draft, and 409 says why."""
    person = signed_in(request)
    return Status(201, tell_customer(visible_case(person, key), Message(said.text), by=person))


@router.post("/cases/{key}/duplicates/tell", response={201: list[EntryOut]}, summary="Tell duplicates")
def tell_duplicates(request: HttpRequest, key: str, said: TellIn) -> Status[list[Entry]]:
    """Tell the customer of every duplicate merged into this case, each on their own case."""
    person = signed_in(request)
    return Status(201, telling.tell_duplicates(visible_case(person, key), said.text, by=person))


@router.get("/cases/{key}/promises", response=list[PromiseOut], summary="List the promises of a case")
def promises(request: HttpRequest, key: str) -> list[Promise]:
    """Return the promises, the open ones first."""
    return queries.promises_of(internal_case(signed_in(request), key))


@router.post("/cases/{key}/promises/{int:number}", response=PromiseOut, summary="Settle a promise")
def settle(request: HttpRequest, key: str, number: int, said: MoveIn) -> Promise:
    """Say that it was kept, or promise another time instead."""
    person = signed_in(request)
    promise = promising.promise_of(internal_case(person, key), number)
    if said.due is not None:
        return promising.move_promise(promise, said.due, said.said, by=person)
    return promising.keep_promise(promise, said.said, by=person)
