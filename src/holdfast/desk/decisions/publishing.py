"""Publishing a policy where the decision rights let nobody do it alone: asked for on the case that shows why.

An approval publishes at once, and exactly what was asked for; what changed in the meantime is not overtaken.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction

from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import table
from holdfast.desk.decisions.commands import Question, ask, close, when_decided
from holdfast.desk.decisions.models import Decision, State
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.policies import commands, profiles, queries
from holdfast.desk.policies.comparing import Line, compare
from holdfast.desk.policies.reading import Unusable

_ABOUT = "policies/"


@commands.before_publishing
def require_alone(organisation: Organisation, by: Person) -> None:
    """Raise Withheld unless this person may publish without asking. A desk without a case is still being set up."""
    rights = table(organisation)
    line = rights.line(Right.POLICY)
    if (line.own and line.quorum == 1 and rights.holder(by, Right.POLICY) is not None) or not (
        Case.objects.filter(organisation=organisation).exists()
    ):
        return
    who = rights.who(Right.POLICY)
    raise commands.Withheld(f"{line.says}, is decided by {who}; ask for it on the case that shows why")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be published: one text, or a profile."""

    kind: str = ""
    name: str = "default"
    text: str = ""
    after: int | None = None
    why: str = ""
    profile: str = ""
    """Instead of all the others."""
    overtake: bool = False
    """Whether the profile may overtake versions the organisation wrote itself."""

    def of(self, organisation: Organisation) -> tuple[list[commands.Proposed], str]:
        """Return the versions it is about, and why they are wanted; ObjectDoesNotExist for an unknown name."""
        if not self.profile:
            return [commands.Proposed(queries.known(self.kind), self.name, self.text, self.after)], self.why
        chosen = profiles.profile(self.profile)
        found = profiles.proposed(chosen, organisation, self.overtake)
        if not found:
            raise commands.Overtaken(f"{chosen.title} holds already; there is nothing to publish")
        return found, profiles.reason(chosen)


@transaction.atomic
def propose(case: Case, wanted: Wanted, *, by: Person) -> Decision:
    """Ask for a publication; who decides that alone has it published at once.

    Raises Unusable for what could not be published, PermissionDenied for who publishes no policies.
    """
    organisation = case.organisation
    commands.require_publisher(organisation, by)
    proposed, why = wanted.of(organisation)
    for one in proposed:
        commands.check(one, why, organisation)
    texts = [
        {"kind": one.kind.kind, "name": one.name, "text": one.text, "after": one.after} for one in proposed
    ]
    question = Question(
        Right.POLICY,
        f"publish {', '.join(f'{one.kind.title} ({one.name})' for one in proposed)}",
        about=_ABOUT + (wanted.profile or f"{wanted.kind}/{wanted.name}"),
        reason=why,
        details={"policies": texts, "why": why},
    )
    return ask(case, question, by=by)


@when_decided
def publish_decided(case: Case, decision: Decision, by: Person) -> None:
    """Publish what was approved, or say on the timeline why that could not be."""
    if decision.state != State.APPROVED or not _publishes(decision):
        return
    try:
        with transaction.atomic():
            commands.put_in_force(
                case.organisation, _proposed(decision), by=decision.asked_by, why=decision.details["why"]
            )
    except (commands.Overtaken, Unusable, PermissionDenied, ObjectDoesNotExist) as refused:
        close(case, decision, State.WITHDRAWN, by=by, text=f"{decision} published nothing: {refused}")
        return
    close(case, decision, State.USED, by=by, text=f"{decision} used: {decision.what}")


def changes(decision: Decision) -> list[tuple[str, list[Line]]]:
    """Return what a decision on policies would change now: their titles, and line by line."""
    if not _publishes(decision):
        return []
    organisation = decision.case.organisation
    found = []
    for one in _proposed(decision):
        try:
            holds = queries.current(one.kind, organisation, one.name).text
        except ObjectDoesNotExist:
            holds = ""
        found.append((f"{one.kind.title}: {one.name}", compare(holds, one.text)))
    return found


def _publishes(decision: Decision) -> bool:
    """Whether it was asked for here; what somebody only calls so in a question of their own publishes nothing."""
    return (
        decision.right == Right.POLICY
        and decision.about.startswith(_ABOUT)
        and "policies" in decision.details
    )


def _proposed(decision: Decision) -> list[commands.Proposed]:
    return [
        commands.Proposed(queries.known(one["kind"]), one["name"], one["text"], one["after"])
        for one in decision.details["policies"]
    ]
