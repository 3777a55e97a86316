"""When the evidence pack of a case becomes complete, and when it no longer is: told on the timeline."""

from __future__ import annotations

from holdfast.desk.arrival.completeness import completeness
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.timeline import append, when_written

_ASKING = {"severity", "impact", "intake template"}
"""Fields whose change may make the template ask for more, or the case answer it."""


@when_written
def look(case: Case, entry: Entry) -> None:
    """Count the pack anew after whatever may have filled it: evidence, words of those who filed it, a mark."""
    data = entry.data
    field = str(data.get("field", ""))
    said = entry.kind == Kind.COMMENT and entry.shared
    if entry.position == 1 or "artefact" in data or said or field in _ASKING or field.startswith("intake "):
        note(case)


def note(case: Case) -> Entry | None:
    """Tell the timeline of a locked case when its pack became complete, or stopped being so."""
    found = completeness(case)
    told = case.entries.filter(kind=Kind.STATE, data__has_key="pack").order_by("-position").first()
    before, now = bool(told and told.data["pack"]), not found.missing
    if before == now:
        return None
    given = f"{found.given} of {len(found.asked)}"
    text = f"Evidence pack complete: {given}" if now else f"Evidence pack no longer complete: {given}"
    data = {
        "pack": now,
        "given": found.given,
        "asked_for": len(found.asked),
        "template": found.template.name,
        "template_version": found.template.version,
    }
    return append(case, Kind.STATE, text, by=None, event="case.pack", data=data)
