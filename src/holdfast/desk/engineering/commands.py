"""Drafting a ticket, filling it from the case, repairing it, and filing it through the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.chain import canonical
from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.marks import Overtaken
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.rights import Right
from holdfast.desk.engineering.filing import hand_in, taken
from holdfast.desk.engineering.filling import fill, summary
from holdfast.desk.engineering.models import EVENT, Standing, Ticket
from holdfast.desk.engineering.owners import owners
from holdfast.desk.engineering.parts import PARTS
from holdfast.desk.engineering.printing import leaving
from holdfast.desk.engineering.quality import Subject, all_checks, look
from holdfast.desk.engineering.trackers import There, tracker
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.gate import redacted

LONGEST, LONGEST_PATCH, MOST_DRAFTS = 20_000, 100_000, 20
OUTSIDE = "outside"
"""Tracker of tickets that were filed elsewhere by hand and noted here."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a writer says; what is left out stays as it is."""

    summary: str | None = None
    component: str | None = None
    owner: str | None = None
    priority: int | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    patch: str | None = None


def ticket_of(case: Case, number: int) -> Ticket:
    """Return T-1, T-2, ... of a case."""
    found = Ticket.objects.select_related("case__organisation", "case__customer", "author", "filed_by")
    return found.get(case_id=case.id, number=min(number, 2**31 - 1))


@transaction.atomic
def draft(case: Case, *, by: Person, component: str = "") -> Ticket:
    """Begin a ticket filled from what the case holds; an open draft for the component is gone on with."""
    case = allowed(case, by, Deed.RECORD)
    facts, parts = fill(case, component.strip()[:200])
    drafts = case.tickets.filter(state=Standing.DRAFT)
    if (known := drafts.filter(component=facts.component[:200]).first()) is not None:
        known.case = case
        return known
    if drafts.count() >= MOST_DRAFTS:
        raise Conflict(f"{MOST_DRAFTS} drafts are open on {case.key}; file or drop some first")
    made = Ticket.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        number=_next(case),
        summary=summary(facts),
        component=facts.component[:200],
        owner=owners(case.organisation_id).of(facts.component),
        priority=case.severity,
        parts=parts,
        filled=parts,
        filled_at=case.entries_count + 1,
        author=by,
    )
    data = change(case, str(made), None, Standing.DRAFT) | {
        "ticket": made.number,
        "component": made.component,
    }
    append(case, Kind.STATE, f"{made} begun: {made.summary}", by=by, event=EVENT, data=data)
    return made


def _next(case: Case) -> int:
    return (case.tickets.aggregate(most=Max("number"))["most"] or 0) + 1


@transaction.atomic
def write(ticket: Ticket, said: Said, *, by: Person, before: Mapping[str, str] | None = None) -> Ticket:
    """Keep what was written. `before` is the text of each part the writer started from: a part that somebody else
    changed meanwhile is refused, the others are kept by whoever sends them again without it."""
    case, ticket = still_written(ticket, by)
    for name, text in said.parts.items():
        _write_part(ticket, name, text, (before or {}).get(name))
    if said.summary is not None:
        ticket.summary = words(said.summary)[:200]
    if said.patch is not None:
        if len(said.patch) > LONGEST_PATCH:
            raise Conflict(f"a patch of more than {LONGEST_PATCH} characters is attached to the case instead")
        ticket.patch = said.patch.replace("\r\n", "\n").strip("\n")
    if said.priority is not None:
        _prioritise(ticket, said.priority)
    if said.component is not None and said.component.strip() != ticket.component:
        ticket.component = said.component.strip()[:200]
        if said.owner is None and ticket.state == Standing.DRAFT:
            ticket.owner = owners(case.organisation_id).of(ticket.component)
    if said.owner is not None and said.owner != ticket.owner:
        _give(ticket, said.owner)
    return _keep(ticket, by)


