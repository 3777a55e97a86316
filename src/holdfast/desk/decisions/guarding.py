"""What may not happen without a decision: the one question every guarded deed asks, and the list of such deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.chain import canonical
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.decisions.authority import Table, alone, carried, counting, table
from holdfast.desk.decisions.models import Decision, State
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person

P = ParamSpec("P")
R = TypeVar("R")
EVENT = "case.decision"


class NeedsApproval(Conflict):
    """The deed needs a decision that is not there; the message says whose, and what is missing of it."""

    def __init__(self, message: str, right: Right, decision: int | None = None) -> None:
        super().__init__(message)
        self.right, self.decision = right, decision


class Unguarded(Exception):
    """A guarded deed was about to end without having asked whether it may; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Decided:
    """By which decision a deed is done."""

    right: Right
    decision: Decision | None
    """Empty where the policy lets the person decide alone."""
    policy: int
    """The version of the decision rights it was allowed under."""

    @property
    def data(self) -> dict[str, Any]:
        """What the deed's entry on the timeline keeps of it."""
        number = self.decision.number if self.decision else None
        return {"right": str(self.right), "decision": number, "rights": self.policy}


_asked: ContextVar[set[Right] | None] = ContextVar("asked", default=None)
_deeds: dict[str, frozenset[Right]] = {}


def guarded(name: str, *rights: Right) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a command as one that needs a decision. It is listed by its name, and undone if it did not ask."""

    def register(command: Callable[P, R]) -> Callable[P, R]:
        if name in _deeds:
            raise ValueError(f"two guarded deeds are called {name}")
        _deeds[name] = frozenset(rights)

        @wraps(command)
        def deed(*args: P.args, **kwargs: P.kwargs) -> R:
            token = _asked.set(set())
            try:
                with transaction.atomic():
                    done = command(*args, **kwargs)
                    if not _asked.get():
                        raise Unguarded(f"{name} did not ask for its decision")
                    return done
            finally:
                _asked.reset(token)

        return deed

    return register


def guarded_deeds() -> dict[str, frozenset[Right]]:
    """Return every guarded deed with the rights it may need; the tests try each through every door."""
    return dict(sorted(_deeds.items()))


def nothing_to_do() -> None:
    """Say in a guarded command that it changes nothing this time, because it was done before."""
    _note(None)


def _note(right: Right | None) -> None:
    asked = _asked.get()
    if asked is not None:
        asked.add(right or Right.COURSE)


def digest(details: Mapping[str, Any] | None) -> str:
    """Return what stands for the details of a deed."""
    return sha256(canonical(dict(details or {}))).hexdigest()


def require(
    case: Case,
    right: Right,
    *,
    by: Person | None,
    about: str,
    details: Mapping[str, Any] | None = None,
) -> Decided:
    """Return the decision a deed is done by, or raise NeedsApproval. Call it with the case locked.

    `about` names the thing, `details` what exactly is done with it: an approval of other details does not
    count. A decision that was asked for is used up by the deed. Without a person only such a decision counts.
    """
    _note(right)
    rights = table(case.organisation_id)
    version = rights.policy.version
    held = Decision.objects.select_for_update(of=("self",)).filter(
        case=case, right=right, about=about, digest=digest(details), state__in=[State.APPROVED, State.BROKEN]
    )
    for decision in held.order_by("-number"):
        if _allows(decision, by, rights):
            _use(case, decision, by)
            return Decided(right, decision, version)
    if by is not None and alone(case, right, by, rights):
        _no_longer_asked(case, right, about, by)
        return Decided(right, None, version)
    raise _missing(case, right, about, digest(details), rights)


def _allows(decision: Decision, by: Person | None, rights: Table) -> bool:
    now = timezone.now()
    if decision.until <= now:
        return False
    if decision.state == State.BROKEN:
        line = rights.line(Right(decision.right))
        return line.break_glass and (by is None or by.id == decision.broken_by_id)
    return carried(decision, rights, now)


def _use(case: Case, decision: Decision, by: Person | None) -> None:
    before, decision.state = decision.state, State.USED
    decision.save(update_fields=["state"])
    data = change(case, str(decision), before, State.USED) | {"decision": decision.number}
    append(case, Kind.DECISION, f"{decision} used: {decision.what}", by=by, event=EVENT, data=data)


def _no_longer_asked(case: Case, right: Right, about: str, by: Person) -> None:
    """Take back what still waits for a word on a deed that somebody did who needed none."""
    for decision in Decision.objects.filter(case=case, right=right, about=about, state=State.WAITING):
        decision.state = State.WITHDRAWN
        decision.save(update_fields=["state"])
        data = change(case, str(decision), State.WAITING, State.WITHDRAWN) | {"decision": decision.number}
        text = f"{decision} needed no longer: {by.title} may do it alone"
        append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)


def _missing(case: Case, right: Right, about: str, sealed: str, rights: Table) -> NeedsApproval:
    line, who = rights.line(right), rights.who(right)
    decision = Decision.objects.filter(case=case, right=right, about=about).order_by("-number").first()
    said = f"{line.says} is decided by {who}"
    if decision is None:
        return NeedsApproval(f"{said}; ask for it on the page Decisions", right)
    return NeedsApproval(f"{said}; {_state_of(decision, sealed, rights)}", right, decision.number)


def _state_of(decision: Decision, sealed: str, rights: Table) -> str:
    if decision.digest != sealed:
        return f"{decision} is of something else than what is to be done now; ask anew"
    if decision.state == State.WAITING:
        return f"{decision} waits for it"
    if decision.state == State.USED:
        return f"{decision} was used up by an earlier deed; ask anew"
    if decision.state in (State.APPROVED, State.BROKEN) and decision.until <= timezone.now():
        return f"{decision} expired at {decision.until:%d %b %H:%M} UTC; ask anew"
    if decision.state == State.BROKEN:
        return f"{decision} lets only the one who broke the glass do it"
    if decision.state == State.APPROVED:
        number = rights.line(Right(decision.right)).quorum - len(counting(decision, rights))
        return f"{decision} lacks {number} approval: who gave it has left, or lost the role; ask anew"
    return f"{decision} was {decision.get_state_display().lower()}"
