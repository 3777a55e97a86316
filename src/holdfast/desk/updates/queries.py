"""Reading updates and promises, as somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.links.queries import links_of
from holdfast.desk.people.models import Person
from holdfast.desk.updates.models import Promise, Update

APART = timedelta(hours=12)
"""Two times for the same thing that are further apart contradict each other."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two customers were promised the same thing of one defect at different times."""

    mine: Promise
    other: Promise

    @property
    def says(self) -> str:
        """One sentence."""
        one, two = (f"{at:%d %b %H:%M} UTC" for at in (self.mine.due_at, self.other.due_at))
        return f"{self.mine.get_about_display()} by {one} here, by {two} on {self.other.case.key}"


def updates_of(case: Case) -> list[Update]:
    """Return the updates of a case, the newest first."""
    return list(case.updates.select_related("author", "sent_by")[:100])


def promises_of(case: Case) -> list[Promise]:
    """Return the promises of a case, the open ones first, then by time."""
    found = list(case.promises.select_related("update", "made_by", "instead")[:200])
    return sorted(found, key=lambda one: (one.state != "open", one.due_at))


def contradictions(person: Person, case: Case) -> list[Contradiction]:
    """Return promises of linked cases, as far as the person sees them, that another customer cannot both be given."""
    others = [one.other for one in links_of(person, case) if one.other is not None]
    if not others:
        return []
    told = [Promise.State.OPEN, Promise.State.BROKEN]
    mine = case.promises.filter(state__in=told).exclude(about__in=("update", "other"))
    theirs = list(
        Promise.objects.filter(case__in=[other.id for other in others], state__in=told)
        .select_related("case__organisation")
        .order_by("due_at")
    )
    return [
        Contradiction(one, other)
        for one in mine
        for other in theirs
        if one.about == other.about and abs(one.due_at - other.due_at) > APART
    ]


def register(person: Person, now: datetime | None = None) -> list[Promise]:
    """Return the open promises on all cases the person sees, and those broken in the last week."""
    now = now or timezone.now()
    seen = Promise.objects.filter(case__in=Case.objects.visible_to(person))
    held = seen.filter(state=Promise.State.OPEN) | seen.filter(
        state=Promise.State.BROKEN, settled_at__gt=now - timedelta(days=7)
    )
    return list(held.select_related("case__organisation", "case__owner", "update").order_by("due_at")[:300])
