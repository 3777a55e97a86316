"""Keeping what figures are of a case, in the transaction of the entry that changed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from holdfast.desk.cases.models import Case
from holdfast.desk.cases.timeline import when_told
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.clocks.story import Step
from holdfast.desk.insight.figure import Figure, Share, Told, Value
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.models import Measure


@when_told
def measure(case: Case, steps: Sequence[Step], clocks: Sequence[Clock], now: datetime) -> None:
    """Count every figure of the case anew and keep it."""
    told = as_told(case, steps, clocks)
    rows = [row for figure in all_figures().values() if (row := _row(case, figure, told, now)) is not None]
    names = [row.figure for row in rows]
    if case.entries_count > 1:
        Measure.objects.filter(case=case).exclude(figure__in=names).delete()
    Measure.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["case", "figure"], update_fields=_KEPT
    )


_KEPT = ["version", "group", "reported_at", "part", "whole", "running", "counts_from"]


def as_told(case: Case, steps: Sequence[Step], clocks: Sequence[Clock]) -> Told:
    """Return a case as figures see it."""
    return Told(
        case.key, case.title, case.severity, case.reported_at, case.closed_at, steps, case.source, clocks
    )


def _row(case: Case, figure: Figure, told: Told, now: datetime) -> Measure | None:
    found = figure.of(told, now)
    return None if found is None else Measure(**described(case, figure, found))


def described(case: Case, figure: Figure, found: Value | Share) -> dict[str, Any]:
    """Return what is kept of a value."""
    kept: dict[str, Any] = {
        "case": case,
        "organisation_id": case.organisation_id,
        "figure": figure.name,
        "version": figure.version,
        "group": case.source if figure.by == "source" else str(case.severity),
        "reported_at": case.reported_at,
    }
    if isinstance(found, Value):
        return kept | {"part": 0.0 if found.running else found.seconds, "running": found.running}
    return kept | {"part": found.part, "whole": found.whole, "counts_from": found.counts_from}
