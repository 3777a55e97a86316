"""How complete a case is by its template, how good its intake was, and how often it went to and fro."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.core.exceptions import ObjectDoesNotExist

from holdfast.desk.arrival.intake import IntakeTemplate, Item, RubricValue, TemplateValue
from holdfast.desk.arrival.models import Intake
from holdfast.desk.arrival.signs import EVIDENCE, SIGNS
from holdfast.desk.cases.clockwork import CUSTOMER
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.policies.kind import DEFAULT
from holdfast.desk.policies.queries import Policy, all_current, at_version


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of a template, and whether the case has it."""

    item: Item
    state: str
    """`given`, `not_needed` or `missing`."""
    proof: str
    """What shows it: the words, the file, or who said so."""

    @property
    def missing(self) -> bool:
        """Whether it is still to be asked for."""
        return self.state == "missing"


@dataclass(frozen=True, slots=True)
class Completeness:
    """A case by its template."""

    template: Policy[TemplateValue]
    newest: Policy[TemplateValue]
    """What a new case of this area would be asked by."""
    asked: list[Asked]

    @property
    def missing(self) -> list[Asked]:
        """What is still to be asked for."""
        return [one for one in self.asked if one.missing]

    @property
    def given(self) -> int:
        """How many items are there or not needed."""
        return len(self.asked) - len(self.missing)

    @property
    def share(self) -> float:
        """How much of the pack is there, 0..1; one that asks nothing is whole."""
        return self.given / len(self.asked) if self.asked else 1.0

    @property
    def behind(self) -> bool:
        """Whether the template was changed, or another fits the case by now."""
        return (self.template.name, self.template.version) != (self.newest.name, self.newest.version)


def completeness(case: Case) -> Completeness:
    """Return what the template asks and what the case has of it."""
    newest = fitting(case)
    kept = Intake.objects.filter(case=case).first()
    template = _pinned(case, kept) if kept else newest
    marks = kept.marks if kept else {}
    text, names = words_of(case), list(case.artefacts.values_list("name", flat=True)[:500])
    items = [item for item in template.value.items if case.severity in item.severities]
    return Completeness(template, newest, [_asked(item, marks, text, names) for item in items])


def fitting(case: Case) -> Policy[TemplateValue]:
    """Return the template of the case's product area."""
    known, area = all_current(IntakeTemplate, case.organisation_id), f" {case.area.lower()} "
    words = area.replace(",", " ").replace("/", " ").replace("-", " ")
    for policy in known.values():
        if any(f" {word.lower()} " in words or f" {word.lower()} " in area for word in policy.value.areas):
            return policy
    return known[DEFAULT]


def _pinned(case: Case, kept: Intake) -> Policy[TemplateValue]:
    try:
        return at_version(IntakeTemplate, case.organisation_id, kept.version, kept.template)
    except ObjectDoesNotExist:  # shipped under this name by an earlier version of the product
        return fitting(case)


def _asked(item: Item, marks: dict[str, dict[str, str]], text: str, names: Iterable[str]) -> Asked:
    if mark := marks.get(item.id):
        return Asked(item, mark["state"], f"{mark['by']}: {mark['why']}" if mark.get("why") else mark["by"])
    file = next((name for name in names if _matches(name, item)), "")
    if file:
        return Asked(item, "given", file)
    found = SIGNS[item.sign](text) if item.sign else ""
    return Asked(item, "given" if found else "missing", found)


def _matches(name: str, item: Item) -> bool:
    last = name.rpartition("/")[2].lower()
    return any(fnmatchcase(last, pattern.lower()) for pattern in item.files)


def words_of(case: Case, until: object = None) -> str:
    """Return what was said by who filed it and by the customer, oldest first."""
    said = Entry.objects.filter(case=case, kind=Kind.COMMENT, shared=True)
    if until is not None:
        said = said.filter(recorded_at__lte=until)
    texts = said.order_by("position").values_list("text", flat=True)[:200]
    return "\n".join([case.title, case.impact, case.area, *texts])


@dataclass(frozen=True, slots=True)
class Score:
    """The quality of an intake, from 0 to 100, and what would have made it better."""

    points: int
    missing: list[str]
    advice: list[str]


def score(rubric: RubricValue, text: str, evidence: bool) -> Score:
    """Count a report by the rubric."""
    lacking = [
        one for one in rubric.criteria if not (evidence if one.sign == EVIDENCE else SIGNS[one.sign](text))
    ]
    points = 100 - sum(one.points for one in lacking)
    return Score(points, [one.sign for one in lacking], [one.advice for one in lacking])


def rounds(entries: Iterable[tuple[bool, bool]]) -> int:
    """Return how often it went to and fro: a request of ours, then an answer of the customer's.

    entries: in the order of the timeline, whether each is a request and whether it is by the customer's side.
    """
    number, open_request = 0, False
    for asked, by_customer in entries:
        if asked:
            open_request = True
        elif by_customer and open_request:
            number, open_request = number + 1, False
    return number


def rounds_of(case: Case) -> int:
    """Return how often a case went to and fro."""
    rows = Entry.objects.filter(case=case).order_by("position").values_list("data", flat=True)
    return rounds(("asked" in data, data.get("side") == CUSTOMER) for data in rows)
