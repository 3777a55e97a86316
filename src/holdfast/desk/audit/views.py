"""The page of the ledger."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.audit import queries
from holdfast.desk.people.queries import signed_in


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """How long the log is, who witnesses it, what was logged last."""
    found = queries.state(signed_in(request))
    rows = []
    for leaf in found.leaves:
        told = json.loads(leaf.entry)
        rows.append((leaf, told, {one.path: one.value for one in leaf.openings.all()}))
    return render(request, "audit/ledger.html", {"state": found, "rows": rows})
