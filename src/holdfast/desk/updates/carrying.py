"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.people.models import Person
from holdfast.desk.updates.models import Audience, Promise, Update


class Commitment(BaseModel):
    """What an update promises."""

    about: str
    text: str
    due: str


def _told(update: Update, _: Person) -> Mapping[str, Any] | None:
    """Leave what was published behind: it would stand on the other desk's public page."""
    return None if update.audience == Audience.STATUS else {}


_SHAPES = {
    "commitments": list[Commitment],
    "kept": dict[str, str],
    "to": list[str] | None,
    "data": dict[str, Any],
}

carries(
    Record(Update, anew=frozenset({"delivered"}), shapes=_SHAPES, told=_told),
    Record(Promise),
)
