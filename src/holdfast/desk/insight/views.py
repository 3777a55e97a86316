"""The figures page and the cases behind a number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.insight.api import known, who_counts
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.queries import behind, how_many, lines

MOST_SHOWN = 200


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Every figure by severity or source."""
    person = who_counts(request)
    found = [(figure, lines(figure, person)) for figure in all_figures().values()]
    return render(request, "insight/figures.html", {"figures": found})


@require_safe
def figure(request: HttpRequest, name: str, group: str) -> HttpResponse:
    """The cases behind one line of a figure."""
    person, counted = who_counts(request), known(name)
    found = behind(counted, person, group, most=MOST_SHOWN)
    number = len(found) if len(found) < MOST_SHOWN else how_many(counted, person, group)
    context = {"figure": counted, "group": group, "cases": found, "number": number, "most": MOST_SHOWN}
    return render(request, "insight/figure.html", context)
