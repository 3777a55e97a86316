"""A value followed through all evidence of a reading: what is shown of it, and what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from holdfast.desk.investigation.kept import Unseen, page_of
from holdfast.desk.investigation.models import Diagnosis
from holdfast.diagnostics.diagnosis import iso
from holdfast.diagnostics.viewing import Page, Step, follow
from holdfast.diagnostics.viewing.columns import NO_TIME

SHORTEST = 3
"""Characters of a value worth following; shorter ones are everywhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that carries the value. `time` is empty where neither it nor a line above it has one."""

    artefact: str
    name: str
    line: int
    time: str
    since: float | None
    """Seconds since the first line that has a time."""
    level: str
    component: str
    text: str

    @property
    def file(self) -> str:
        """Return the last two parts of the artefact's name: bundles often have the same files."""
        return "/".join(self.name.split("/")[-2:])


@dataclass(frozen=True, slots=True)
class Followed:
    """Lines by time, and the names of artefacts that were withheld or not read to their end."""

    value: str
    lines: list[Line]
    looked_at: int
    withheld: list[str]
    unfinished: list[str]

    @property
    def files(self) -> int:
        """Return how many artefacts carry the value."""
        return len({line.artefact for line in self.lines})


def followed(diagnosis: Diagnosis, value: str, patience: float = 2.0) -> Followed:
    """Return the lines of a reading's redacted artefacts that carry a value as a word of its own."""
    names = {str(one["id"]): str(one["name"]) for one in diagnosis.report.get("artefacts", [])}
    withheld, looked_at = list[str](), list[str]()

    def opened(artefact: str) -> Page | None:
        try:
            page = page_of(diagnosis, artefact)
        except Unseen:
            withheld.append(names[artefact])
            return None
        except FileNotFoundError:
            return None  # what is not read by lines is not kept for the viewer
        looked_at.append(artefact)
        return page

    trail = follow({artefact: partial(opened, artefact) for artefact in names}, value, patience)
    moments = [step.moment for step in trail.steps if step.moment != NO_TIME]
    lines = [_line(step, names[step.artefact], moments[0] if moments else NO_TIME) for step in trail.steps]
    return Followed(value, lines, len(looked_at), withheld, [names[one] for one in trail.unfinished])


def _line(step: Step, name: str, first: int) -> Line:
    timed = step.moment != NO_TIME
    return Line(
        artefact=step.artefact,
        name=name,
        line=step.row.line,
        time=iso(step.moment) or "" if timed else "",
        since=(step.moment - first) / 1e9 if timed else None,
        level=step.row.level,
        component=step.row.component,
        text=step.row.text,
    )
