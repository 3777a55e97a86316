"""Who comes in by a door: known, linked, or new, with the roles the door gives now."""

from __future__ import annotations

from django.db import transaction

from holdfast.desk.people.commands import Unfit, appoint, dismiss
from holdfast.desk.people.doors import AnyDoor, Rule, Told
from holdfast.desk.people.models import Customer, Membership, Organisation, Person


class NotLetIn(Exception):
    """The provider knows the person, the desk does not let them in; the message says why."""


def enter(door: AnyDoor, told: Told, known: Person | None) -> Person:
    """Return the person a provider speaks of, with the roles its claims give; raise NotLetIn."""
    grants = door.grants(told.claims)
    if known is not None and not known.is_active:
        raise NotLetIn("your account here was ended")
    if not grants and (known is None or _governed(door, known)):
        if known is not None:  # in a transaction of its own: the refusal below must not undo it
            _settle(door, known, grants)
        raise NotLetIn(f"{door.title} knows you, but nothing it says of you gives you a role here")
    with transaction.atomic():
        person = known or _linked(door, told) or _new(door, told)
        _settle(door, person, grants)
    return person


def _governed(door: AnyDoor, person: Person) -> bool:
    return all(member.organisation.prefix in door.speaks_for for member in person.standing)


def _linked(door: AnyDoor, told: Told) -> Person | None:
    """Return the person known by the address, if the door may speak for all they are."""
    if door.link == "never" or not told.e_mail or not (told.verified or door.trust_e_mail):
        return None
    found = list(Person.objects.filter(email__iexact=told.e_mail)[:2])
    if len(found) != 1:
        return None
    person = found[0]
    if not person.is_active:
        raise NotLetIn("your account here was ended")
    # Without this, one client organisation's provider could open the account of another's engineer.
    if not person.standing or not _governed(door, person):
        raise NotLetIn(f"an account with your address belongs elsewhere; {door.title} does not open it")
    return person


def _new(door: AnyDoor, told: Told) -> Person:
    wanted = (told.username or told.e_mail or told.uid)[:120] or door.name
    name, number = wanted, 1
    while Person.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{wanted}-{number}"
    first, _, last = told.name.partition(" ")
    person = Person(username=name, first_name=first[:150], last_name=last[:150], email=told.e_mail[:254])
    person.set_unusable_password()
    person.save()
    return person


@transaction.atomic
def _settle(door: AnyDoor, person: Person, grants: dict[str, Rule]) -> None:
    """Make the person's roles what the door says, in the organisations it speaks for."""
    by = f"door {door.name}"
    for organisation in Organisation.objects.filter(prefix__in=door.speaks_for):
        rule = grants.get(organisation.prefix)
        try:
            if rule is not None:
                appoint(person, organisation, rule.role, customer=_customer(organisation, rule), by=by)
            elif Membership.objects.filter(person=person, organisation=organisation).exists():
                dismiss(person, organisation, by=by)
        except Unfit as unfit:
            raise NotLetIn(str(unfit)) from unfit


def _customer(organisation: Organisation, rule: Rule) -> Customer | None:
    if not rule.customer:
        return None
    return Customer.objects.get_or_create(organisation=organisation, name=rule.customer)[0]
