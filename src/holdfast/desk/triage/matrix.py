"""The severity matrix: answers to a few questions, rules over them, one recommendation with its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

Impact = Literal["down", "broken", "degraded", "question"]
Workaround = Literal["none", "partial", "full"]
Severity = Annotated[int, Field(ge=1, le=4)]
QUESTIONS = {
    "impact": "What can the customer no longer do?",
    "workaround": "Is there a workaround?",
    "customers": "How many customers are affected?",
    "revenue_at_risk": "How much revenue a month is at risk?",
    "security": "Is security at stake?",
    "regulation": "Is a regulated duty touched?",
}


class When(PolicyModel):
    """What has to hold for a rule; all of it."""

    impact: tuple[Impact, ...] | None = None
    workaround: tuple[Workaround, ...] | None = None
    customers_at_least: Annotated[int, Field(ge=1, le=10**9)] | None = None
    revenue_at_least: Annotated[int, Field(ge=1, le=10**15)] | None = None
    security: bool | None = None
    regulation: bool | None = None

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether the answers fulfil it; a question nobody answered fulfils nothing."""
        for name, wanted in self:
            if wanted is None:
                continue
            given = answers.get(_ANSWER.get(name, name))
            if given is None or not _fulfils(name, wanted, given):
                return False
        return True

    def within(self, other: When) -> bool:
        """Whether other holds wherever this holds."""
        return all(wanted is None or _implies(name, getattr(self, name), wanted) for name, wanted in other)


_ANSWER = {"customers_at_least": "customers", "revenue_at_least": "revenue_at_risk"}


def _fulfils(name: str, wanted: Any, given: Any) -> bool:
    if name.endswith("_at_least"):
        return bool(given >= wanted)
    return given in wanted if isinstance(wanted, tuple) else given == wanted


def _implies(name: str, mine: Any, wanted: Any) -> bool:
    if mine is None:
        return False
    if name.endswith("_at_least"):
        return bool(mine >= wanted)
    return set(mine) <= set(wanted) if isinstance(wanted, tuple) else mine == wanted


class Rule(PolicyModel):
    """One line of the matrix."""

    id: str
    severity: Severity
    when: When
    because: str
    outranks: tuple[str, ...] = ()
    """Rules that do not count where this one holds."""


class MatrixValue(PolicyModel):
    """The matrix."""

    title: str
    rules: tuple[Rule, ...]
    otherwise: Severity


class SeverityMatrix(PolicyKind[MatrixValue]):
    """The severity matrix."""

    kind = "severity-matrix"
    title = "Severity matrix"
    says = "Which severity is recommended, by which criteria."
    schema = MatrixValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return rules without a condition, of one id, or that another always overrules."""
        known = [rule.id for rule in value.rules]
        for place, rule in enumerate(value.rules):
            if known.index(rule.id) != place:
                yield Contradiction(("rules", place), f"two rules are called {rule.id}")
            if all(wanted is None for _, wanted in rule.when):
                yield Contradiction(
                    ("rules", place), f"{rule.id} has no condition; that is what otherwise is for"
                )
            for name in rule.outranks:
                if name not in known:
                    yield Contradiction(("rules", place), f"{rule.id} outranks {name}, which is no rule")
        for one, other in permutations(range(len(value.rules)), 2):
            yield from _dead(value.rules[one], value.rules[other], one)


def _dead(rule: Rule, stronger: Rule, place: int) -> Iterable[Contradiction]:
    outranked = stronger.id in rule.outranks
    if rule.severity > stronger.severity and rule.when.within(stronger.when) and not outranked:
        text = f"{rule.id} never decides: wherever it holds, {stronger.id} gives severity {stronger.severity}"
        yield Contradiction(("rules", place), text)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A severity and why, in one sentence."""

    severity: int
    sentence: str
    rules: tuple[str, ...]
    unanswered: tuple[str, ...]
    """Questions nobody has answered; they count as not fulfilled."""


def recommend(matrix: MatrixValue, answers: Mapping[str, Any]) -> Recommendation:
    """Return what the matrix says to the answers."""
    holding = [rule for rule in matrix.rules if rule.when.holds(answers)]
    outranked = {name for rule in holding for name in rule.outranks}
    counting = [rule for rule in holding if rule.id not in outranked]
    severity = min((rule.severity for rule in counting), default=matrix.otherwise)
    deciding = [rule for rule in counting if rule.severity == severity]
    unanswered = tuple(name for name in QUESTIONS if answers.get(name) is None)
    if not deciding:
        return Recommendation(severity, f"Sev {severity}: no rule of the matrix holds.", (), unanswered)
    because = " and ".join(rule.because for rule in deciding)
    ids = tuple(rule.id for rule in deciding)
    return Recommendation(severity, f"Sev {severity}: {because} ({', '.join(ids)}).", ids, unanswered)
