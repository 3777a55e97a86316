"""Whose word counts: roles by the policy in force, delegations, people who left, approvals that are too old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.models import Decision, Delegation, State, Voice
from holdfast.desk.decisions.rights import DecisionRights, DecisionRightsValue, LineValue, Right
from holdfast.desk.people.models import Membership, Organisation, Person
from holdfast.desk.people.rights import Deed, Role
from holdfast.desk.policies.queries import Policy, current

MOST_NAMED = 5


class Table:
    """The decision rights of one organisation as they hold now, and its people, read once."""

    def __init__(self, organisation_id: int) -> None:
        self.organisation_id = organisation_id
        self.policy: Policy[DecisionRightsValue] = current(DecisionRights, organisation_id)
        self._handed: dict[int, list[Delegation]] = {}

    @cached_property
    def crew(self) -> dict[int, tuple[Person, str]]:
        """The active people of the organisation with their roles, customers' people left out."""
        members = Membership.objects.filter(organisation=self.organisation_id, person__is_active=True)
        found = members.exclude(role=Role.CUSTOMER).select_related("person").order_by("person__username")
        return {one.person_id: (one.person, one.role) for one in found}

    def line(self, right: Right) -> LineValue:
        """Return who decides something."""
        return self.policy.value.line(right)

    def holds(self, person: Person | int, right: Right) -> bool:
        """Whether somebody's own role decides it."""
        _, role = self.crew.get(person if isinstance(person, int) else person.id, (None, ""))
        return role in self.policy.value.roles(self.line(right))

    def holders(self, right: Right) -> list[Person]:
        """Return who decides something: active people, by name."""
        roles = self.policy.value.roles(self.line(right))
        return [person for person, role in self.crew.values() if role in roles]

    def holder(self, person: Person, right: Right) -> Person | None:
        """Return by whose right a person decides something: their own, or one handed to them; None for neither."""
        if self.holds(person, right):
            return person
        if not self.line(right).delegation:
            return None
        handed = (one for one in self.handed(person) if one.right == right)
        return next((one.holder for one in handed if self.holds(one.holder_id, right)), None)

    def handed(self, person: Person) -> list[Delegation]:
        """Return what was handed to somebody and counts now."""
        if person.id not in self._handed:
            now = timezone.now()
            mine = Delegation.objects.filter(organisation=self.organisation_id, person=person)
            found = mine.filter(starts_at__lte=now, ends_at__gt=now).select_related("holder").order_by("id")
            self._handed[person.id] = list(found)
        return self._handed[person.id]

    def who(self, right: Right) -> str:
        """Return who may decide, in words: `lead (Marta Koll, Jo Lind)`."""
        line = self.line(right)
        names = [person.title for person in self.holders(right)]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        count = f"{line.quorum} of " if line.quorum > 1 else ""
        return f"{count}{line.decides} ({', '.join(names[:MOST_NAMED]) or 'nobody has that role'}{more})"


def table(organisation: Organisation | int) -> Table:
    """Return the decision rights in force."""
    key = organisation if isinstance(organisation, int) else organisation.id
    return Table(key)


def alone(case: Case, right: Right, person: Person, rights: Table | None = None) -> bool:
    """Whether somebody decides it without asking anybody."""
    rights = rights or table(case.organisation_id)
    line = rights.line(right)
    return line.own and line.quorum == 1 and holder_for(case, right, person, rights) is not None


def holder_for(case: Case, right: Right, person: Person, rights: Table | None = None) -> Person | None:
    """Return by whose right a person decides on a case: their own, or one handed to them; None for neither."""
    rights = rights or table(case.organisation_id)
    if not person.is_active or not case.allows(person, Deed.SEE_INTERNAL):
        return None
    return rights.holder(person, right)


def holder_of_answer(
    decision: Decision, person: Person, rights: Table | None = None, case: Case | None = None
) -> Person | None:
    """Return by whose right a person may answer a decision; None when it is not theirs to answer."""
    case = case or decision.case
    rights = rights or table(case.organisation_id)
    right = Right(decision.right)
    holder = holder_for(case, right, person, rights)
    asker = decision.asked_by_id
    if holder is not None and asker in (person.id, holder.id) and not rights.line(right).own:
        return None
    return holder


def counting(decision: Decision, rights: Table, now: datetime | None = None) -> list[Voice]:
    """Return the approvals that count now: not expired, of people who are still here and at the level, each
    right once."""
    now, right = now or timezone.now(), Right(decision.right)
    line = rights.line(right)
    voices = [one for one in decision.voices.all() if one.approves and one.until > now]
    found: dict[int, Voice] = {}
    for voice in voices:
        handed = voice.holder_id != voice.person_id
        own = decision.asked_by_id in (voice.person_id, voice.holder_id)
        if voice.person_id not in rights.crew or not rights.holds(voice.holder_id, right):
            continue
        if (handed and not line.delegation) or (own and not line.own):
            continue
        found.setdefault(voice.holder_id, voice)
    return list(found.values())


def carried(decision: Decision, rights: Table, now: datetime | None = None) -> bool:
    """Whether enough approvals count now."""
    return len(counting(decision, rights, now)) >= rights.line(Right(decision.right)).quorum


def waiting_for(person: Person, decisions: Iterable[Decision]) -> list[Decision]:
    """Return those of the decisions that wait for this person's word."""
    tables: dict[int, Table] = {}
    found = []
    for one in decisions:
        key = one.case.organisation_id
        rights = tables.setdefault(key, tables.get(key) or table(key))
        said = any(voice.person_id == person.id for voice in one.voices.all())
        if one.state == State.WAITING and not said and holder_of_answer(one, person, rights) is not None:
            found.append(one)
    return found
