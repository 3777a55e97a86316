"""What an organisation's directory says of its people: provisioned, grouped, suspended.

A directory speaks for one organisation only. Suspending somebody takes their role there, ends their sessions
and revokes their tokens; what they are to another organisation stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.commands import Unfit, appoint, dismiss, end_sessions
from holdfast.desk.people.models import Customer, Group, Membership, Organisation, Person, Provision
from holdfast.desk.people.rights import Role

RANK = (
    Role.ADMIN,
    Role.LEAD,
    Role.ENGINEER,
    Role.MANAGER,
    Role.SECURITY,
    Role.SRE,
    Role.TIER2,
    Role.TIER1,
    Role.DEVELOPER,
    Role.SUCCESS,
    Role.PRODUCT,
    Role.EXECUTIVE,
    Role.AUDITOR,
    Role.CUSTOMER,
)
"""Who is in several groups gets the first of these."""


class Taken(Exception):
    """The name or address belongs to somebody already."""


@dataclass(frozen=True, slots=True)
class Described:
    """A person as a directory describes them."""

    user_name: str
    first_name: str = ""
    last_name: str = ""
    e_mail: str = ""
    external_id: str = ""
    role: str = ""
    active: bool = True


@transaction.atomic
def provision(organisation: Organisation, said: Described) -> Provision:
    """Keep a person of the directory; one known here by a role and the same name or address is taken over."""
    if Provision.objects.filter(organisation=organisation, user_name__iexact=said.user_name).exists():
        raise Taken(f"userName {said.user_name} is provisioned already")
    person = _known(organisation, said) or _new(organisation, said)
    kept = Provision.objects.create(
        organisation=organisation,
        person=person,
        user_name=said.user_name,
        external_id=said.external_id,
        active=said.active,
        role=said.role,
    )
    publish("person.provisioned", organisation_id=organisation.id, person=person.id)
    settle(kept)
    return kept


def _known(organisation: Organisation, said: Described) -> Person | None:
    """Return somebody who belongs to this organisation alone and has the name or the address."""
    here = Person.objects.filter(memberships__organisation=organisation, provisions=None)
    person = here.filter(username__iexact=said.user_name).first()
    if person is None and said.e_mail:
        person = here.filter(email__iexact=said.e_mail).first()
    if person is None or any(m.organisation_id != organisation.id for m in person.standing):
        return None
    return person


def _new(organisation: Organisation, said: Described) -> Person:
    name, number = said.user_name, 1
    while Person.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{said.user_name[:120]}-{organisation.prefix.lower()}-{number}"
    person = Person(username=name, first_name=said.first_name, last_name=said.last_name)
    person.email = _free(said.e_mail, None)
    person.set_unusable_password()
    person.save()
    return person


def _free(address: str, person: Person | None) -> str:
    """Return an address unless it is another's: mail and sign-in are recognised by it."""
    others = Person.objects.filter(email__iexact=address)
    others = others.exclude(id=person.id) if person else others
    return "" if address and others.exists() else address


@transaction.atomic
def describe(kept: Provision, said: Described) -> Provision:
    """Make a person what the directory says now."""
    others = Provision.objects.filter(organisation=kept.organisation_id, user_name__iexact=said.user_name)
    if others.exclude(id=kept.id).exists():
        raise Taken(f"userName {said.user_name} is provisioned already")
    kept.user_name, kept.external_id, kept.role = said.user_name, said.external_id, said.role
    kept.active, kept.changed_at = said.active, timezone.now()
    kept.save()
    person = kept.person
    # Names belong to the person, whom another organisation may know too; only a directory that knows
    # them alone may rename them.
    if not person.provisions.exclude(id=kept.id).exists():
        person.first_name, person.last_name = said.first_name, said.last_name
        person.email = _free(said.e_mail, person)
        person.save(update_fields=["first_name", "last_name", "email"])
    settle(kept)
    return kept


@transaction.atomic
def forget(kept: Provision) -> None:
    """Take a person out of the directory; their role here ends, what they wrote stays."""
    kept.active = False
    kept.save(update_fields=["active"])
    settle(kept)
    kept.delete()


@transaction.atomic
def group(organisation: Organisation, name: str, external_id: str = "") -> Group:
    """Make a group; one called like a role gives that role until an admin says otherwise."""
    if Group.objects.filter(organisation=organisation, name__iexact=name).exists():
        raise Taken(f"a group is called {name} already")
    same = [role for role in Role if name.lower() in (role.value, role.label.lower())]
    # Admins and customers are never made by a name alone.
    role = next((one for one in same if one not in (Role.ADMIN, Role.CUSTOMER)), "")
    made = Group.objects.create(organisation=organisation, name=name, external_id=external_id, role=role)
    publish("group.made", organisation_id=organisation.id, group=made.id)
    return made


@transaction.atomic
def map_group(known: Group, role: str, customer: Customer | None) -> None:
    """Say which role a group gives, none when empty."""
    if role == Role.CUSTOMER and customer is None:
        raise Unfit("a customer's person needs a customer of this organisation")
    known.role, known.customer = role, customer if role == Role.CUSTOMER else None
    known.save(update_fields=["role", "customer"])
    publish("group.mapped", organisation_id=known.organisation_id, group=known.id, role=role)
    for kept in known.members.select_related("person", "organisation"):
        settle(kept)


@transaction.atomic
def fill(known: Group, members: Iterable[Provision], *, name: str | None = None) -> None:
    """Make these, and no others, the members of a group."""
    before, now = set(known.members.all()), set(members)
    if name is not None:
        known.name = name
    known.changed_at = timezone.now()
    known.save()
    known.members.set(now)
    publish("group.filled", organisation_id=known.organisation_id, group=known.id, members=len(now))
    for kept in before ^ now:
        settle(kept)


@transaction.atomic
def dissolve(known: Group) -> None:
    """Remove a group; its members lose what it gave them."""
    fill(known, ())
    known.delete()


def settle(kept: Provision) -> None:
    """Make a person's role at the organisation what directory and groups say together."""
    organisation, person, by = kept.organisation, kept.person, f"directory of {kept.organisation}"
    role, customer = _due(kept) if kept.active else ("", None)
    if role:
        appoint(person, organisation, Role(role), customer=customer, by=by)
    elif Membership.objects.filter(person=person, organisation=organisation).exists():
        dismiss(person, organisation, by=by)
    elif not kept.active:
        end_sessions(person)


def _due(kept: Provision) -> tuple[str, Customer | None]:
    if kept.role:
        return kept.role, None
    groups = [one for one in kept.groups.select_related("customer") if one.role]
    groups.sort(key=lambda one: RANK.index(Role(one.role)))
    return (groups[0].role, groups[0].customer) if groups else ("", None)
