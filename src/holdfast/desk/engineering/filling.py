"""A ticket from what the case holds. It says nothing the case does not hold; what nobody knows stays empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.desk.cases.models import Case
from holdfast.desk.engineering.observing import observation
from holdfast.desk.environments.comparing import compare
from holdfast.desk.environments.models import Environment
from holdfast.desk.environments.queries import environments
from holdfast.desk.impact.models import Number
from holdfast.desk.impact.queries import constraints, numbers
from holdfast.desk.investigation.models import Diagnosis, Experiment, Hypothesis, Outcome, Verdict
from holdfast.desk.investigation.queries import newest
from holdfast.desk.investigation.story import Change, changes, places, ruled_out
from holdfast.desk.response.mitigations import live_on
from holdfast.desk.response.models import Mitigation, Standing

MOST = 6
_TELLING = ("version", "image", "flag", "node", "tag", "release", "kernel", "replicas", "build")


class Facts:
    """What a ticket is made from, read once."""

    def __init__(self, case: Case, component: str = "") -> None:
        self.case = case
        self.kept: Diagnosis | None = newest(case)
        self.report: dict[str, Any] | None = self.kept.report if self.kept else None
        self.hypotheses: list[Hypothesis] = list(case.hypotheses.prefetch_related("evidence", "experiments"))
        confirmed = next((one for one in self.claims(Verdict.CONFIRMED) if one.component), None)
        self.component = (
            component or (confirmed.component if confirmed else "") or case.component or case.area
        )
        self.numbers: list[Number] = numbers(case)
        self.environments: list[Environment] = list(environments(case))
        self.mitigations: list[Mitigation] = live_on(case)
        self.changes: list[Change] = self._changes()

    def _changes(self) -> list[Change]:
        """What changed at the onset, the component's own first."""
        if self.report is None:
            return []
        found = [one for one in changes(self.report) if one.before or one.after]
        return sorted(found, key=lambda one: self.component not in one.finding["components"])[:2]

    def claims(self, verdict: Verdict) -> list[Hypothesis]:
        """Return the hypotheses of a verdict."""
        return [one for one in self.hypotheses if one.state == verdict]

    def tests(self) -> list[Experiment]:
        """Return the tests that showed the fault, those with a command first."""
        found = [
            test for one in self.hypotheses for test in one.experiments.all() if one.state != Verdict.REFUTED
        ]
        shown = [test for test in found if test.outcome == Outcome.SUPPORTS]
        return sorted(shown, key=lambda test: (not test.command, test.number))

    def proof(self, finding: Mapping[str, Any]) -> str:
        """Return a finding with its first place: `F-01, route.log:54`."""
        cited = places(self.report, finding["locators"][:1]) if self.report else []
        return ", ".join([finding["id"], *(_at(one) for one in cited)])

    @property
    def onset(self) -> str:
        """When it began, as the diagnosis says it."""
        onset = self.report["onset"] if self.report else None
        return f"{onset['earliest'][11:23].rstrip('Z')} UTC" if onset else ""


def fill(case: Case, component: str = "") -> tuple[Facts, dict[str, str]]:
    """Return the facts, and what they say of each part."""
    facts = Facts(case, component)
    parts = {
        "expected": _observed(facts, before=True),
        "actual": [*_observed(facts, before=False), *_reported(case)],
        "impact": _impact(facts),
        "steps": _steps(facts),
        "environment": _environment(facts),
        "excluded": _excluded(facts),
        "evidence": _evidence(facts),
        "acceptance": _acceptance(facts),
        "suggestion": _suggestion(facts),
        "priority": [argued(case, case.severity, facts)],
        "risk": _risk(facts),
    }
    return facts, {name: "\n".join(line for line in lines if line) for name, lines in parts.items()}


def summary(facts: Facts) -> str:
    """Return the title: what is confirmed, else what changed first, else the case's."""
    confirmed = facts.claims(Verdict.CONFIRMED)
    said = confirmed[0].claim if confirmed else ""
    if not said and facts.changes:
        found = facts.changes[0].finding
        where = facts.component if facts.component and facts.component not in found["title"] else ""
        said = f"{where}: {found['title']}" if where else found["title"]
    return " ".join((said or facts.case.title).split())[:200]


def _at(place: Mapping[str, str]) -> str:
    kind = "" if place["place"] == "line" else f"{place['place']}:"
    return f"{place['name']}:{kind}{place['at']}"


def _observed(facts: Facts, *, before: bool) -> list[str]:
    """Return what was seen on one side of the onset."""
    when = f" {'before' if before else 'since'} {facts.onset}" if facts.onset else ""
    lines = []
    for one in facts.changes:
        seen = observation(one)
        if said := seen.before if before else seen.after:
            lines.append(f"{seen.subject}: {said}{when} ({facts.proof(one.finding)}).")
    return lines


def _reported(case: Case) -> list[str]:
    return [f"Reported: {case.impact.strip()}" if case.impact.strip() else ""]