def _write_part(ticket: Ticket, name: str, text: str, before: str | None) -> None:
    if name not in PARTS:
        raise Conflict(f"a ticket has no part {name[:40]!r}; {', '.join(PARTS)} are known")
    text, there = text.replace("\r\n", "\n").strip(), ticket.parts.get(name, "")
    if before is not None and before.replace("\r\n", "\n").strip() != there and text != there:
        label = PARTS[name].label
        raise Overtaken(
            f"{label} was changed while you wrote; it is “{there[:2000]}”, yours was “{text[:2000]}”"
        )
    if len(text) > LONGEST:
        raise Conflict(f"{PARTS[name].label} has more than {LONGEST} characters; attach the rest to the case")
    ticket.parts = ticket.parts | {name: text}


def _prioritise(ticket: Ticket, priority: int) -> None:
    if priority not in {1, 2, 3, 4}:
        raise Conflict("a priority is 1, 2, 3 or 4")
    reason, mark = ticket.parts.get("priority", ""), f"P{ticket.priority} because"
    if reason.startswith(mark):
        ticket.parts = ticket.parts | {"priority": f"P{priority} because{reason.removeprefix(mark)}"}
    ticket.priority = priority


def _give(ticket: Ticket, owner: str) -> None:
    known = owners(ticket.organisation_id).owners
    if owner not in known:
        raise Conflict(f"there is no owner {owner[:20]!r}; {', '.join(known)} are known")
    if ticket.state != Standing.DRAFT:
        raise Conflict(f"{ticket.called} is with {ticket.owner}; withdraw it, and file another")
    ticket.owner = owner


def _keep(ticket: Ticket, by: Person) -> Ticket:
    ticket.edits, ticket.changed_at, ticket.author = ticket.edits + 1, timezone.now(), by
    ticket.save()
    return ticket


@transaction.atomic
def refill(ticket: Ticket, *, by: Person, take: str = "") -> Ticket:
    """Fill the draft anew. Parts that a person wrote stay as they are, but for the one that is named to be taken."""
    case, ticket = still_written(ticket, by)
    if take and take not in PARTS:
        raise Conflict(f"a ticket has no part {take[:40]!r}")
    _, known = fill(case, ticket.component)
    kept = written_by_hand(ticket) - {take}
    ticket.parts = ticket.parts | {name: text for name, text in known.items() if name not in kept}
    ticket.filled, ticket.filled_at = known, case.entries_count
    return _keep(ticket, by)


def written_by_hand(ticket: Ticket) -> set[str]:
    """Return the parts that a person wrote: what they say is not what the case said."""
    return {name for name in PARTS if ticket.parts.get(name, "") != ticket.filled.get(name, "")}


@transaction.atomic
def repair(ticket: Ticket, check: str, *, by: Person) -> Ticket:
    """Do what a check offers as its repair."""
    _, ticket = still_written(ticket, by)
    found = next((one for one in all_checks() if one.name == check), None)
    if found is None:
        raise Conflict(f"there is no check {check[:40]!r}")
    subject = Subject(ticket, by)
    if not found.look(subject).repair:
        raise Conflict(f"{found.title}: nothing here that the case could repair")
    ticket.parts = ticket.parts | found.repair(subject)
    return _keep(ticket, by)


@transaction.atomic
def drop(ticket: Ticket, *, by: Person) -> None:
    """Give a draft up; its text stays in the list."""
    case, ticket = still_written(ticket, by, Standing.DRAFT, Standing.QUEUED)
    _move(case, ticket, Standing.DROPPED, f"{ticket} dropped: {ticket.summary}", by)


def right_of(open_checks: list[str]) -> Right:
    """Return whose decision filing is."""
    return Right.OPEN_GATE if open_checks else Right.COURSE


def about(ticket: Ticket) -> str:
    """Return what its decisions call it."""
    return f"ticket/{ticket.number}"


def details(ticket: Ticket, open_checks: list[str]) -> dict[str, Any]:
    """Return what exactly an approval is of: with whom it is filed, what was open, and a digest of its words."""
    said = {
        "summary": ticket.summary,
        "parts": ticket.parts,
        "patch": ticket.patch,
        "priority": ticket.priority,
    }
    return {"owner": ticket.owner, "open": open_checks, "sha256": sha256(canonical(said)).hexdigest()}


