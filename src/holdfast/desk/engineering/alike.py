"""Tickets that read like another: shared words weighted by how rare they are, and the same component."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.utils import timezone

from holdfast.desk.engineering.models import LISTED_WITHOUT, UNFILED, Ticket
from holdfast.desk.people.models import Person

SAME = 0.6
"""From here on two tickets are taken for one until somebody says otherwise."""
WITHIN = timedelta(days=180)
MOST = 300
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,}|\d{3,}")
_HUMP = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_PLAIN = frozenset(
    {"and", "are", "for", "from", "has", "its", "not", "that", "the", "this", "was", "when", "with"}
)
_PLAIN |= {"after", "again", "before", "since", "utc"}


@dataclass(frozen=True, slots=True)
class Alike:
    """A ticket and how much it is like this one, 0 to 1, with the words both have."""

    ticket: Ticket
    score: float
    shared: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it is taken for the same defect."""
        return self.score >= SAME


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """Return the words of a text, names of code whole and in their parts."""
    found = set()
    for word in _WORD.findall(text):
        found.add(word.lower().strip(".-_"))
        found.update(part.lower() for part in _HUMP.findall(word) if len(part) > 2)
    return frozenset(found - _PLAIN)


def likeness(mine: frozenset[str], theirs: frozenset[str], weights: Mapping[str, float]) -> float:
    """Return twice the weight shared over the weight of both, 0 to 1."""
    whole = sum(weights.get(word, 1.0) for word in mine) + sum(weights.get(word, 1.0) for word in theirs)
    shared = sum(weights.get(word, 1.0) for word in mine & theirs)
    return 2 * shared / whole if whole else 0.0


def alike(ticket: Ticket, by: Person, most: int = 3) -> list[Alike]:
    """Return the tickets of the same owner most like this one, as far as the person may see them."""
    since = timezone.now() - WITHIN
    there = Ticket.objects.visible_to(by).filter(
        organisation_id=ticket.organisation_id, owner=ticket.owner, made_at__gt=since
    )
    rows = list(
        there.exclude(id=ticket.id)
        .exclude(state__in=UNFILED)
        .select_related("case__organisation")
        .defer(*LISTED_WITHOUT)
        .order_by("-id")[:MOST]
    )
    mine = _told(ticket)
    told = {row.id: _told(row) for row in rows}
    counts = Counter(word for one in told.values() for word in one)
    weights = {word: math.log(1 + (len(rows) + 1) / (1 + counts[word])) for word in {*counts, *mine}}
    found = [_compared(ticket, row, mine, told[row.id], weights) for row in rows]
    return sorted((one for one in found if one.score >= 0.2), key=lambda one: -one.score)[:most]


def _told(ticket: Ticket) -> frozenset[str]:
    said = ticket.document
    parts = said.get("parts", {})
    return words(f"{said.get('summary', '')} {parts.get('actual', '')} {parts.get('expected', '')}")


def _compared(
    ticket: Ticket, row: Ticket, mine: frozenset[str], theirs: frozenset[str], weights: Mapping[str, float]
) -> Alike:
    score = likeness(mine, theirs, weights)
    if ticket.component and ticket.component == row.component:
        score = score + (1 - score) * 0.15
    shared = sorted(mine & theirs, key=lambda word: -weights.get(word, 1.0))[:5]
    return Alike(row, round(score, 2), tuple(shared))
