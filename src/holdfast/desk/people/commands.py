"""Persons, memberships and tokens come and go by these deeds."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Customer, Mails, Membership, Organisation, Person, RoleChange, Token
from holdfast.desk.people.rights import Deed, Role

TOKEN_DAYS = 90
SIGN_IN_MINUTES = 60


class Unfit(Exception):
    """The deed would leave people or roles in a state that cannot be; the message says how to go on."""


def digest(value: str) -> str:
    """Return what is kept of a token. Plain SHA-256 is enough: the value has 256 random bits."""
    return hashlib.sha256(value.encode()).hexdigest()


@transaction.atomic
def found(name: str, prefix: str) -> Organisation:
    """Found an organisation, or return the one of that name."""
    organisation, _ = Organisation.objects.get_or_create(name=name, defaults={"prefix": prefix})
    return organisation


def somebody_elsewhere(name: str, desk: str) -> Person:
    """Return who stands for a name of another desk: no account, in no organisation, and nobody of this desk."""
    number = hashlib.sha256(f"{desk}\n{name}".encode()).hexdigest()[:24]
    known = {"first_name": name[:150], "is_active": False, "password": make_password(None)}
    return Person.objects.get_or_create(username=f"elsewhere-{number}", defaults=known)[0]


@transaction.atomic
def admit(
    organisation: Organisation,
    username: str,
    role: Role,
    *,
    chip: str = "",
    name: str = "",
    customer: Customer | None = None,
    by: str = "command line",
) -> Person:
    """Let a person in under a role; somebody already known gets the role changed."""
    first, _, last = name.partition(" ")
    person, _ = Person.objects.get_or_create(
        username=username, defaults={"chip": chip, "first_name": first, "last_name": last}
    )
    if not person.password:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    appoint(person, organisation, role, customer=customer, by=by)
    publish("person.admitted", organisation_id=organisation.id, person=person.id)
    return person


@transaction.atomic
def appoint(
    person: Person, organisation: Organisation, role: Role, *, by: str, customer: Customer | None = None
) -> Membership:
    """Give a person a role at an organisation; the one before is kept in the history."""
    if role == Role.CUSTOMER and (customer is None or customer.organisation_id != organisation.id):
        raise Unfit("a customer's person needs a customer of this organisation")
    customer = customer if role == Role.CUSTOMER else None
    earlier = Membership.objects.filter(person=person, organisation=organisation).first()
    if earlier and (earlier.role, earlier.customer) == (role, customer):
        return earlier
    if earlier and earlier.role == Role.ADMIN:
        _keep_an_admin(organisation, person)
    member, _ = Membership.objects.update_or_create(
        person=person, organisation=organisation, defaults={"role": role, "customer": customer}
    )
    _note(person, organisation, earlier.role if earlier else "", role, by)
    return member


@transaction.atomic
def dismiss(person: Person, organisation: Organisation, *, by: str) -> None:
    """Take a person's role at an organisation away and end their sessions; what they wrote stays."""
    earlier = Membership.objects.filter(person=person, organisation=organisation).first()
    if earlier is None:
        return
    if earlier.role == Role.ADMIN:
        _keep_an_admin(organisation, person)
    earlier.delete()
    _note(person, organisation, earlier.role, "", by)
    end_sessions(person)


@transaction.atomic
def set_e_mail(person: Person, address: str) -> None:
    """Keep the address by which a person's mail and sign-in are recognised."""
    if address and Person.objects.filter(email__iexact=address).exclude(id=person.id).exists():
        raise Unfit(f"{address} belongs to somebody else")
    person.email = address
    person.save(update_fields=["email"])


def _note(person: Person, organisation: Organisation, before: str, after: str, by: str) -> None:
    person.__dict__.pop("standing", None)
    RoleChange.objects.create(
        person=person, organisation=organisation, before=before, after=after, by=by[:160]
    )
    publish("person.role", organisation_id=organisation.id, person=person.id, before=before, after=after)


def _keep_an_admin(organisation: Organisation, person: Person) -> None:
    others = Membership.objects.filter(organisation=organisation, role=Role.ADMIN, person__is_active=True)
    if not others.exclude(person=person).exists():
        raise Unfit(f"{person.title} is the last admin of {organisation}; make somebody else admin first")