def _impact(facts: Facts) -> list[str]:
    case, lines = facts.case, []
    for one in facts.numbers:
        lines.append(f"{one} since {one.since:%d %b %H:%M} UTC ({one.source}).")
    for name in ("customers", "tenants", "regions"):
        if listed := case.scope.get(name):
            lines.append(
                f"{len(listed)} {name if len(listed) > 1 else name[:-1]}: {', '.join(listed[:MOST])}."
            )
    if revenue := case.criteria.get("revenue_at_risk"):
        lines.append(f"Revenue at risk: {revenue:,} a month.".replace(",", "\u202f"))
    return [*lines, workaround(facts)]


def workaround(facts: Facts) -> str:
    """Return what helps until it is fixed; empty when nobody said."""
    held = [one for one in facts.mitigations if one.state == Standing.HELD]
    if held:
        return "; ".join(f"Workaround: {one.what} ({one})" for one in held) + "."
    said = facts.case.criteria.get("workaround")
    return {"none": "Workaround: none.", "partial": "Workaround: partial.", "full": "Workaround: full."}.get(
        str(said), ""
    )


def _steps(facts: Facts) -> list[str]:
    lines = []
    for test in facts.tests()[:1]:
        lines += [f"1. {test.setting}", *(f"$ {line}" for line in test.command.splitlines() if line.strip())]
        lines += [f"Expected if it is broken: {test.expected}", f"Observed: {test.observed} ({test})"]
    return lines


def _environment(facts: Facts) -> list[str]:
    lines = []
    shown = facts.environments[-2:]
    differ = set()
    if len(shown) == 2:
        found = compare(shown[0].settings, shown[1].settings)
        differ = {path for path, *_ in [*found.added, *found.removed, *found.changed]}
    for one in shown:
        about = [one.version and f"version {one.version}", one.region, *_settings(one, differ)]
        said = ", ".join(part for part in about if part)
        lines.append(f"{one} {one.name}: {said or 'nothing recorded'} (as of {one.at:%d %b %H:%M} UTC).")
    if versions := facts.case.scope.get("versions"):
        lines.append(f"Versions affected: {', '.join(versions[:MOST])}.")
    return lines


def _settings(one: Environment, differ: Iterable[str]) -> list[str]:
    wanted = set(differ)
    settings = sorted(one.settings)  # a database keeps them in an order of its own
    telling = [path for path in settings if path in wanted]
    telling += [path for path in settings if path not in wanted and _tells(path)]
    return [f"{path}={str(one.settings[path])[:80]}" for path in telling[:MOST]]


def _tells(path: str) -> bool:
    return any(word in path.lower() for word in _TELLING)


def _excluded(facts: Facts) -> list[str]:
    lines = [f"{one.claim} ({one})" for one in facts.claims(Verdict.REFUTED)]
    for candidate, argument in ruled_out(facts.report) if facts.report else ():
        where = f" ({argument['finding']})" if argument.get("finding") else ""
        lines.append(f"{candidate['name']}: {argument['text']}{where}")
    return lines[: 2 * MOST]


def _evidence(facts: Facts) -> list[str]:
    lines = []
    if facts.report is not None:
        found = [one for one in facts.report["findings"] if facts.component in one["components"]]
        for one in (found or facts.report["findings"])[:MOST]:
            lines.append(f"{one['title']} ({facts.proof(one)})")
    for claim in [*facts.claims(Verdict.CONFIRMED), *facts.claims(Verdict.OPEN)]:
        for one in list(claim.evidence.all())[:MOST]:
            where = ", ".join(
                [str(claim), *([one.finding] if one.finding else []), *map(_at, one.locators[:1])]
            )
            lines.append(f"{'For' if one.sign == '+' else 'Against'}: {one.text} ({where})")
    return list(dict.fromkeys(lines))[: 2 * MOST]


def _acceptance(facts: Facts) -> list[str]:
    seen = [(observation(one), one.finding["id"]) for one in facts.changes]
    lines = [f"{one.subject}: {one.before} again ({finding})" for one, finding in seen if one.before]
    lines += [f"{test} run again no longer shows: {test.observed}" for test in facts.tests()[:1]]
    failed = next((one for one in facts.numbers if one.what == "requests" and one.whole), None)
    return [*lines, f"0 of {failed.whole} requests fail" if failed else ""]


def _suggestion(facts: Facts) -> list[str]:
    lines = [f"{one} is confirmed: {one.claim}" for one in facts.claims(Verdict.CONFIRMED)]
    held = [one for one in facts.mitigations if one.state == Standing.HELD]
    return lines + [f"{one} holds until then: {one.what}" for one in held]


def argued(case: Case, priority: int, facts: Facts) -> str:
    """Return why it is of a priority, in one sentence."""
    why = [f"Sev {case.severity}", *(str(one) for one in facts.numbers[:2])]
    help_ = workaround(facts)
    if help_:
        why.append("no workaround" if "none" in help_ else "a workaround is in place")
    return f"P{priority} because {', '.join(why)}."


def _risk(facts: Facts) -> list[str]:
    lines = [f"The customer's limit: {one.text}" for one in constraints(facts.case) if not one.over]
    return lines + [
        f"{one} is in place: the fix has to hold without it ({one.what})" for one in facts.mitigations
    ]
