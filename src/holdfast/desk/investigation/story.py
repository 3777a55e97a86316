"""Reading a diagnosis' public JSON for pages: who, what changed, what was ruled out, which proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from holdfast.desk.cases.commands import Conflict

Report = dict[str, Any]
PATTERNS = ("traces.n_plus_one", "traces.retries")
"""Rules of findings that tell how calls are made, whether or not that changed."""
PLACES = ("line", "byte", "packet", "entry", "span", "frame", "sample")


@dataclass(frozen=True, slots=True)
class Proof:
    """A locator as a page shows it."""

    artefact: str
    name: str
    """Name of the artefact, last part only."""
    path: str
    place: str
    at: str
    sha256: str = ""
    records: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One row of what changed at the onset."""

    word: str
    tone: str
    finding: dict[str, Any]
    before: str
    after: str
    what: str


def artefacts(report: Report) -> dict[str, dict[str, Any]]:
    """Return the artefacts by id."""
    return {artefact["id"]: artefact for artefact in report["artefacts"]}


def proof(report: Report, locator: dict[str, Any]) -> Proof:
    """Return a locator with the name of what it points into."""
    place = next((place for place in PLACES if place in locator), "line")
    return _proof(report, locator["artefact"], place, str(locator.get(place, 1)))


def proof_of(report: Report, artefact: str, at: str) -> Proof | None:
    """Return the proof an address asks for (`at` is `line:54`), or the first of the whole diagnosis."""
    place, _, number = at.partition(":")
    if artefact and place in PLACES:
        return _proof(report, artefact, place, number)
    onset = report["onset"] or {}
    cited = [*onset.get("locators", ()), *(one for found in report["findings"] for one in found["locators"])]
    return proof(report, cited[0]) if cited else None


def _proof(report: Report, artefact: str, place: str, at: str) -> Proof:
    known = artefacts(report).get(artefact, {})
    path = known.get("name", artefact)
    name = path.rpartition("/")[2]
    return Proof(artefact, name, path, place, at[:200], known.get("sha256", ""), known.get("records", 0))


def missing_after(report: Report, opened: Proof | None) -> str:
    """Return what is expected after the last line of its kind, when a finding says it stopped there."""
    for found in report["findings"] if opened else ():
        last = found["locators"][:1]
        if found["data"].get("way") == "gone" and last and proof(report, last[0]) == opened:
            return f"expected after this: {_number(found['data'].get('after')) or 'none'} wrote it, {found['id']}"
    return ""


_BAD_WORDS = {"gone": "bad", "new": "bad", "failed": "bad"}


def changes(report: Report) -> list[Change]:
    """Return the findings that say how something differs before and after, in the order of the report."""
    return [
        _change(found)
        for found in report["findings"]
        if found["rule"].partition(".")[0] != "reader" and found["rule"] not in PATTERNS
    ]


def patterns(report: Report) -> list[dict[str, Any]]:
    """Return the findings on how calls are made: one by one for each row, again after a failure."""
    return [found for found in report["findings"] if found["rule"] in PATTERNS]


def _change(found: dict[str, Any]) -> Change:
    data = found["data"]
    word = str(data.get("way") or found["rule"].rpartition(".")[2].replace("_", " "))
    what = str(data.get("what") or data.get("operation") or found["title"])
    tone = "bad" if word.split()[0] in _BAD_WORDS else ""
    return Change(word, tone, found, _number(data.get("before")), _number(data.get("after")), what)


def _number(value: Any) -> str:
    if isinstance(value, dict):
        if "count" in value and "of" in value:
            return f"{value['count']} of {value['of']}"
        value = next(
            (value[name] for name in ("count", "median", "p95", "value", "mean", "rate") if name in value),
            None,
        )
    if isinstance(value, float):
        return f"{value:.3g}"
    return "" if value is None else str(value)


def ruled_out(report: Report) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return candidates below the first with the argument that speaks against them."""
    found = []
    for candidate in report["components"][1:]:
        against = next((one for one in candidate["arguments"] if one["sign"] == "-"), None)
        if against:
            found.append((candidate, against))
    return found[:3]


def places(report: Report, locators: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return locators with the name of what they point into, to be kept beyond this diagnosis."""
    return [_place(proof(report, one)) for one in locators]


def _place(found: Proof) -> dict[str, str]:
    return {"artefact": found.artefact, "name": found.name, "place": found.place, "at": found.at}


def cite(report: Report | None, said: str) -> tuple[str, list[dict[str, str]]]:
    """Return the finding and the places that `F-03`, `route.log:54` or `route.log:span:ab12` names."""
    if report is not None:
        for found in report["findings"]:
            if found["id"].casefold() == said.casefold():
                return found["id"], places(report, found["locators"][:3])
        whole, _, at = said.rpartition(":")
        name, _, place = whole.rpartition(":")
        if not name or place not in PLACES:
            name, place = whole, "line"
        known = [one for one in report["artefacts"] if name and _is_called(one, name)]
        if len(known) == 1 and at and (place == "span" or at.isdecimal()):
            return "", [_place(_proof(report, known[0]["id"], place, at))]
    raise Conflict(
        f"“{said}” is neither a finding of the newest diagnosis, such as F-03, nor a place in what it read, "
        "such as route.log:54; correct it, or leave the proof out"
    )


def _is_called(artefact: dict[str, Any], name: str) -> bool:
    return name in (artefact["id"], artefact["name"], artefact["name"].rpartition("/")[2])
