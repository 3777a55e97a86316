"""Publishing a policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from holdfast.desk.outbox.commands import publish as tell
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.kind import PolicyKind, tell_published
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.reading import Fault, Unusable, read, require_met

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,58}")


class Overtaken(Exception):
    """Somebody published in the meantime; the text is the writer's to merge."""


class Withheld(Exception):
    """The organisation lets nobody publish this alone; the message says whose word it needs."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A version somebody wants to publish."""

    kind: type[PolicyKind[Any]]
    name: str
    text: str
    after: int | None = None
    """The version the writer started from; a newer one refuses theirs. None asks for no such care."""


Asked = Callable[[Organisation, Person], None]
"""Raises Withheld where this person may not publish without the word of others."""
_asked: list[Asked] = []


def before_publishing(asked: Asked) -> Asked:
    """Register who is asked whether somebody may publish: the room that knows who decides what."""
    _asked.append(asked)
    return asked


def publish(
    kind: type[PolicyKind[Any]],
    organisation: Organisation,
    text: str,
    *,
    by: Person,
    why: str,
    name: str = "default",
    after: int | None = None,
) -> Version:
    """Publish a version; see `publish_all`."""
    return publish_all(organisation, [Proposed(kind, name, text, after)], by=by, why=why)[0]


@transaction.atomic
def publish_all(
    organisation: Organisation, proposed: Sequence[Proposed], *, by: Person, why: str
) -> list[Version]:
    """Publish versions, all or none, where the person decides that alone; a text that holds already stays.

    Raises Unusable with line and reason when a text is invalid or contradicts itself, Overtaken, and Withheld
    when it takes the word of others.
    """
    require_publisher(organisation, by)
    for asked in _asked:
        asked(organisation, by)
    return put_in_force(organisation, proposed, by=by, why=why)


@transaction.atomic
def put_in_force(
    organisation: Organisation, proposed: Sequence[Proposed], *, by: Person, why: str
) -> list[Version]:
    """Publish what was decided; for the room that keeps decisions, everybody else calls `publish`."""
    require_publisher(organisation, by)
    for one in proposed:
        check(one, why, organisation)
    # The row lock makes two who publish take turns, so that the second sees the first.
    Organisation.objects.filter(id=organisation.id).update(policies_at=F("policies_at"))
    return [_kept(one, organisation, by, why) for one in proposed]


def require_publisher(organisation: Organisation, by: Person) -> None:
    """Raise PermissionDenied for somebody whose role publishes no policies."""
    if not by.may(Deed.PUBLISH_POLICY, organisation.id):
        raise PermissionDenied("your role does not publish policies here")


def check(proposed: Proposed, why: str, organisation: Organisation) -> None:
    """Raise Unusable for a text, a name or a reason that cannot be published."""
    if not _NAME.fullmatch(proposed.name):
        raise Unusable([Fault(0, "a name is small letters, digits and hyphens")])
    if not why.strip():
        raise Unusable([Fault(0, "say why: who reads the versions later will ask")])
    read(proposed.kind, _tidy(proposed.text))
    require_met(proposed.kind, _tidy(proposed.text), organisation.id)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip() + "\n"


def _kept(proposed: Proposed, organisation: Organisation, by: Person, why: str) -> Version:
    kind, name, text = proposed.kind.kind, proposed.name, _tidy(proposed.text)
    newest = Version.objects.filter(organisation=organisation, kind=kind, name=name).first()
    number = newest.version if newest else 0
    if proposed.after is not None and proposed.after != number:
        raise Overtaken(f"version {number} was published while you wrote; compare, then publish again")
    if newest is not None and newest.text == text:
        return newest
    version = Version.objects.create(
        organisation=organisation,
        kind=kind,
        name=name,
        version=number + 1,
        text=text,
        why=why.strip(),
        by=by,
    )
    organisation.policies_at = timezone.now()
    organisation.save(update_fields=["policies_at"])
    tell_published(kind, organisation.id)
    tell("policy.published", organisation_id=organisation.id, policy=kind, name=name, version=number + 1)
    return version
