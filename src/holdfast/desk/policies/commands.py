"""Publishing a policy."""

from __future__ import annotations

import re
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


@transaction.atomic
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
    """Publish a version. `after` is the version the writer started from; a newer one refuses theirs.

    Raises Unusable with line and reason when the text is invalid or contradicts itself.
    """
    if not by.may(Deed.PUBLISH_POLICY, organisation.id):
        raise PermissionDenied("your role does not publish policies here")
    text = text.replace("\r\n", "\n").rstrip() + "\n"
    _check(kind, text, name, why, organisation.id)
    # The row lock makes two who publish take turns, so that the second sees the first.
    Organisation.objects.filter(id=organisation.id).update(policies_at=F("policies_at"))
    newest = Version.objects.filter(organisation=organisation, kind=kind.kind, name=name).first()
    number = newest.version if newest else 0
    if after is not None and after != number:
        raise Overtaken(f"version {number} was published while you wrote; compare, then publish again")
    if newest is not None and newest.text == text:
        return newest
    version = Version.objects.create(
        organisation=organisation,
        kind=kind.kind,
        name=name,
        version=number + 1,
        text=text,
        why=why.strip(),
        by=by,
    )
    organisation.policies_at = timezone.now()
    organisation.save(update_fields=["policies_at"])
    tell_published(kind.kind, organisation.id)
    tell("policy.published", organisation_id=organisation.id, policy=kind.kind, name=name, version=number + 1)
    return version


def _check(kind: type[PolicyKind[Any]], text: str, name: str, why: str, organisation_id: int) -> None:
    if not _NAME.fullmatch(name):
        raise Unusable([Fault(0, "a name is small letters, digits and hyphens")])
    if not why.strip():
        raise Unusable([Fault(0, "say why: who reads the versions later will ask")])
    read(kind, text)
    require_met(kind, text, organisation_id)
