"""A case as somebody outside reads it. What the team works with stays with the team: a customer reads what they told
us, what changed, and the updates."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from holdfast.desk.cases.models import OUTSIDE, Case, Entry
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

_TOLD = (
    "field",
    "from",
    "to",
    "case",
    "side",
    "acknowledged",
    "resolution",
    "satisfaction",
    "next",
    "sha256",
)
_CHANGES = ("state", "severity")


def entries_as_read(person: Person, case: Case, entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the words meant for the person, and with as much of their data."""
    found = list(entries)
    if case.allows(person, Deed.SEE_INTERNAL):
        return found
    return [_outside(entry) for entry in found]


def _outside(entry: Entry) -> Entry:
    told = copy.copy(entry)
    told.text = entry.data.get(OUTSIDE, entry.text)
    names = _TOLD if entry.data.get("field") in (None, *_CHANGES) else _TOLD[4:]
    told.data = {name: entry.data[name] for name in names if name in entry.data}
    return told


def cases_as_read(person: Person, cases: Iterable[Case]) -> list[Case]:
    """Return cases without what the team notes down for itself, to whoever is not of the team."""
    found = list(cases)
    outside = [case.id for case in found if not case.allows(person, Deed.SEE_INTERNAL)]
    if not outside:
        return found
    changes = Entry.objects.filter(case__in=outside, data__field="impact").order_by("-position")
    reported = {entry.case_id: entry.data["from"] or "" for entry in changes}
    return [_case(case, reported) if case.id in outside else case for case in found]


def _case(case: Case, reported: dict[int, str]) -> Case:
    told = copy.copy(case)
    told.impact = reported.get(case.id, case.impact)
    told.component = told.next_step = told.blocked_on = ""
    told.next_step_by, told.scope, told.disputed = None, {}, False
    return told
