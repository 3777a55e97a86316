"""What a severity rests on, and what else happened near the onset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.people.models import Person

AROUND = timedelta(hours=6)
MOST = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy or another change that the evidence shows."""

    at: datetime
    component: str
    title: str
    finding: str
    before: timedelta
    """How long before the onset; negative when after."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another case near the onset, and what it shares with this one."""

    case: Case
    before: timedelta
    shares: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """What happened near the onset."""

    onset: datetime
    given: bool
    """Whether the onset is from a diagnosis; else it is the moment of the report."""
    changes: tuple[Change, ...]
    cases: tuple[Neighbour, ...]


def near(person: Person, case: Case) -> Near:
    """Return changes of the case's newest diagnosis and other cases within hours of the onset."""
    kept = Diagnosis.objects.filter(case=case).order_by("-version").first()
    report: dict[str, Any] = kept.report if kept else {}
    onset = _time(report["onset"]["latest"]) if report.get("onset") else None
    at = onset or case.reported_at
    return Near(at, onset is not None, tuple(_changes(report, at)), tuple(_cases(person, case, at)))


def _changes(report: dict[str, Any], onset: datetime) -> list[Change]:
    found = [
        Change(at, moment["component"], moment["title"], moment["finding"], onset - at)
        for moment in report.get("timeline", [])
        if moment["kind"] == "change" and (at := _time(moment["time"])) is not None
    ]
    return sorted(found, key=lambda one: abs(one.before))[:MOST]


def _cases(person: Person, case: Case, onset: datetime) -> list[Neighbour]:
    around = Case.objects.visible_to(person).filter(
        organisation_id=case.organisation_id, reported_at__range=(onset - AROUND, onset + AROUND)
    )
    found = around.exclude(id=case.id).listed().order_by("-reported_at")[:MOST]
    rows = [Neighbour(other, onset - other.reported_at, _shared(case, other)) for other in found]
    return sorted(rows, key=lambda row: (-len(row.shares), abs(row.before)))


def _shared(case: Case, other: Case) -> tuple[str, ...]:
    shares = []
    if case.component and case.component == other.component:
        shares.append(f"component {case.component}")
    if case.customer_id and case.customer_id == other.customer_id:
        shares.append("customer")
    if case.area and case.area == other.area:
        shares.append(f"area {case.area}")
    for name in ("tenants", "regions", "versions"):
        common = set(case.scope.get(name, ())) & set(other.scope.get(name, ()))
        shares += [f"{name.removesuffix('s')} {one}" for one in sorted(common)[:3]]
    return tuple(shares)


def decided(case: Case) -> Entry | None:
    """Return the newest decision about the severity."""
    found = case.entries.filter(kind=Kind.DECISION, data__field="severity").select_related("person")
    return found.order_by("-position").first()


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00") if text.endswith("Z") else None
