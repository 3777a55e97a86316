"""Reading tickets, always as somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.engineering.models import (
    LISTED_WITHOUT,
    OPEN,
    UNFILED,
    Affected,
    Exchange,
    Standing,
    Ticket,
    Whether,
    Word,
)
from holdfast.desk.engineering.owners import OwnerValue, owned_by, owners
from holdfast.desk.engineering.parts import LACKING
from holdfast.desk.engineering.versions import Build, fix_for, has_fix
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.response.models import Mitigation
from holdfast.desk.response.models import Standing as Mitigated

SHOWN = 100
TAKEN, RETURNED = (Word.ACCEPTED, Word.FIXED), (Word.SENT_BACK, Word.DISPUTED)


def tickets_of(case: Case) -> list[Ticket]:
    """Return the tickets of a case, the newest first, and after them those it shares."""
    mine = list(case.tickets.select_related("author", "filed_by", "same_as")[:100])
    for one in mine:
        one.case = case
    return mine


def shared_by(person: Person, case: Case) -> list[Ticket]:
    """Return tickets of other cases that are of the same defect."""
    there = Ticket.objects.visible_to(person).filter(shares__case=case)
    return list(there.select_related("case__organisation", "filed_by").order_by("id")[:50])


def exchanges(ticket: Ticket) -> list[Exchange]:
    """Return what was said about a ticket, in order."""
    return list(ticket.exchanges.select_related("person")[:200])


@dataclass(frozen=True, slots=True)
class Listed:
    """An owner's tickets, and how many are on whom."""

    organisation: str
    owner: str
    title: str
    mine: bool
    """Whether the person answers for it."""
    tickets: Sequence[Ticket]
    open: int
    waits: int
    """For the owner's answer."""
    late: int


def by_owner(person: Person, *, everything: bool = False, owner: str = "") -> list[Listed]:
    """Return the filed tickets a person may see, by owner: the open ones, or all; those they answer for first."""
    there = Ticket.objects.visible_to(person).exclude(
        state__in=[Standing.DRAFT, Standing.DROPPED, Standing.SAME]
    )
    there = there if everything else there.filter(state__in=OPEN)
    rows = list(
        (there.filter(owner=owner) if owner else there)
        .select_related("case__organisation", "case__owner", "filed_by", "organisation")
        .defer(*LISTED_WITHOUT)
        .order_by("organisation_id", "owner", "priority", "-filed_at", "-id")[:SHOWN]
    )
    groups: dict[tuple[int, str], list[Ticket]] = {}
    for row in rows:
        groups.setdefault((row.organisation_id, row.owner), []).append(row)
    mine = owned_by(person)
    titles = {key: owners(key).owners for key in {key for key, _ in groups}}
    found = [
        _listed(name, _title(titles[key], name), name in mine.get(key, ()), group)
        for (key, name), group in groups.items()
    ]
    return sorted(found, key=lambda one: (not one.mine, one.organisation, one.owner))


def _title(known: Mapping[str, OwnerValue], name: str) -> str:
    return known[name].title if name in known else name


def _listed(name: str, title: str, mine: bool, group: list[Ticket]) -> Listed:
    now = timezone.now()
    return Listed(
        group[0].organisation.prefix,
        name,
        title,
        mine,
        group,
        sum(one.open for one in group),
        sum(one.state == Standing.FILED for one in group),
        sum(
            one.state == Standing.FILED and one.asked_at is not None and not _in_time(one, now)
            for one in group
        ),
    )


def _in_time(one: Ticket, now: datetime) -> bool:
    return one.late_at is not None and one.late_at > now


@dataclass(frozen=True, slots=True)
class Record:
    """What an owner did with the tickets of the last days."""

    days: int
    judged: int
    first_pass: int
    lacked: Sequence[tuple[str, int]]
    """What they were sent back for, the most frequent first."""
    questions: Sequence[Exchange]
    """The newest questions."""

    @property
    def percent(self) -> int | None:
        """The share accepted at first pass; None below ten, where a share says nothing."""
        return round(100 * self.first_pass / self.judged) if self.judged >= 10 else None


