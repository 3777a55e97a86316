"""What the line of a case understands of this room: `/mitigate`."""

from __future__ import annotations

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.lines import Word, when_written
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.people.models import Person
from holdfast.desk.policies.queries import current
from holdfast.desk.response.mitigations import Proposal, propose
from holdfast.desk.response.patterns import RIGHT, MitigationPatterns


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


when_written(Word("/mitigate", "a mitigation: pattern, then what is done", mitigate, reads_mitigate))
