"""Reading impact and constraints."""

from __future__ import annotations

from holdfast.desk.cases.models import Case
from holdfast.desk.impact.models import Constraint, Number, What

_ORDER = {what.value: place for place, what in enumerate(What)}


def numbers(case: Case) -> list[Number]:
    """Return the numbers that hold, users first."""
    held = Number.objects.filter(case=case, replaced_at=None)
    return sorted(held, key=lambda one: _ORDER[one.what])


def constraints(case: Case) -> list[Constraint]:
    """Return the constraints nobody lifted, those that end first before, those without an end last."""
    held = list(Constraint.objects.filter(case=case, lifted_at=None))
    return sorted(held, key=lambda one: (one.until is None, one.until, one.number))
