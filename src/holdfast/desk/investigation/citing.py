"""Citing the evidence on the timeline."""

from __future__ import annotations

from holdfast.desk.cases.commands import record_fact, require_right
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.investigation.queries import newest
from holdfast.desk.investigation.story import cite
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed


def cite_fact(case: Case, text: str, proof: str, *, by: Person, version: int | None = None) -> Entry:
    """Record what a finding (`F-03`) or a place (`route.log:54`) of a diagnosis shows, the newest if none is named."""
    require_right(case, by, Deed.RECORD)
    require_right(case, by, Deed.READ_EVIDENCE)
    kept = newest(case, version)
    finding, places = cite(kept.report if kept else None, proof.strip())
    data = {"diagnosis": kept.version if kept else None, "finding": finding, "places": places}
    return record_fact(case, text, by=by, data=data)
