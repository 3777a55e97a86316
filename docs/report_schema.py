"""The page of the public JSON, from a specimen that has one of everything and the docstrings of its fields."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from docs.markdown import flat, page, table


def schema() -> str:
    """Return the page of the public JSON, from a specimen that has one of everything."""
    from holdfast.diagnostics.diagnosis import SCHEMA

    said = specimen().to_dict()
    parts = [
        f"What `holdfast investigate --json` writes, version {SCHEMA}. Within a version fields are added, never"
        " changed or removed. Times are ISO 8601 in UTC with as many decimals as the source had; `null` means"
        " not known.",
        "## Top level\n\n" + _fields(said, _documented("Diagnosis")),
    ]
    for title, value, owner in _parts(said):
        parts.append(f"## {title}\n\n{_fields(value, _documented(owner))}")
    return page("Schema of the report", *parts)


def _parts(said: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    finding, candidate = said["findings"][0], said["components"][0]
    return [
        ("`onset`", said["onset"], "Onset"),
        ("An entry of `artefacts`", said["artefacts"][0], "Artefact"),
        ("An entry of `findings`", finding, "Finding"),
        ("An entry of `locators`", finding["locators"][0], "Locator"),
        ("An entry of `components` or `domains`", candidate, "Candidate"),
        ("An entry of `arguments`", candidate["arguments"][0], "Argument"),
        ("An entry of `timeline`", said["timeline"][0], "Moment"),
        ("An entry of `coverage`", said["coverage"][0], "Gap"),
        ("An entry of `next`", said["next"][0], "Question"),
        ("`facts`", said["facts"], "Facts"),
        ("An entry of `golden`", said["golden"][0], "Golden"),
        ("`before` and `after`", said["golden"][0]["after"], "Level"),
    ]


def specimen() -> Any:
    """Return a diagnosis that has one of everything."""
    from holdfast.diagnostics.artefacts import Artefact, Locator
    from holdfast.diagnostics.diagnosis import (
        Argument,
        Candidate,
        Diagnosis,
        Gap,
        Golden,
        Level,
        Moment,
        Onset,
        Question,
    )
    from holdfast.diagnostics.findings import Finding, Severity

    place = Locator("A1", "line", 54, 1, "4f1c")
    candidate = Candidate("orders", 0.9, "service", (Argument("+", "why", "F-01"),))
    return Diagnosis(
        verdict="abnormal",
        certainty="high",
        certainty_why="why",
        summary="orders changed first.",
        onset=Onset(1, 2, given=False, locators=(place,)),
        artefacts=(Artefact("A1", "logs/orders.log", 1, "0" * 64, "log.plain", 1, 2, "UTC+08:00", 0.5, 3),),
        findings=(
            Finding("logs.new_line", "New", Severity.ERROR, 0.9, ("orders",), 1, 2, 1, (place,), {}, "F-01"),
        ),
        components=(candidate,),
        domains=(candidate,),
        timeline=(Moment(1, "orders", "cause", "New", "F-01", place),),
        coverage=(Gap("C-1", "no_log", "no log", ("orders",), (place,)),),
        next=(Question("R-1", "logs", "journalctl -u orders", ("orders",)),),
        facts={**dict.fromkeys(_EXTRA["Facts"], 0), "partial": False, "system": "", "symptom": ""},
        golden=(Golden("orders", Level(9, 1.5, 0.0, 2.0, 3.0, 0.1), Level(9, 1.5, 0.5, 8.0, 9.0, 0.6)),),
    )


_EXTRA: dict[str, dict[str, str]] = {
    "Diagnosis": {
        "schema": "version of this form",
        "verdict": "`abnormal`, `nothing_abnormal` or `undecided`",
        "certainty": "`high`, `medium`, `low` or `none`: whether the first component is the guilty one",
        "certainty_why": "what the certainty rests on, or what is lacking",
        "summary": "the answer in two sentences",
        "onset": "when it began; null unless abnormal",
        "artefacts": "all that was received, baseline included (ids `B1`, `B2`, ...)",
        "findings": "all that was noticed",
        "components": "who is to blame, most likely first",
        "domains": "the same by fault domain: client, edge, service, database, infrastructure, third party",
        "timeline": "changes, first signs, onset and report in the order of time, on the corrected clock",
        "coverage": "what the evidence does not contain",
        "next": "what to ask for, the most telling first",
    },
    "Golden": {"component": "whose calls", "before": "before the onset, the baseline included; null without calls",
               "after": "since the onset; null without calls"},
    "Level": {
        "calls": "how many calls were seen in traces",
        "rate_per_minute": "calls a minute; of sampled traces it is the sampled ones' rate",
        "failed": "share of calls that failed, 0..1",
        "median_ms": "middle of a call's duration, milliseconds",
        "p95_ms": "95th percentile of it",
        "waited": "share of all requests' time spent waiting for this component's own work, 0..1",
    },
    "Onset": {"latest": "first proof of the new behaviour", "earliest": "last proof of the old behaviour",
              "locators": "where to see it"},
    "Artefact": {"last": "latest time in it", "first": "earliest time in it"},
    "Finding": {
        "rule": "what kind of observation; see the page of findings",
        "title": "the observation in one sentence, with its numbers",
        "severity": "`info`, `warning`, `error` or `critical`",
        "components": "whom it is about",
        "first": "first time it was seen",
        "last": "last time it was seen",
        "count": "how often",
        "locators": "where to see it; a finding without any argues for nobody",
        "id": "`F-01`, `F-02`, ...; stable within one report",
    },
    "Locator": {
        "time": "when it happened; only where the place has a time",
        "trace": "the trace that a span belongs to; only for spans",
        "artefact": "id of the artefact",
        "line": "one of `line`, `entry`, `packet`, `frame`, `sample` (from 1), `byte` (from 0) or `span` (its id)",
    },
    "Candidate": {
        "name": "the component, as the evidence names it",
        "domain": "where in the path of a request it stands",
        "arguments": "reasons for and against, the strongest first",
        "reasons": "ids of the findings that its arguments rest on",
    },
    "Argument": {"sign": "`+` for, `-` against", "text": "the reason in words"},
    "Moment": {
        "time": "when, on the corrected clock",
        "component": "whose; empty where it is nobody's",
        "kind": "`change`, `cause`, `symptom`, `report` or `signal`",
        "title": "what happened",
        "finding": "id of the finding behind it; may be empty",
        "locator": "where to see it; null where there is none",
    },
    "Gap": {
        "id": "`C-1`, `C-2`, ...",
        "kind": "what kind of lack: `no_log`, `no_baseline`, `clock_skew`, ...",
        "title": "what is lacking, in words",
        "components": "whom it concerns",
        "locators": "where to see it",
    },
    "Question": {
        "id": "`R-1`, `R-2`, ...",
        "title": "what to ask for",
        "command": "the command that collects it",
        "separates": "the candidates it would tell apart",
    },
    "Facts": {
        "artefacts": "artefacts read, without the baseline's",
        "bytes": "bytes after decompression",
        "lines": "log lines",
        "logs": "logs",
        "spans": "spans",
        "series": "metric series",
        "baseline_lines": "log lines of the baseline",
        "baseline_artefacts": "artefacts of the baseline",
        "seconds": "wall time",
        "partial": "true when something given could not be read",
        "system": "what the bundle's note says of the system; only where it has one",
        "symptom": "the symptom the note reports; only where it has one",
    },
}  # fmt: skip
"""Words for fields whose declaration has no docstring, and for those only the public form has."""


def _documented(owner: str) -> dict[str, str]:
    import holdfast.diagnostics.artefacts as artefacts
    import holdfast.diagnostics.diagnosis as diagnosis
    import holdfast.diagnostics.findings as found

    for module in (diagnosis, artefacts, found):
        if hasattr(module, owner) and owner != "Facts":
            return _docstrings(getattr(module, owner)) | _EXTRA.get(owner, {})
    return _EXTRA[owner]


def _docstrings(kind: type) -> dict[str, str]:
    """Return the docstring that follows each field of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: flat(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


_KINDS = {str: "text", int: "number", float: "number", bool: "yes or no", list: "list", dict: "object"}


def _fields(value: dict[str, Any], said: dict[str, str]) -> str:
    rows = []
    for key, example in value.items():
        kind = "time" if _is_time(key, example) else _KINDS.get(type(example), "text")
        rows.append((f"`{key}`", kind, said[key]))
    return table(("field", "kind", "meaning"), rows)


def _is_time(key: str, example: object) -> bool:
    return key in ("first", "last", "time", "earliest", "latest") and isinstance(example, str)
