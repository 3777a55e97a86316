"""Who answers for which component, as a policy: projects, their components, people, tracker, time to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from holdfast.desk.clocks.policy import Length, length
from holdfast.desk.people.models import Membership, Person
from holdfast.desk.people.rights import Deed, Role
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel
from holdfast.desk.policies.queries import current

Name = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,11}$")]
Priority = Annotated[int, Field(ge=1, le=4)]


class OwnerValue(PolicyModel):
    """One owner: a team, and what is theirs."""

    title: str
    components: Annotated[tuple[str, ...], Field(min_length=1)]
    people: tuple[str, ...] = ()
    """Names people sign in with; none means everybody of the role developer."""
    tracker: str = "desk"
    reply: dict[Priority, Length]

    def expects(self, priority: int) -> timedelta:
        """Return how soon an answer is expected."""
        known = [level for level in sorted(self.reply) if level >= priority] or sorted(self.reply)
        return length(self.reply[known[0]]) if known else timedelta(days=1)


class OwnersValue(PolicyModel):
    """All owners, the first that fits first."""

    title: str
    owners: Annotated[dict[Name, OwnerValue], Field(min_length=1)]

    def of(self, component: str) -> str:
        """Return whose a component is; the last owner's where nobody's fits."""
        for name, owner in self.owners.items():
            if any(fnmatchcase(component.lower(), pattern.lower()) for pattern in owner.components):
                return name
        return list(self.owners)[-1]


class TicketOwners(PolicyKind[OwnersValue]):
    """Owners of components."""

    kind = "ticket-owners"
    title = "Owners of components"
    says = "Who answers for which component, where their tickets live, and how soon they answer."
    schema = OwnersValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return owners that can never be reached, and components two owners claim."""
        claimed: dict[str, str] = {}
        for name, owner in value.owners.items():
            if "*" in claimed:
                said = f"{claimed['*']} takes every component before {name} is asked"
                yield Contradiction(("owners", name), said)
            for component in owner.components:
                if component in claimed and component != "*":
                    said = f"{component} is {claimed[component]}'s already"
                    yield Contradiction(("owners", name, "components"), said)
                claimed.setdefault(component, name)

    @classmethod
    def unmet(cls, value: Any, organisation_id: int) -> Iterable[Contradiction]:
        """Return people who are not there, and trackers nobody added."""
        from holdfast.desk.engineering.trackers import known_trackers

        there = set(_crew(organisation_id).values_list("person__username", flat=True))
        for name, owner in value.owners.items():
            if owner.tracker not in known_trackers():
                names = ", ".join(known_trackers())
                yield Contradiction(
                    ("owners", name, "tracker"), f"there is no tracker {owner.tracker}: {names}"
                )
            for one in owner.people:
                if one not in there:
                    yield Contradiction(("owners", name, "people"), f"{one} does not work here")


def _crew(organisation_id: int) -> Any:
    mine = Membership.objects.filter(organisation=organisation_id, person__is_active=True)
    return mine.exclude(role=Role.CUSTOMER)


def owners(organisation_id: int) -> OwnersValue:
    """Return the owners in force."""
    return current(TicketOwners, organisation_id).value


def answering(organisation_id: int, name: str) -> list[Person]:
    """Return who answers for an owner: those named, or everybody of the role developer."""
    owner = owners(organisation_id).owners.get(name)
    crew = _crew(organisation_id).select_related("person")
    named = crew.filter(person__username__in=owner.people) if owner and owner.people else None
    found = crew.filter(role=Role.DEVELOPER) if named is None else named
    return [one.person for one in found.order_by("person__username")[:200]]


def owned_by(person: Person) -> dict[int, list[str]]:
    """Return the owners somebody answers for, by organisation."""
    found: dict[int, list[str]] = {}
    for member in person.standing:
        if not person.may(Deed.SEE_INTERNAL, member.organisation_id):
            continue
        names = [
            name
            for name, owner in owners(member.organisation_id).owners.items()
            if (person.username in owner.people if owner.people else member.role == Role.DEVELOPER)
        ]
        if names:
            found[member.organisation_id] = names
    return found
