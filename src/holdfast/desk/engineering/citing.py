"""Places named in a ticket, `F-03`, `route.log:54`, `H1`, `T2`, `M-1`, `E1`: where they lead, or that they do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.environments.models import Environment
from holdfast.desk.investigation.models import Diagnosis, Experiment
from holdfast.desk.investigation.queries import newest
from holdfast.desk.investigation.story import PLACES, cite

_TOKEN = re.compile(
    r"(?<![\w./-])(?:F-\d{1,4}|M-\d{1,4}|U-\d{1,4}|C-\d{1,4}|[HTE]\d{1,4}"
    rf"|[\w][\w.\-/]*\.\w{{1,12}}:(?:(?:{'|'.join(PLACES)}):)?\w{{1,64}})(?![\w-])"
)
_EVIDENCE = re.compile(r"F-\d|.*:")


@dataclass(frozen=True, slots=True)
class Place:
    """A place as a text names it."""

    start: int
    end: int
    said: str
    address: str
    """Where it opens; empty when it leads nowhere."""

    @property
    def evidence(self) -> bool:
        """Whether it is a finding or a place in the evidence, and there."""
        return bool(self.address) and _EVIDENCE.match(self.said) is not None


class Places:
    """The places of a case, looked up once for all parts of a ticket."""

    def __init__(self, case: Case, kept: Diagnosis | None = None) -> None:
        self.key = case.key
        self.kept = kept or newest(case)
        self.report = self.kept.report if self.kept else None
        self._known = {
            "H": set(case.hypotheses.values_list("number", flat=True)),
            "T": set(Experiment.objects.filter(hypothesis__case=case).values_list("number", flat=True)),
            "E": set(Environment.objects.filter(case=case).values_list("number", flat=True)),
            "M-": set(case.mitigations.values_list("number", flat=True)),
            "U-": set(case.updates.values_list("number", flat=True)),
        }

    def find(self, text: str) -> list[Place]:
        """Return what a text names; `name.ext:12` counts only where the evidence has such a name."""
        found = (
            Place(hit.start(), hit.end(), hit[0], self._address(hit[0])) for hit in _TOKEN.finditer(text)
        )
        return [one for one in found if one.address or ":" not in one.said]

    def _address(self, said: str) -> str:
        if said.startswith(("F-", "C-")) or ":" in said:
            return self._evidence(said)
        head = said.rstrip("0123456789")
        if int(said.removeprefix(head)) not in self._known.get(head, ()):
            return ""
        page = {
            "H": "hypotheses",
            "T": "hypotheses",
            "E": "environments",
            "M-": "mitigations",
            "U-": "updates",
        }
        return f"{reverse(page[head], args=[self.key])}#{said}"

    def _evidence(self, said: str) -> str:
        if self.report is None or self.kept is None:
            return ""
        page, version = reverse("diagnosis", args=[self.key]), self.kept.version
        if said.startswith("C-"):
            gaps = {gap["id"] for gap in self.report["coverage"]}
            return f"{page}?version={version}#{said}" if said in gaps else ""
        try:
            finding, places = cite(self.report, said)
        except Conflict:
            return ""
        if finding:
            return f"{page}?version={version}#{finding}"
        at = {
            "version": version,
            "artefact": places[0]["artefact"],
            "at": f"{places[0]['place']}:{places[0]['at']}",
        }
        return f"{page}?{urlencode(at)}#viewer"


def cut(text: str, places: Iterable[Place]) -> Iterator[tuple[str, str]]:
    """Return a text in pieces, each with the address it opens, or none."""
    at = 0
    for place in places:
        if place.start > at:
            yield text[at : place.start], ""
        yield place.said, place.address
        at = place.end
    if at < len(text):
        yield text[at:], ""
