"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.cases.models import Case
from holdfast.desk.links.models import Link
from holdfast.desk.people.models import Person


def _told(link: Link, by: Person) -> Mapping[str, Any] | None:
    """Tell another case by its key, to whoever sees it: there it is something outside."""
    if link.merges:
        return None
    if link.other_id is None:
        return {}
    other = Case.objects.visible_to(by).select_related("organisation").filter(id=link.other_id).first()
    return {"reference": other.key} if other else None


carries(Record(Link, anew=frozenset({"other", "merges"}), plain=frozenset({"reference"}), told=_told))
