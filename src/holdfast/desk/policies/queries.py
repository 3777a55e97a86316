"""Which policy holds, and which held before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied

from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.kind import DEFAULT, PolicyKind, PolicyModel, all_kinds
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.reading import read

Value = TypeVar("Value", bound=PolicyModel)


@dataclass(frozen=True, slots=True)
class Policy(Generic[Value]):
    """A policy as it holds: its text, its value, and where it comes from."""

    kind: type[PolicyKind[Value]]
    name: str
    version: int
    """0 for the shipped one."""
    text: str
    value: Value
    why: str = ""
    by: str = ""
    published_at: datetime | None = None

    @property
    def label(self) -> str:
        """How a page names it."""
        return f"version {self.version}" if self.version else "as shipped"


def current(
    kind: type[PolicyKind[Value]], organisation: Organisation | int, name: str = DEFAULT
) -> Policy[Value]:
    """Return the newest published version, else the shipped one; ObjectDoesNotExist when there is none."""
    rows = _rows(kind, organisation).filter(name=name).select_related("by")
    row = rows.order_by("-version").first()
    return _of(kind, row) if row else shipped(kind, name)


def all_current(kind: type[PolicyKind[Value]], organisation: Organisation | int) -> dict[str, Policy[Value]]:
    """Return what holds under each name of a kind, published names and shipped ones, in one query."""
    found = {name: shipped(kind, name) for name in kind.shipped()}
    for row in _rows(kind, organisation).select_related("by").order_by("name", "version"):
        found[row.name] = _of(kind, row)
    return dict(sorted(found.items()))


def holding(
    organisation_id: int, kinds: Iterable[type[PolicyKind[Any]]]
) -> dict[str, dict[str, Policy[Any]]]:
    """Return what holds of several kinds, by kind and name, in one query."""
    asked = {kind.kind: kind for kind in kinds}
    found = {name: {one: shipped(kind, one) for one in kind.shipped()} for name, kind in asked.items()}
    rows = Version.objects.filter(organisation_id=organisation_id, kind__in=asked)
    for row in rows.select_related("by").order_by("version"):
        found[row.kind][row.name] = _of(asked[row.kind], row)
    return found


def at_version(
    kind: type[PolicyKind[Value]], organisation: Organisation | int, version: int, name: str = DEFAULT
) -> Policy[Value]:
    """Return one version, 0 for the shipped one."""
    if version == 0:
        return shipped(kind, name)
    return _of(kind, _rows(kind, organisation).select_related("by").get(name=name, version=version))


def shipped(kind: type[PolicyKind[Value]], name: str = DEFAULT) -> Policy[Value]:
    """Return the policy the product ships under a name."""
    text = kind.shipped().get(name)
    if text is None:
        raise ObjectDoesNotExist(f"no {kind.kind} is called {name}")
    return Policy(kind, name, 0, text, read(kind, text))


def versions(kind: type[PolicyKind[Any]], organisation: Organisation, name: str) -> list[Version]:
    """Return the published versions of a policy, newest first."""
    rows = _rows(kind, organisation).filter(name=name).select_related("by")
    return list(rows.order_by("-version")[:200])


def known(kind: str) -> type[PolicyKind[Any]]:
    """Return a kind by its name."""
    found = all_kinds().get(kind)
    if found is None:
        raise ObjectDoesNotExist
    return found


def place(person: Person, deed: Deed, prefix: str = "") -> Organisation:
    """Return the organisation whose policies are meant: the one named, or the first the person may."""
    mine = [m.organisation for m in person.standing if person.may(deed, m.organisation_id)]
    if not mine:
        raise PermissionDenied("your role does not see policies")
    if not prefix:
        return mine[0]
    found = next((one for one in mine if one.prefix == prefix), None)
    if found is None:
        raise ObjectDoesNotExist
    return found


def _rows(kind: type[PolicyKind[Any]], organisation: Organisation | int) -> Any:
    key = organisation if isinstance(organisation, int) else organisation.id
    return Version.objects.filter(organisation_id=key, kind=kind.kind)


def _of(kind: type[PolicyKind[Value]], row: Version) -> Policy[Value]:
    value: Value = read(kind, row.text)
    return Policy(kind, row.name, row.version, row.text, value, row.why, row.by.title, row.published_at)
