"""Policies over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies import commands, profiles, queries
from holdfast.desk.policies.kind import all_kinds
from holdfast.desk.policies.reading import Unusable, read

router = Router(tags=["policies"])
Prefix = Annotated[Words, Query("", max_length=8, description="Organisation; yours when left out.")]
_NUMBER = Field(ge=0, le=2**31 - 1)


class PolicyOut(Schema):
    """A policy as it holds."""

    kind: str
    name: str
    version: int
    """0 is the one the product ships."""
    text: str
    why: str
    by: str
    published_at: datetime | None

    @classmethod
    def of(cls, policy: queries.Policy[Any]) -> PolicyOut:
        """Return the public form."""
        words = {field: getattr(policy, field) for field in cls.model_fields if field != "kind"}
        return cls(kind=policy.kind.kind, **words)


class KindOut(Schema):
    """A kind of policy and what holds of it."""

    kind: str
    title: str
    says: str
    policies: list[PolicyOut]


class PolicyIn(Schema):
    """A version to publish."""

    text: Annotated[Words, Field(min_length=1, max_length=200_000)]
    why: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]
    after: Annotated[int | None, _NUMBER] = None
    """The version you started from; publishing is refused when there is a newer one."""


class TextIn(Schema):
    """A text to check."""

    text: Annotated[Words, Field(max_length=200_000)]


class FaultOut(Schema):
    """What is wrong, and where."""

    line: int
    reason: str


class CheckedOut(Schema):
    """Whether a text could be published."""

    usable: bool
    faults: list[FaultOut]


def reader(request: HttpRequest, prefix: str) -> tuple[Person, Organisation]:
    """Return who asks and whose policies they mean, if they may see them."""
    person = signed_in(request)
    return person, queries.place(person, Deed.SEE_POLICIES, prefix)


@router.get("/policies", response=list[KindOut], summary="List the policies")
def list_policies(request: HttpRequest, organisation: Prefix) -> list[dict[str, Any]]:
    """Return every kind of policy with what holds of it now."""
    _, whose = reader(request, organisation)
    return [
        {
            "kind": kind.kind,
            "title": kind.title,
            "says": kind.says,
            "policies": [PolicyOut.of(one) for one in queries.all_current(kind, whose).values()],
        }
        for kind in all_kinds().values()
    ]


@router.get("/policies/{kind}/{name}", response=PolicyOut, summary="Read a policy")
def read_policy(
    request: HttpRequest,
    kind: str,
    name: str,
    organisation: Prefix,
    version: Annotated[int | None, Query(None, ge=0, le=2**31 - 1)],
) -> PolicyOut:
    """Return a policy as it holds, or one version of it."""
    _, whose = reader(request, organisation)
    known = queries.known(kind)
    if version is None:
        return PolicyOut.of(queries.current(known, whose, name))
    return PolicyOut.of(queries.at_version(known, whose, version, name))


@router.post("/policies/{kind}/{name}", response={201: PolicyOut}, summary="Publish a policy")
def publish(
    request: HttpRequest, kind: str, name: str, said: PolicyIn, organisation: Prefix
) -> Status[PolicyOut]:
    """Publish a version; an invalid or self-contradicting one is refused with line and reason."""
    person, whose = reader(request, organisation)
    known = queries.known(kind)
    commands.publish(known, whose, said.text, by=person, why=said.why, name=name, after=said.after)
    return Status(201, PolicyOut.of(queries.current(known, whose, name)))


@router.post("/policies/{kind}/{name}/check", response=CheckedOut, summary="Check a policy's text")
def check(request: HttpRequest, kind: str, name: str, said: TextIn) -> dict[str, Any]:  # noqa: ARG001
    """Say what would keep a text from being published; nothing is kept."""
    if not signed_in(request).may_anywhere(Deed.PUBLISH_POLICY):
        raise PermissionDenied("your role does not publish policies")
    try:
        read(queries.known(kind), said.text)
    except Unusable as unusable:
        return {"usable": False, "faults": unusable.faults}
    return {"usable": True, "faults": []}


class ProfileOut(Schema):
    """A set of policies for one sort of organisation."""

    name: str
    title: str
    says: str


class StepOut(Schema):
    """What applying a profile would do to one policy."""

    kind: str
    name: str
    holds: int | None
    """The version that holds, 0 for the shipped one; null where nothing is called so."""
    changes: bool
    own: bool
    """Whether a version you wrote yourself would be overtaken."""
    lines: list[str]
    """What would change, as lines that begin with + or -."""


class PlanOut(ProfileOut):
    """A profile and what applying it would do."""

    steps: list[StepOut]


class ApplyIn(Schema):
    """Whether versions of your own may be overtaken."""

    overtake: bool = False


class AppliedOut(Schema):
    """What was published; nothing when it held already."""

    published: list[str]


@router.get("/profiles", response=list[ProfileOut], summary="List the profiles")
def list_profiles(request: HttpRequest, organisation: Prefix) -> list[profiles.Profile]:
    """Return the profiles the product ships."""
    reader(request, organisation)
    return list(profiles.profiles().values())


@router.get("/profiles/{name}", response=PlanOut, summary="What a profile would change")
def read_profile(request: HttpRequest, name: str, organisation: Prefix) -> dict[str, Any]:
    """Return a profile, and for each of its policies what applying it would change."""
    _, whose = reader(request, organisation)
    chosen = profiles.profile(name)
    steps = [
        {
            "kind": step.kind.kind,
            "name": step.name,
            "holds": step.holds.version if step.holds else None,
            "changes": step.changes,
            "own": step.own,
            "lines": [f"{line.sign or ' '} {line.text}" for line in step.lines],
        }
        for step in profiles.plan(chosen, whose)
    ]
    return {"name": chosen.name, "title": chosen.title, "says": chosen.says, "steps": steps}


@router.post("/profiles/{name}/apply", response=AppliedOut, summary="Apply a profile")
def apply_profile(
    request: HttpRequest, name: str, said: ApplyIn, organisation: Prefix
) -> dict[str, list[str]]:
    """Publish what the profile has otherwise; versions of your own only where you agree to it."""
    person, whose = reader(request, organisation)
    made = profiles.apply_profile(profiles.profile(name), whose, by=person, overtake=said.overtake)
    return {"published": [f"{one.kind}/{one.name} version {one.version}" for one in made]}