@transaction.atomic
def request(ticket: Ticket, reason: str, *, by: Person) -> list[str]:
    """Ask for the decision to file with open checks; nothing is asked where it is the person's own."""
    case, ticket = still_written(ticket, by, Standing.DRAFT)
    found = look(Subject(ticket, by)).open
    right = right_of(found)
    if alone(case, right, by):
        return []
    what = f"File {ticket} with {ticket.owner} with open checks ({', '.join(found)}): {ticket.summary}"
    question = Question(
        right, what, about=about(ticket), reason=words(reason), details=details(ticket, found)
    )
    return [str(ask(case, question, by=by))]


@guarded("file a ticket", Right.COURSE, Right.OPEN_GATE)
def file(ticket: Ticket, *, by: Person, despite: bool = False) -> Ticket:
    """File a ticket with its owner: held against the gate, decided, without secrets, handed to the tracker.

    `despite` says that open checks were seen; without it they keep the ticket, whoever presses the button.
    """
    case, ticket = still_written(ticket, by, Standing.DRAFT)
    found = look(Subject(ticket, by)).open
    decided = require(case, right_of(found), by=by, about=about(ticket), details=details(ticket, found))
    if found and not despite:
        raise Conflict(
            f"{len(found)} open: {', '.join(found)}; repair them, or say that it is filed despite them"
        )
    owner = owners(case.organisation_id).owners.get(ticket.owner)
    where = tracker(owner.tracker) if owner else None
    if owner is None or where is None:
        raise Conflict(f"{ticket.owner} has no tracker; give the ticket to another owner, or ask a lead")
    ticket.sent, ticket.open_checks, ticket.tracker = leaving(ticket), found, where.name
    ticket.key = f"{case.key}-{ticket}-{sha256(canonical(ticket.sent)).hexdigest()[:8]}"
    ticket.filed_by, ticket.try_at, ticket.tries, ticket.trouble = by, timezone.now(), 0, ""
    more = decided.data | {"open": found, "owner": ticket.owner}
    _move(case, ticket, Standing.QUEUED, f"{ticket} goes to {ticket.owner}: {ticket.summary}", by, more)
    hand_in(case, ticket, where)
    return ticket


@transaction.atomic
def note(case: Case, reference: str, *, by: Person, url: str = "", title: str = "") -> Ticket:
    """Note a ticket that was filed elsewhere by hand; the clock stops as if it had been filed from here."""
    case = allowed(case, by, Deed.RECORD)
    reference = words(reference)[:200]
    if any(char.isspace() for char in reference) or not any(char.isdecimal() for char in reference):
        raise Conflict(f"“{reference}” is no reference such as ENG-5521 or acme/route#12")
    known = case.tickets.filter(reference=reference).exclude(state=Standing.WITHDRAWN).first()
    if known is not None:
        known.case = case
        return known
    facts, title = fill(case)[0], (title.strip() or case.title)[:200]
    made = Ticket.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        number=_next(case),
        summary=title,
        sent={"summary": redacted(title, case), "parts": {}, "patch": ""},
        component=facts.component[:200],
        owner=owners(case.organisation_id).of(facts.component),
        priority=case.severity,
        tracker=OUTSIDE,
        author=by,
        filed_by=by,
    )
    taken(case, made, There(reference, url.strip()[:500]), by)
    return made


def _move(
    case: Case,
    ticket: Ticket,
    to: Standing,
    text: str,
    by: Person | None,
    more: Mapping[str, Any] | None = None,
) -> None:
    before, ticket.state = ticket.state, to
    ticket.save()
    data = change(case, str(ticket), before, to) | {"ticket": ticket.number} | dict(more or {})
    append(case, Kind.STATE, text, by=by, event=EVENT, data=data)


def still_written(ticket: Ticket, by: Person, *states: Standing) -> tuple[Case, Ticket]:
    """Return the case, locked, and a ticket that can still be written."""
    case = allowed(ticket.case, by, Deed.RECORD)
    fresh = Ticket.objects.select_for_update(of=("self",)).get(id=ticket.id)
    fresh.case = case
    if fresh.state not in (states or (Standing.DRAFT, Standing.SENT_BACK, Standing.DISPUTED)):
        raise Conflict(
            f"{fresh} is {fresh.get_state_display().lower()}; begin another, or answer what was asked"
        )
    return case, fresh
