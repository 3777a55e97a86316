"""Case hygiene: what is missing, stale or contradictory. A check is a condition on cases, asked of all or of one."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, ClassVar, Literal

from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.utils import timezone

from holdfast.desk.cases.models import Case, CaseQuerySet
from holdfast.desk.cases.states import State
from holdfast.desk.people.models import Person


class Check(ABC):
    """One check. A subclass in `checks/` is registered by being there."""

    registry: ClassVar[dict[str, type[Check]]] = {}
    name: ClassVar[str]
    sort: ClassVar[Literal["missing", "stale", "contradictory", "habit"]]
    says: ClassVar[str]
    """What is wrong, as read on the case."""
    repair: ClassVar[str]
    """What to do about it."""

    def __init_subclass__(cls) -> None:
        if cls.name in Check.registry:
            raise ValueError(f"two checks are called {cls.name}")
        Check.registry[cls.name] = cls

    @abstractmethod
    def where(self, now: datetime) -> Q:
        """Return the condition under which a case is untidy."""


@cache
def all_checks() -> dict[str, Check]:
    """Return one of each check by its name."""
    from holdfast.desk.closure import checks

    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"{checks.__name__}.{module.name}")
    return {name: kind() for name, kind in sorted(Check.registry.items())}


def untidy(case: Case, now: datetime | None = None) -> list[Check]:
    """Return what is wrong with one case, in one query."""
    question, values = _question((now or timezone.now()).replace(second=0, microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute(question, [*values, case.id])
        row = cursor.fetchone() or ()
    return [check for check, holds in zip(all_checks().values(), row, strict=False) if holds]


@lru_cache(2)
def _question(minute: datetime) -> tuple[str, tuple[Any, ...]]:
    """Return the query that asks every check of one case, and its values without the case's id, which comes last.

    To put it together takes far longer than to ask it, and no check minds the seconds.
    """
    marks = {_column(name): _wrapped(check.where(minute)) for name, check in all_checks().items()}
    cases = Case.objects.filter(id=0).annotate(**marks).values_list(*marks)
    question, values = cases.query.sql_with_params()
    return question, values[:-1]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases a check finds."""

    check: Check
    number: int


def tally(person: Person, now: datetime | None = None) -> list[Tally]:
    """Return how many of the person's cases each check finds, in one query."""
    now, known = now or timezone.now(), all_checks()
    numbers = {_column(name): Count("id", filter=check.where(now)) for name, check in known.items()}
    found = looked_at(person).aggregate(**numbers)
    return [Tally(check, found[_column(name)]) for name, check in known.items()]


def found_by(check: Check, person: Person, now: datetime | None = None) -> CaseQuerySet:
    """Return the cases a check finds, in the order of work."""
    return looked_at(person).filter(check.where(now or timezone.now())).in_order().listed()


def looked_at(person: Person) -> CaseQuerySet:
    """Return the cases checks look at: those that are not closed yet, and those closed and written to again."""
    return Case.objects.visible_to(person).filter(Q(state__in=_NOT_CLOSED) | BACK)


# Named one by one: databases look up a list in an index, but read every row for what something is not.
_NOT_CLOSED = [state for state in State if state != State.CLOSED]
BACK = Q(state__in=["resolved", "closed"], came_back=True)
"""The customer wrote after it was resolved."""


def _column(name: str) -> str:
    return f"is_{name.replace('-', '_')}"


def _wrapped(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())
