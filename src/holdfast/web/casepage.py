"""The case page: it shows what every room knows of a case, so it stands after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.arrival.views import intake_context
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.outside import cases_as_read
from holdfast.desk.cases.queries import neighbours, possible_helpers, possible_owners, visible_case
from holdfast.desk.cases.views import timeline_context
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.closure.hygiene import untidy
from holdfast.desk.environments.queries import environments
from holdfast.desk.impact.models import What
from holdfast.desk.impact.queries import constraints, numbers
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.candidates import Candidate, candidates
from holdfast.desk.investigation.models import Diagnosis, Hypothesis
from holdfast.desk.investigation.story import proof, ruled_out
from holdfast.desk.links.models import Relation
from holdfast.desk.links.queries import links_of
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.triage.views import CHOICES
from holdfast.desk.vault.commands import CHUNK_LIMIT
from holdfast.desk.vault.gate import named


@require_safe
def case(request: HttpRequest, key: str) -> HttpResponse:
    """What is broken for whom, what is known, what is ruled out, who does what, which clock runs."""
    person = signed_in(request)
    found = cases_as_read(person, [visible_case(person, key)])[0]
    context = timeline_context(request, person, found) | head(person, found) | _engine(person, found)
    context |= {
        "tab": "case",
        "clocks": _newest(clocks_of(found)) if context["may"]["see_internal"] else [],
        "untidy": untidy(found) if context["may"]["see_internal"] else [],
        "hypotheses": list(found.hypotheses.prefetch_related("experiments"))
        if context["may"]["see_internal"]
        else [],
        "judges": not context["may"]["see_internal"],
        "artefacts": named(found, list(found.artefacts.all()[:50])),
        "parts": list(found.parts.select_related("person")) if context["may"]["see_internal"] else [],
        "owners": possible_owners(found) if context["may"]["assign"] else [],
        "piece": min(CHUNK_LIMIT, 8 * 2**20),
    }
    if context["may"]["see_internal"]:
        context |= _linked(person, found) | _tests(context["hypotheses"])
        context |= intake_context(found)
        context |= {"choices": CHOICES, "offered": _offered(context)}
        context["former"], context["latter"] = neighbours(person, found)
        context["helpers"] = possible_helpers(found) if context["may"]["assign"] else []
    return render(request, "case.html", context)


def _linked(person: Person, found: Case) -> dict[str, Any]:
    links = links_of(person, found)
    return {
        "environments": list(environments(found).defer("settings")),
        "numbers": numbers(found),
        "constraints": constraints(found),
        "whats": What.choices,
        "links": links,
        "relations": Relation.choices,
        "merged_here": [one for one in links if one.merged_here],
    }


def _offered(context: dict[str, Any]) -> list[Candidate]:
    """Return what the diagnosis offers as a hypothesis, while nobody has proposed one."""
    if context["hypotheses"] or not context["kept"]:
        return []
    return candidates(context["kept"])[:3]


def _tests(claims: Sequence[Hypothesis]) -> dict[str, Any]:
    tests = [test for one in claims for test in one.experiments.all()]
    done = [test for test in tests if test.finished_at is not None]
    return {
        "running": [test for test in tests if test.finished_at is None],
        "finished": sorted(done, key=lambda test: test.finished_at, reverse=True),
    }


def _newest(clocks: list[Clock]) -> list[Clock]:
    """Return one of each clock: of those that repeat, the newest."""
    return list({one.rule.name: one for one in clocks}.values())


def head(person: Person, found: Case) -> dict[str, Any]:
    """Return what the header of a case needs."""
    rights = {str(deed): found.allows(person, deed) for deed in Deed}
    return {"clock": clock(found), "may": rights}


def _engine(person: Person, found: Case) -> dict[str, Any]:
    if not found.allows(person, Deed.SEE_INTERNAL):
        return {"kept": None, "job": None}
    kept = queries.newest(found)
    return {"kept": kept, "job": queries.reading(found), **(_told(kept) if kept else {})}


def _told(kept: Diagnosis) -> dict[str, Any]:
    report = kept.report
    onset = report["onset"]
    cited = proof(report, onset["locators"][0]) if onset and onset["locators"] else None
    first = report["components"][:1]
    return {
        "report": report,
        "cited": cited,
        "ruled_out": ruled_out(report),
        "first": first[0] if first else None,
    }
