"""Linking a case to another or to something outside, and ending a link.

What is written on a timeline never names the other case: not everybody who reads one of two cases may see
the other. The entry carries the link's number, and the reader's rights decide what becomes of it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.links.models import BACKWARDS, ONE_WAY, OUTSIDE, Link, Relation
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed


@transaction.atomic
def link(case: Case, relation: str, other: Case, *, by: Person) -> Link:
    """Link a case to another; what it is to the other stands on the timeline of both. Twice is once."""
    kind = relation_of(relation)
    if case.id == other.id:
        raise Conflict(f"{case.key} cannot be linked to itself")
    _take_turns(case, other, kind)
    case, other = both(case, other, by, Deed.RECORD)
    standing = Link.objects.filter(case=case, relation=kind, ended_at=None)
    if (same := standing.filter(other=other).first()) is not None:
        return same
    if kind in ONE_WAY:
        _require_free(case, standing.exists(), kind)
        _require_no_way_back(case, other, kind)
    made = Link.objects.create(case=case, relation=kind, other=other, made_by=by)
    _tell(case, made, by, f"Linked. {kind.label}: another case")
    _tell(other, made, by, f"Linked. {BACKWARDS[kind]}: another case")
    return made


@transaction.atomic
def link_outside(case: Case, relation: str, reference: str, *, by: Person, url: str = "") -> Link:
    """Link a case to an incident, a problem or a change that another system keeps. Twice is once."""
    kind, name, url = relation_of(relation), reference.strip(), url.strip()
    if kind not in OUTSIDE:
        raise Conflict(
            f"{kind.label.lower()} is a case of this desk; only {_listed(OUTSIDE)} may lie outside"
        )
    if not name or len(name) > 120 or len(url) > 500:
        raise Conflict("an outside reference is an id of up to 120 characters, its address of up to 500")
    case = allowed(case, by, Deed.RECORD)
    made, created = Link.objects.get_or_create(
        case=case, relation=kind, reference=name, ended_at=None, defaults={"url": url, "made_by": by}
    )
    if created:
        data = change(case, kind.label.lower(), None, name)
        _tell(case, made, by, "Linked", data)
    return made


@transaction.atomic
def end_link(case: Case, number: int, *, by: Person) -> Link:
    """End a link of a case, from either side."""
    found = Link.objects.select_related("case__organisation", "other__organisation")
    made = found.get(Q(case=case) | Q(other=case), id=number)
    if made.other is None:
        sides = [allowed(made.case, by, Deed.RECORD)]
    else:
        sides = list(both(made.case, made.other, by, Deed.RECORD))
    made.refresh_from_db(fields=["ended_at", "merges"])
    if made.ended_at is not None:
        return made
    if made.merges:
        raise Conflict(
            f"{sides[0].key} is merged by this link; take the merge back, that keeps its clocks right"
        )
    made.ended_at, made.ended_by = timezone.now(), by
    made.save(update_fields=["ended_at", "ended_by"])
    kind = Relation(made.relation)
    for side, word in zip(sides, (kind.label, BACKWARDS[kind]), strict=False):
        _tell(side, made, by, f"No longer linked. {word}: {made.reference or 'another case'}")
    return made


def relation_of(text: str) -> Relation:
    """Return a relation by its name."""
    try:
        return Relation(text)
    except ValueError as error:
        raise Conflict(f"there is no link {text[:40]!r}; {_listed(Relation)} are known") from error


def _listed(kinds: Any) -> str:
    return ", ".join(kind.value for kind in kinds)


def both(one: Case, other: Case, by: Person, deed: Deed) -> tuple[Case, Case]:
    """Return two cases locked, always in one order so that two deeds cannot wait for each other."""
    locked = {case.id: allowed(case, by, deed) for case in sorted((one, other), key=lambda case: case.id)}
    return locked[one.id], locked[other.id]


def _take_turns(case: Case, other: Case, kind: Relation) -> None:
    """Have links that lead upwards made one by one: two at once could close a circle together."""
    if kind not in ONE_WAY:
        return
    if case.organisation_id != other.organisation_id:
        raise Conflict(f"{kind.label.lower()}: both cases have to be of one organisation")
    Organisation.objects.filter(id=case.organisation_id).update(last_number=F("last_number"))


def _require_free(case: Case, taken: bool, kind: Relation) -> None:
    if taken:
        what = "has a parent" if kind == Relation.PARENT else "is a duplicate of another case"
        raise Conflict(f"{case.key} {what} already; end that link first")


def _require_no_way_back(case: Case, other: Case, kind: Relation) -> None:
    seen: set[int] = set()
    at: list[int] = [other.id]
    while at:
        if case.id in at:
            raise Conflict(f"{other.key} leads back to {case.key} by its own links; that would be a circle")
        seen.update(at)
        rows = Link.objects.filter(case_id__in=at, relation=kind, ended_at=None, other__isnull=False)
        at = [one for one in rows.values_list("other_id", flat=True) if one is not None and one not in seen]


def _tell(case: Case, made: Link, by: Person, text: str, data: dict[str, Any] | None = None) -> None:
    name = "link" if made.other_id else "outside_link"
    more = (data or {}) | {name: made.id, "relation": made.relation}
    append(case, Kind.ACTION, text, by=by, event="case.linked", data=more)
