"""Reading mitigations, always as somebody."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import Table, alone, table
from holdfast.desk.decisions.models import Decision
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.response.effect import MOST, Effect, effect
from holdfast.desk.response.mitigations import JOB, about, right_of
from holdfast.desk.response.models import LIVE, Mitigation, Sample


@dataclass(frozen=True, slots=True)
class Row:
    """A mitigation as one person sees it."""

    one: Mitigation
    effect: Effect
    decision: Decision | None
    needs: str
    """Who has to approve its start; empty where the person may start it alone."""
    probing: Job | None


def of_case(person: Person, case: Case) -> list[Row]:
    """Return a case's mitigations, newest first, with what their probes saw."""
    found = list(case.mitigations.select_related("owner")[:50])
    names = {about(one): None for one in found}
    decided = {
        one.about: one for one in Decision.objects.filter(case=case, about__in=names).order_by("number")
    }
    samples: dict[int, list[Sample]] = {}
    for sample in Sample.objects.filter(mitigation__case=case).order_by("-id")[: 10 * MOST]:
        samples.setdefault(sample.mitigation_id, []).insert(0, sample)
    open_ = Job.objects.filter(kind=JOB, case_id=case.id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    jobs = {one.payload["mitigation"]: one for one in open_ if one.payload["purpose"] == "verify"}
    rights = table(case.organisation_id)
    return [
        Row(
            one,
            effect(one, samples.get(one.id, [])[-MOST:]),
            decided.get(about(one)),
            _needs(person, case, one, rights),
            jobs.get(one.id),
        )
        for one in found
    ]


def _needs(person: Person, case: Case, one: Mitigation, rights: Table) -> str:
    right = right_of(one)
    return "" if alone(case, right, person, rights) else rights.who(right)


def register(person: Person) -> list[Mitigation]:
    """Return the temporary fixes in place on all cases a person sees from inside, the first to expire first."""
    inside = [m.organisation_id for m in person.standing if person.may(Deed.SEE_INTERNAL, m.organisation_id)]
    seen = Case.objects.visible_to(person).filter(organisation__in=inside)
    found = Mitigation.objects.filter(state__in=LIVE, case__in=seen.values("id"))
    related = ("case__organisation", "case__customer", "owner")
    return list(found.select_related(*related).order_by("expires_at", "id")[:500])
