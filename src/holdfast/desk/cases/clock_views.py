"""Pages of a case's clocks: every interval with its reason, under this or another version of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.rulebook import rulebook
from holdfast.desk.clocks.ledger import Clock, Interval
from holdfast.desk.clocks.policy import ClockPolicy
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import versions

_FIRST, _LAST = 10, 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A clock with those of its intervals that a page shows at once, and what the others add up to."""

    clock: Clock
    first: Sequence[Interval]
    folded: Sequence[Interval]
    last: Sequence[Interval]

    @property
    def counted(self) -> timedelta:
        """How much of what is folded counts."""
        return sum((one.length for one in self.folded if one.counts), timedelta())


def shown(clock: Clock, *, whole: bool) -> Shown:
    """Fold the middle of a long clock: two years of office hours are a thousand intervals."""
    all_of_it = clock.intervals
    if whole or len(all_of_it) <= _FIRST + _LAST + 1:
        return Shown(clock, all_of_it, (), ())
    return Shown(clock, all_of_it[:_FIRST], all_of_it[_FIRST:-_LAST], all_of_it[-_LAST:])


def internal_case(person: Person, key: str) -> Case:
    """Return a case of which the person may see the inside."""
    case = visible_case(person, key)
    if not case.allows(person, Deed.SEE_INTERNAL):
        raise PermissionDenied("what the team sees of a case is not shown to your role")
    return case


@require_safe
def clocks(request: HttpRequest, key: str) -> HttpResponse:
    """Why each clock took as long as it did: its intervals. `version` replays another policy."""
    person = signed_in(request)
    case = internal_case(person, key)
    asked = request.GET.get("version", "")
    version = int(asked) if asked.isdecimal() and len(asked) < 9 else None
    book, now = rulebook(case.organisation, version), timezone.now()
    found = clocks_of(case, now, version=version)
    held = rulebook(case.organisation).clocks if version is not None else book.clocks
    context = {
        "case": case,
        "clocks": [shown(clock, whole="all" in request.GET) for clock in found],
        "policy": book.clocks,
        "holds": held,
        "contract": book.clocks.value.contract(case.customer.name if case.customer else "")[0],
        "needless": [(clock, pause) for clock in found for pause in clock.needless],
        "numbers": [one.version for one in versions(ClockPolicy, case.organisation, "default")] + [0],
        "now": now,
        "tab": "clocks",
        "may": {"see_internal": True},
        "clock": clock(case, now),
    }
    return render(request, "cases/clocks.html", context)


@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """What the person has to hear; reading marks them read."""
    mine = Notice.objects.filter(person=signed_in(request))
    if request.method == "POST":
        mine.filter(read_at=None).update(read_at=timezone.now())
        return redirect("notices")
    shown = mine.select_related("case__organisation").order_by("-given_at")[:100]
    return render(request, "cases/notices.html", {"notices": shown})
