"""Persons, memberships and tokens come and go by these deeds."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Customer, Membership, Organisation, Person, Token
from holdfast.desk.people.rights import Role

TOKEN_DAYS = 90
SIGN_IN_MINUTES = 60


def digest(value: str) -> str:
    """Return what is kept of a token. Plain SHA-256 is enough: the value has 256 random bits."""
    return hashlib.sha256(value.encode()).hexdigest()


@transaction.atomic
def found(name: str, prefix: str) -> Organisation:
    """Found an organisation, or return the one of that name."""
    organisation, _ = Organisation.objects.get_or_create(name=name, defaults={"prefix": prefix})
    return organisation


@transaction.atomic
def admit(
    organisation: Organisation,
    username: str,
    role: Role,
    *,
    chip: str = "",
    name: str = "",
    customer: Customer | None = None,
) -> Person:
    """Let a person in under a role; somebody already known gets the role changed."""
    first, _, last = name.partition(" ")
    person, _ = Person.objects.get_or_create(
        username=username, defaults={"chip": chip, "first_name": first, "last_name": last}
    )
    if not person.password:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    Membership.objects.update_or_create(
        person=person, organisation=organisation, defaults={"role": role, "customer": customer}
    )
    publish("person.admitted", organisation_id=organisation.id, person=person.id)
    return person


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


def bearer(value: str) -> Token | None:
    """Return the live API token of a value, noting its use at most once a minute."""
    token = (
        Token.objects.select_related("person")
        .filter(digest=digest(value), scope__in=[Token.Scope.READ, Token.Scope.WRITE])
        .first()
    )
    if token is None or not token.live or not token.person.is_active:
        return None
    now = timezone.now()
    if token.used_at is None or now - token.used_at > timedelta(minutes=1):
        Token.objects.filter(id=token.id).update(used_at=now)
    return token
