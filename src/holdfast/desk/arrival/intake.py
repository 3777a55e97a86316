"""What intake asks, as policies: templates by product area, the rubric of quality, the fields of webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from holdfast.desk.arrival.signs import EVIDENCE, SIGNS
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

_FOLDER = Path(__file__).parent / "policies"
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Item(PolicyModel):
    """One thing a template asks for."""

    id: Id
    asks: Annotated[str, Field(min_length=3, max_length=400)]
    """What the customer is asked, in their words."""
    why: Annotated[str, Field(max_length=400)] = ""
    collect: Annotated[str, Field(max_length=1000)] = ""
    """The command that collects it, as it can be pasted."""
    sign: str = ""
    """Found in the words of the report; see the list of signs."""
    files: tuple[Annotated[str, Field(max_length=100)], ...] = ()
    """Found among the evidence: names such as `*.har`."""
    severities: tuple[Annotated[int, Field(ge=1, le=4)], ...] = (1, 2, 3, 4)
    """Asked at these only."""

    @model_validator(mode="after")
    def _known(self) -> Item:
        if self.sign and self.sign not in SIGNS:
            raise ValueError(f"there is no sign {self.sign!r}; known are {', '.join(SIGNS)}")
        return self


class TemplateValue(PolicyModel):
    """What is asked when something of an area breaks."""

    title: str
    areas: tuple[Annotated[str, Field(min_length=2, max_length=80)], ...] = ()
    """Words of the product area, any case; the template `default` takes what no other does."""
    opening: str
    closing: str
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=40)]


class IntakeTemplate(PolicyKind[TemplateValue]):
    """A template by product area; the policy's name is the template's."""

    kind = "intake-template"
    title = "Intake templates"
    says = "What is asked when something of a product area breaks, and the command that collects it."
    schema: ClassVar[type[PolicyModel]] = TemplateValue
    folder = _FOLDER

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Two items of one id would share one mark."""
        return _twice("items", [item.id for item in value.items])


class Criterion(PolicyModel):
    """One thing a good report has."""

    sign: str
    points: Annotated[int, Field(ge=1, le=100)]
    advice: Annotated[str, Field(min_length=3, max_length=400)]
    """What the tier that filed it is told when it is missing."""

    @model_validator(mode="after")
    def _known(self) -> Criterion:
        if self.sign not in {*SIGNS, EVIDENCE}:
            raise ValueError(f"there is no sign {self.sign!r}; known are {', '.join([*SIGNS, EVIDENCE])}")
        return self


class RubricValue(PolicyModel):
    """How the quality of an intake is counted."""

    title: str
    good: Annotated[int, Field(ge=1, le=100)]
    """From so many points on it is good."""
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=20)]


class IntakeRubric(PolicyKind[RubricValue]):
    """How many points a report gets, and why."""

    kind = "intake-rubric"
    title = "Intake quality"
    says = "How the quality of what was filed is counted, from 0 to 100."
    schema: ClassVar[type[PolicyModel]] = RubricValue
    folder = _FOLDER

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """The points make up 100, each sign counts once."""
        yield from _twice("criteria", [one.sign for one in value.criteria])
        total = sum(one.points for one in value.criteria)
        if total != 100:
            yield Contradiction(("criteria",), f"the points make up {total}, not 100")


class Way(PolicyModel):
    """Where a field is in a payload."""

    path: Annotated[str, Field(max_length=200)] = ""
    """Keys and list indexes with dots between: `issue.fields.summary`."""
    values: dict[str, str | int] = Field(default_factory=dict)
    """The payload's value to ours: `P1: 1`."""
    usual: str | int | None = None
    """When there is nothing at the path."""


class MappingValue(PolicyModel):
    """Which field of a payload is what."""

    title: str
    fields: dict[str, Way]

    @model_validator(mode="after")
    def _known(self) -> MappingValue:
        known = {"title", "severity", "impact", "area", "customer", "reported_at"}
        if wrong := set(self.fields) - known:
            raise ValueError(f"there is no field {sorted(wrong)[0]!r}; known are {', '.join(sorted(known))}")
        if "title" not in self.fields:
            raise ValueError("the field title is needed")
        return self


class WebhookMapping(PolicyKind[MappingValue]):
    """How a webhook's payloads are read."""

    kind = "webhook-mapping"
    title = "Webhook fields"
    says = "Which field of a webhook's payload is title, severity, impact, area, customer, time of report."
    schema: ClassVar[type[PolicyModel]] = MappingValue
    folder = _FOLDER


def read_payload(mapping: MappingValue, payload: Any) -> dict[str, Any]:
    """Return the fields a mapping finds in a payload; what is not there is left out."""
    found = {}
    for name, way in mapping.fields.items():
        value = _at(payload, way.path)
        if isinstance(value, dict | list):
            value = None
        if way.values and value is not None:
            value = way.values.get(str(value), value)
        if name == "severity" and isinstance(value, str) and value.isdecimal() and len(value) == 1:
            value = int(value)
        value = way.usual if value in (None, "") else value
        if value is not None:
            found[name] = value if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return found


def _at(payload: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(payload, dict):
            payload = payload.get(step)
        elif isinstance(payload, list) and step.isdecimal() and len(step) < 6 and int(step) < len(payload):
            payload = payload[int(step)]
        else:
            return None
    return payload if path else None


def _twice(where: str, names: list[str]) -> Iterable[Contradiction]:
    for name, number in Counter(names).items():
        if number > 1:
            last = len(names) - 1 - names[::-1].index(name)
            yield Contradiction((where, last), f"{name} is asked twice; keep one")