@transaction.atomic
def end_sessions(person: Person) -> None:
    """End every session and token of a person now."""
    now = timezone.now()
    Person.objects.filter(id=person.id).update(era=F("era") + 1)
    ended = person.tokens.filter(revoked_at=None).update(revoked_at=now)
    publish("person.sessions_ended", person=person.id, tokens=ended)


@transaction.atomic
def require_second_factor(organisation: Organisation, roles: Iterable[str], *, by: Person) -> None:
    """Say which roles of an organisation must have a second factor."""
    if not by.may(Deed.MANAGE_PEOPLE, organisation.id):
        raise PermissionDenied("your role does not manage people here")
    wanted = sorted(set(roles) & set(Role.values))
    before, organisation.second_factor = organisation.second_factor, wanted
    organisation.save(update_fields=["second_factor"])
    publish(
        "organisation.second_factor",
        organisation_id=organisation.id,
        person=by.id,
        before=before,
        after=wanted,
    )


@transaction.atomic
def forget_second_factor(person: Person, *, by: Person) -> None:
    """Remove a lost second factor; the person's sessions end, and the next sign-in makes a new one."""
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person)
    publish("person.second_factor_forgotten", person=person.id, by=by.id)


@transaction.atomic
def issue_provisioning(organisation: Organisation, *, by: Person, days: int = 365) -> tuple[Token, str]:
    """Return a token by which an organisation's directory keeps its people, and its value."""
    if not by.may(Deed.MANAGE_PEOPLE, organisation.id):
        raise PermissionDenied("your role does not manage people here")
    value = f"hf_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        person=by,
        name=f"provisioning of {organisation}"[:80],
        scope=Token.Scope.PROVISION,
        organisation=organisation,
        digest=digest(value),
        expires_at=timezone.now() + timedelta(days=days),
    )
    publish("token.issued", organisation_id=organisation.id, person=by.id, token=token.id)
    return token, value


@transaction.atomic
def issue_token(person: Person, name: str, scope: str, days: int = TOKEN_DAYS) -> tuple[Token, str]:
    """Return a new token and its value, which cannot be shown again."""
    value = f"hf_{secrets.token_urlsafe(32)}"
    expires = timezone.now() + timedelta(days=days)
    token = Token.objects.create(
        person=person, name=name, scope=scope, digest=digest(value), expires_at=expires
    )
    publish("token.issued", person=person.id, token=token.id)
    return token, value


@transaction.atomic
def revoke_token(token: Token) -> None:
    """End a token now."""
    token.revoked_at = token.revoked_at or timezone.now()
    token.save(update_fields=["revoked_at"])
    publish("token.revoked", person=token.person_id, token=token.id)


@transaction.atomic
def one_time_sign_in(person: Person) -> str:
    """Return a value that signs the person in once, within the hour."""
    value = secrets.token_urlsafe(32)
    Token.objects.create(
        person=person,
        name="one-time sign-in",
        scope=Token.Scope.SIGN_IN,
        digest=digest(value),
        expires_at=timezone.now() + timedelta(minutes=SIGN_IN_MINUTES),
    )
    return value


def redeem(value: str) -> Person | None:
    """Return whom a one-time value signs in, and use it up; None when it opens nothing."""
    now = timezone.now()
    mine = Token.objects.filter(digest=digest(value), scope=Token.Scope.SIGN_IN)
    # The update decides between two that come at once: only one of them changes the row.
    if not mine.filter(used_at=None, revoked_at=None, expires_at__gt=now).update(used_at=now):
        return None
    return mine.select_related("person").get().person


API = (Token.Scope.READ, Token.Scope.WRITE)


def bearer(value: str, scopes: Iterable[str] = API) -> Token | None:
    """Return the live token of a value, noting its use at most once a minute."""
    token = (
        Token.objects.select_related("person", "organisation")
        .filter(digest=digest(value), scope__in=list(scopes))
        .first()
    )
    if token is None or not token.live or not token.person.is_active:
        return None
    now = timezone.now()
    if token.used_at is None or now - token.used_at > timedelta(minutes=1):
        Token.objects.filter(id=token.id).update(used_at=now)
    return token


@transaction.atomic
def choose_mails(person: Person, mails: str) -> Person:
    """Choose which notices come by mail as well."""
    if mails not in Mails.values:
        raise Unfit(f"notices come by mail as {', '.join(Mails.values)}")
    person.mails = Mails(mails)
    person.save(update_fields=["mails"])
    return person
