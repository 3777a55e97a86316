"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.portable.queries import may_import

_PLACES = (
    ("queue", "Queue", ""),
    ("cases", "Cases", ""),
    ("tray", "Arrivals", Deed.SORT_ARRIVALS),
    ("my_decisions", "Decisions", Deed.SEE_INTERNAL),
    ("register", "Mitigations", Deed.SEE_INTERNAL),
    ("owned_tickets", "Tickets", Deed.SEE_INTERNAL),
    ("figures", "Figures", Deed.SEE_FIGURES),
    ("policies", "Policies", Deed.SEE_POLICIES),
    ("ledger", "Ledger", Deed.SEE_AUDIT),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the places of the top bar that the person may enter."""
    person = request.user if hasattr(request, "user") else None
    if not isinstance(person, Person):
        return {"places": [], "user": person}
    here = request.resolver_match.url_name if request.resolver_match else ""
    return {
        "user": person,
        "here": here,
        "places": [
            {"name": name, "label": label}
            for name, label, deed in _PLACES
            if not deed or person.may_anywhere(Deed(deed))
        ],
        "manages": [
            m.organisation for m in person.standing if person.may(Deed.MANAGE_PEOPLE, m.organisation_id)
        ],
        "may_declare": person.may_anywhere(Deed.DECLARE),
        "may_import": any(may_import(person, m.organisation_id) for m in person.standing),
    }
