"""What the line of a case understands of this room: actions, decisions, hypotheses, mitigations, roles, now."""

from __future__ import annotations

import re
from typing import NamedTuple

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.lines import Word, when_written
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.rights import Right
from holdfast.desk.investigation.hypotheses import Claim
from holdfast.desk.investigation.hypotheses import propose as propose_hypothesis
from holdfast.desk.people.models import Person
from holdfast.desk.policies.queries import current
from holdfast.desk.response import room
from holdfast.desk.response.mitigations import Proposal, propose
from holdfast.desk.response.patterns import RIGHT, MitigationPatterns

_PARTS = re.compile(r"\s+(because|risk|undo)[:\s]\s*", re.IGNORECASE)


def mitigate(case: Case, rest: str, by: Person) -> object:
    """`/mitigate flag switch route.batch-lookup off` proposes a mitigation."""
    pattern, _, what = rest.partition(" ")
    return propose(case, Proposal(pattern.rstrip(":"), what), by=by)


def reads_mitigate(case: Case, rest: str, by: Person) -> str:
    """Say which pattern it is, and who has to approve."""
    name, _, what = rest.partition(" ")
    policy = current(MitigationPatterns, case.organisation_id)
    pattern = policy.value.patterns.get(name.rstrip(":"))
    if pattern is None:
        raise Conflict(f"a mitigation; name the pattern first: {', '.join(policy.value.patterns)}")
    right = RIGHT[pattern.risk]
    who = "yours to start" if alone(case, right, by) else f"needs {table(case.organisation_id).who(right)}"
    missing = "" if what.strip() else ". What is done is still missing"
    return f"mitigation: {pattern.says}, risk {pattern.risk}, {who}{missing}"


def decision_in(rest: str) -> Question:
    """Read `[right:] what because ... risk ... undo ...`; without a right it is the course of the work."""
    right, given = Right.COURSE, rest.strip()
    head, colon, tail = given.partition(":")
    if colon and head.strip() in set(Right):
        right, given = Right(head.strip()), tail.strip()
    what, *more = _PARTS.split(given)
    parts = dict(zip((one.lower() for one in more[::2]), more[1::2], strict=False))
    return Question(
        right,
        what.strip(),
        reason=parts.get("because", ""),
        risk=parts.get("risk", ""),
        undo=parts.get("undo", ""),
    )


def decide(case: Case, rest: str, by: Person) -> object:
    """Take a decision, or ask for it."""
    return ask(case, decision_in(rest), by=by)


def reads_decide(case: Case, rest: str, by: Person) -> str:
    """Say whose decision it is, and what is missing of it."""
    said = decision_in(rest)
    rights = table(case.organisation_id)
    whose = "yours to take" if alone(case, said.right, by, rights) else f"needs {rights.who(said.right)}"
    parts = (("what is decided", said.what), ("the reason (because …)", said.reason))
    missing = [name for name, text in parts if not text]
    if said.right != Right.COURSE:
        missing += [name for name, text in (("risk …", said.risk), ("undo …", said.undo)) if not text]
    lacks = f". Still missing: {', '.join(missing)}" if missing else ""
    return f"decision on {rights.line(said.right).says}, {whose}{lacks}"


class Order(NamedTuple):
    """An action as it was written."""

    name: str
    takes: str
    what: str


def order_in(rest: str) -> Order:
    """Read `@person 15m what`; the time may be left out for 15 minutes, the person for oneself."""
    left, name, takes = rest.split(), "", ""
    if left and left[0].startswith("@"):
        name = left.pop(0)
    if left and re.fullmatch(r"\d{1,2}h(\d{1,2}m)?|\d{1,4}m(in)?", left[0], re.IGNORECASE):
        takes = left.pop(0)
    return Order(name, takes or "15m", " ".join(left))


def action(case: Case, rest: str, by: Person) -> object:
    """Give somebody an action."""
    order = order_in(rest)
    person = room.inside(case, order.name) if order.name else by
    return room.act(case, person, order.what, room.minutes(order.takes), by=by)


def reads_action(case: Case, rest: str, by: Person) -> str:
    """Say for whom it is and how long."""
    order = order_in(rest)
    person = room.inside(case, order.name) if order.name else by
    missing = "" if order.what else ". What is to be done is still missing"
    return f"action for {person.title}, {room.minutes(order.takes)} min{missing}"


def hypothesis(case: Case, rest: str, by: Person) -> object:
    """`/hypothesis claim | what must be seen | what would refute it`."""
    claim, prediction, refutation = [*rest.split("|"), "", ""][:3]
    said = Claim(claim.strip(), prediction.strip(), refutation.strip())
    return propose_hypothesis(case, said, by=by)


def reads_hypothesis(case: Case, rest: str, by: Person) -> str:  # noqa: ARG001
    """Say what is missing of it."""
    parts = [part.strip() for part in rest.split("|")]
    names = ("the claim", "| what must be seen if it is true", "| what would refute it")
    missing = [name for at, name in enumerate(names) if at >= len(parts) or not parts[at]]
    lacks = f". Still missing: {' '.join(missing)}" if missing else ""
    return f"hypothesis H{case.hypotheses.count() + 1}{lacks}"


def role(case: Case, rest: str, by: Person) -> object:
    """`/role commander @person`; without a person it is oneself."""
    duty, _, name = rest.partition(" ")
    person = room.inside(case, name) if name.strip() else by
    return room.take_duty(case, duty, person, by=by)


def _now(case: Case, rest: str, by: Person) -> object:
    return room.say_now(case, rest, by=by)


for _one in (
    Word("/mitigate", "a mitigation: pattern, then what is done", mitigate, reads_mitigate),
    Word("/decide", "a decision: what because why risk … undo …", decide, reads_decide),
    Word("/action", "an action: @person 15m what", action, reads_action),
    Word("/hypothesis", "a hypothesis: claim | prediction | refutation", hypothesis, reads_hypothesis),
    Word("/role", "a role in the war room: commander @person", role),
    Word("/now", "the one sentence on what happens this minute", _now),
):
    when_written(_one)
