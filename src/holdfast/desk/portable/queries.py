"""Where cases came from, and who may import, read as somebody."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.portable.models import Origin


def may_import(person: Person, organisation_id: int) -> bool:
    """Whether a person takes cases of other desks in for an organisation."""
    return person.may(Deed.DECIDE, organisation_id) and person.may(Deed.ATTACH, organisation_id)


def houses(person: Person) -> list[Organisation]:
    """Return the organisations a person imports cases into; PermissionDenied for none."""
    found = [one.organisation for one in person.standing if may_import(person, one.organisation_id)]
    if not found:
        raise PermissionDenied("your role does not import cases")
    return found


def house(person: Person, prefix: str) -> Organisation:
    """Return one of them by its prefix; DoesNotExist for any other."""
    for one in houses(person):
        if one.prefix == prefix.strip().upper():
            return one
    raise Organisation.DoesNotExist


def origin(person: Person, key: str) -> Origin:
    """Return where a case came from; DoesNotExist for one that was declared here."""
    return Origin.objects.select_related("case__organisation", "by").get(case=internal_case(person, key))