def record(person: Person, organisation_id: int, owner: str, days: int = 90) -> Record:
    """Return what an owner sent back before and with which questions, as far as the person may see the tickets."""
    since = timezone.now() - timedelta(days=days)
    theirs = Ticket.objects.visible_to(person).filter(organisation_id=organisation_id, owner=owner)
    told = Exchange.objects.filter(ticket=OuterRef("pk"), at__gt=since)
    took, back = Exists(told.filter(word__in=TAKEN)), Exists(told.filter(word__in=RETURNED))
    counted = theirs.annotate(took=took, back=back).aggregate(
        judged=Count("id", filter=Q(took=True) | Q(back=True)),
        first=Count("id", filter=Q(took=True, back=False)),
    )
    asked = Exchange.objects.filter(ticket__in=theirs.values("id"), at__gt=since, word=Word.SENT_BACK)
    lacked = asked.values("lacks").annotate(number=Count("id")).order_by("-number", "lacks")[:6]
    return Record(
        days,
        counted["judged"],
        counted["first"],
        [(LACKING.get(one["lacks"], one["lacks"]), one["number"]) for one in lacked],
        list(asked.exclude(text="").select_related("ticket__case__organisation").order_by("-id")[:4]),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A customer and a defect, as it stands now."""

    row: Affected
    ticket: Ticket
    stands: str
    """`verified`, `has the fix`, `fix is out`, `fix is built`, `no fix yet`, `not known`, `not affected`."""
    tone: str
    """How it looks: `met`, `warn`, `bad`, or nothing special."""
    install: str
    """Which version to install."""
    workaround: str
    may: bool
    """Whether the person may change it."""
    ticket_page: str
    case_page: str


_TONES = {
    "verified": "met",
    "has the fix": "warn",
    "fix is out": "bad",
    "no fix yet": "bad",
    "fix is built": "warn",
}


def matrix(person: Person, tickets: Iterable[Ticket]) -> list[Row]:
    """Return who of the customers stands where, of each ticket, by the cases the person may see."""
    known = {one.id: one for one in tickets}
    if not known:
        return []
    inside = [m.organisation_id for m in person.standing if person.may(Deed.SEE_INTERNAL, m.organisation_id)]
    seen = Case.objects.visible_to(person).filter(organisation_id__in=inside).values("id")
    rows = Affected.objects.filter(ticket__in=known, case__in=seen).select_related("case__organisation")
    # Many rows are of one case: of each only what names it is read, and its address is made once.
    named = [f"case__{name}" for name in ("number", "organisation__prefix")]
    own = [field.name for field in Affected._meta.concrete_fields]
    found = list(rows.only(*own, *named).order_by("ticket_id", "name")[:1000])
    cases = {one.case_id: one.case for one in found}
    pages = {key: reverse("case", args=[one.key]) for key, one in cases.items()}
    places = {key: reverse("ticket", args=[one.case.key, one.number]) for key, one in known.items()}
    builds = {
        key: [(Build(f.version, f.line), f.released_at) for f in one.fixes.all()]
        for key, one in known.items()
    }
    helps = _workarounds({row.case_id for row in found})
    return [
        _row(
            person,
            one,
            known[one.ticket_id],
            builds[one.ticket_id],
            helps,
            (places[one.ticket_id], pages[one.case_id]),
        )
        for one in found
    ]


def _workarounds(cases: set[int]) -> dict[int, str]:
    held = Mitigation.objects.filter(case__in=cases, state=Mitigated.HELD).order_by("number")
    told: dict[int, list[str]] = {}
    for one in held:
        told.setdefault(one.case_id, []).append(f"{one}: {one.what}")
    return {key: "; ".join(parts) for key, parts in told.items()}


def _row(
    person: Person,
    one: Affected,
    ticket: Ticket,
    builds: list[tuple[Build, datetime | None]],
    helps: dict[int, str],
    pages: tuple[str, str],
) -> Row:
    stands = where_stands(one, builds)
    out = [build for build, released in builds if released is not None]
    install = fix_for(one.version, out) if stands == "fix is out" else None
    return Row(
        one,
        ticket,
        stands,
        _TONES.get(stands, ""),
        install.version if install else "",
        one.workaround or helps.get(one.case_id, ""),
        person.may(Deed.RECORD, ticket.organisation_id),
        *pages,
    )


def where_stands(one: Affected, builds: Sequence[tuple[Build, datetime | None]]) -> str:
    """Return where a customer stands with a defect."""
    if one.affected == Whether.NO:
        return "not affected"
    if one.verified_at is not None:
        return "verified"
    if not builds:
        return "no fix yet"
    has = has_fix(one.version, [build for build, _ in builds]) if one.version else None
    if has:
        return "has the fix"
    if has is None:
        return "not known"
    out = [build for build, released in builds if released is not None]
    if fix_for(one.version, out) is not None:
        return "fix is out"
    return (
        "fix is built" if fix_for(one.version, [build for build, _ in builds]) is not None else "no fix yet"
    )


def defects(person: Person, *, customer: str = "", everything: bool = False) -> list[Row]:
    """Return the matrix over all defects a person may see: the filed tickets that are not withdrawn, the newest first.
    Without `everything` those verified everywhere are left out."""
    there = Ticket.objects.visible_to(person).exclude(state__in=[*UNFILED, Standing.WITHDRAWN])
    rows = Affected.objects.filter(ticket=OuterRef("pk"), name__icontains=customer)
    if not everything:
        rows = rows.filter(verified_at=None).exclude(affected=Whether.NO)
    there = there.filter(Exists(rows))
    found = list(
        there.select_related("case__organisation")
        .defer("parts", "filled", "patch", "open_checks")
        .prefetch_related("fixes")
        .order_by("-filed_at", "-id")[:SHOWN]
    )
    shown = [
        row
        for row in matrix(person, found)
        if customer.lower() in row.row.name.lower()
        and (everything or row.stands not in ("verified", "not affected"))
    ]
    place = {one.id: at for at, one in enumerate(found)}
    return sorted(shown, key=lambda row: (place[row.ticket.id], row.row.name))


def offered(person: Person, ticket: Ticket) -> list[Case]:
    """Return open cases that may have the same defect: linked to one of its cases, or with the same component."""
    from holdfast.desk.links.models import Link

    mine = {ticket.case_id, *ticket.shares.values_list("case_id", flat=True)}
    links = Link.objects.filter(Q(case__in=mine) | Q(other__in=mine), ended_at=None).exclude(other=None)
    linked = {side for pair in links.values_list("case_id", "other_id") for side in pair} - mine
    rule = Q(id__in=linked)
    if ticket.component:
        rule |= Q(component=ticket.component, closed_at=None)
    there = (
        Case.objects.visible_to(person)
        .filter(rule, organisation_id=ticket.organisation_id)
        .exclude(id__in=mine)
    )
    return list(there.select_related("organisation", "customer").order_by("-reported_at")[:10])
