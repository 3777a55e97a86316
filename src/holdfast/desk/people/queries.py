"""Who is asking, and whom an organisation has."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from holdfast.desk.people.models import Membership, Organisation, Person
from holdfast.desk.people.rights import Deed


def signed_in(request: HttpRequest) -> Person:
    """Return who is signed in; refuse nobody-in-particular."""
    if not isinstance(request.user, Person):
        raise PermissionDenied("sign in first")
    return request.user


def managed(person: Person, prefix: str) -> Organisation:
    """Return an organisation whose people somebody may manage; one they have no part in is not there."""
    member = next((m for m in person.standing if m.organisation.prefix == prefix.upper()), None)
    if member is None:
        raise Organisation.DoesNotExist
    if not person.may(Deed.MANAGE_PEOPLE, member.organisation_id):
        raise PermissionDenied("your role does not manage people here")
    return member.organisation


def member(organisation: Organisation, person_id: int) -> Person:
    """Return a person of an organisation; DoesNotExist for anybody else's."""
    return (
        Membership.objects.select_related("person")
        .get(organisation=organisation, person_id=min(person_id, 2**62))
        .person
    )


def members(organisation: Organisation) -> list[Membership]:
    """Return who is what at an organisation, by name."""
    found = organisation.memberships.select_related("person", "customer", "organisation")
    return list(found.order_by("person__username")[:1000])


def with_standing(people: Iterable[Person]) -> list[Person]:
    """Return them with their memberships, all read at once."""
    found = list(people)
    held: dict[int, list[Membership]] = {person.id: [] for person in found}
    for one in Membership.objects.filter(person__in=held).select_related("organisation").order_by("id"):
        held[one.person_id].append(one)
    for person in found:
        person.standing = tuple(held[person.id])
    return found
