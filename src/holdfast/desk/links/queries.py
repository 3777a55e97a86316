"""Reading links, always as somebody: one that leads to a case they may not see is not there for them."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q

from holdfast.desk.cases.commands import Conflict, require_right
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.links.models import BACKWARDS, Link, Relation
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as one of its sides sees it."""

    link: Link
    word: str
    """What the other side is to this case."""
    other: Case | None
    """None where it is kept outside the desk."""

    @property
    def merged_here(self) -> bool:
        """Whether the other side is merged into this case."""
        return self.link.merges and self.other is not None and self.link.case_id == self.other.id

    @property
    def merges(self) -> bool:
        """Whether this case is merged into the other side."""
        return self.link.merges and not self.merged_here


def links_of(person: Person, case: Case) -> list[Shown]:
    """Return the links that hold, in the order of their kinds, both directions."""
    rows = list(Link.objects.filter(Q(case=case) | Q(other=case), ended_at=None).order_by("relation", "id"))
    ids = {there for row in rows if (there := _other_id(row, case)) is not None}
    seen = {}
    if ids:
        known = Case.objects.visible_to(person).filter(id__in=ids).select_related("organisation", "owner")
        seen = {one.id: one for one in known}
    return [
        shown for row in rows if (shown := _shown(row, case, seen)).other is not None or row.other_id is None
    ]


def _other_id(row: Link, case: Case) -> int | None:
    return row.other_id if row.case_id == case.id else row.case_id


def _shown(row: Link, case: Case, seen: dict[int, Case]) -> Shown:
    kind, there = Relation(row.relation), _other_id(row, case)
    word = kind.label if row.case_id == case.id else BACKWARDS[kind]
    return Shown(row, word, seen.get(there) if there else None)


def other_side(person: Person, case: Case, number: int) -> Case:
    """Return the case at the other side of a link, also of one that has ended; DoesNotExist if not visible."""
    row = Link.objects.get(Q(case=case) | Q(other=case), id=number)
    there = _other_id(row, case)
    if there is None:
        raise Case.DoesNotExist
    return Case.objects.visible_to(person).select_related("organisation").get(id=there)


def named(person: Person, key: str, case: Case, deed: Deed) -> Case:
    """Return the case somebody names as the other side of theirs, if they may do this to theirs.

    One they may not see is as one that is not there.
    """
    require_right(case, person, deed)
    try:
        return visible_case(person, key.strip())
    except ObjectDoesNotExist as error:
        raise Conflict(f"there is no case {key.strip()[:20]!r} that you may see") from error
