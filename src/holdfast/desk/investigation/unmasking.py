"""Seeing behind the derivative by grant: lines as they came, and what pseudonyms stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.deriving import MAP
from holdfast.desk.investigation.kept import pseudonyms, raw_page_of, readings
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.people.models import Person
from holdfast.desk.vault import gate, grants
from holdfast.desk.vault.handing_out import note_used
from holdfast.desk.vault.models import Grant
from holdfast.diagnostics.viewing import Page

MOST = 200


@dataclass(frozen=True, slots=True)
class Behind:
    """What a pseudonym stands for."""

    pseudonym: str
    kind: str
    value: str


def granted_page_of(diagnosis: Diagnosis, artefact: str, *, by: Person) -> Page:
    """Return an artefact as it came, to a person whose grant covers everything the reading read.

    The first look of an hour is noted on the timeline. Raises NotGranted, FileNotFoundError.
    """
    case = diagnosis.case
    grant, _ = grants.leave(case, by, Grant.What.RAW, diagnosis.artefacts)
    page = raw_page_of(diagnosis, artefact)
    hour = f"{diagnosis.version}/{artefact}/{timezone.now():%Y%m%d%H}"
    name = next((one["name"] for one in diagnosis.report["artefacts"] if one["id"] == artefact), artefact)
    note_used(case, grant, f"{by.title} looks at {name} as it came", by=by, once=hour)
    return page


def behind(case: Case, text: str, *, by: Person) -> list[Behind]:
    """Return what the pseudonyms in a text stand for, at most 200; that it was asked is noted, not the answer."""
    grant, _ = grants.leave(case, by, Grant.What.MAP)
    found: dict[str, Behind] = {}
    for folder in _folders(case):
        known = pseudonyms(folder / MAP, gate.key_of(case.id))
        for name, (kind, value) in known.items():
            shown = name.decode("utf-8", "replace")
            if shown in text and shown not in found and len(found) < MOST:
                found[shown] = Behind(shown, kind, value.decode("utf-8", "replace"))
    note_used(case, grant, f"{by.title} asks what {len(found)} pseudonyms stand for", by=by)
    return sorted(found.values(), key=lambda one: text.index(one.pseudonym))


def _folders(case: Case) -> Iterator[Path]:
    kept = Diagnosis.objects.filter(case=case).exclude(folder="").order_by("-version")
    for folder in kept.values_list("folder", flat=True)[:5]:
        if (there := readings(case.id) / folder).joinpath(MAP).exists():
            yield there
