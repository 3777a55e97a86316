"""Writes docs/reference from the product's own registries, so that no page can fall behind the code.

    python -m docs.generate [--check]

With --check nothing is written: the exit code is 1 when a page is not what the code says.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
HEAD = "<!-- Written by `make docs` from the code. Edit the code, not this page. -->\n"


def analysers() -> str:
    """Return the page of readers."""
    from holdfast.diagnostics.analysers import registered

    ours = [one for one in registered() if type(one).__module__.startswith("holdfast.")]
    rows = [(f"`{one.name}`", one.reads, _flat(inspect.getdoc(type(one)))) for one in ours]
    return _page(
        "Analysers",
        "Each artefact of a bundle is read by the analyser most sure of its first 64 KiB; its name does not"
        " count. What nobody recognises is listed as unread.",
        _table(("name", "reads", "looks like"), rows),
    )


def log_formats() -> str:
    """Return the page of log layouts."""
    from holdfast.diagnostics.logs.layouts import known_layouts

    rows = [
        (
            f"`{one.name}`",
            one.title,
            "yes" if one.wraps else "",
            _code(one.samples[0].line) if one.samples else "",
        )
        for one in known_layouts()
    ]
    return _page(
        "Log formats",
        "One data file each, in `src/holdfast/diagnostics/logs/formats/`. A header in no file is learned from the"
        " log itself. A format that wraps carries the lines of another inside.",
        _table(("name", "what", "wraps", "for example"), rows),
    )


def redaction_rules() -> str:
    """Return the page of rules of redaction."""
    from holdfast.redaction.rules import SECRET, shipped

    parts = [
        "One row each in `src/holdfast/redaction/rules/`. *Certain* rules know a value by its own form or check digits,"
        " *likely* ones by the name of its field.",
    ]
    for title, secret in (("Secrets", True), ("Personal data", False)):
        rows = [
            (f"`{one.id}`", one.title, "" if secret else f"`{one.kind}`", one.tier, f"[form]({one.source})")
            for one in shipped()
            if (one.kind == SECRET) is secret
        ]
        parts.append(f"## {title}: {len(rows)}\n\n{_table(('rule', 'what', 'class', 'tier', 'source'), rows)}")
    return _page("Rules of redaction", *parts)


def findings() -> str:
    """Return the page of rules."""
    from holdfast.diagnostics.rules import COMPARING, OPENING, READING

    parts = [
        "A finding's `rule` says what kind of observation it is. Findings of the last group argue for or against"
        " components and always carry locators.",
    ]
    for title, rules in (("Opening", OPENING), ("Reading", READING), ("Comparing", COMPARING)):
        rows = [(f"`{r.id}`", r.says, ", ".join(f"`{key}`" for key in r.data)) for r in rules]
        parts.append(f"## {title}\n\n{_table(('rule', 'says', 'data'), rows)}")
    return _page("Findings", *parts)


def settings() -> str:
    """Return the page of settings."""
    from holdfast.web.configuration import SETTINGS

    rows = [
        (f"`{one.name}`", f"`{one.default}`" if one.default else "", one.help, "yes" if one.secret else "")
        for one in SETTINGS
    ]
    return _page(
        "Settings",
        "Environment variables of the desk. Each may also be given as `<name>_FILE`, a path to a file that holds"
        " the value; do so for secrets. `holdfast investigate` and `holdfast logs` need none.",
        _table(("name", "default", "meaning", "secret"), rows),
    )


_UNITS = {"seconds": " s", "percent": " %", "of 5": " of 5"}


def figures() -> str:
    """Return the page of figures."""
    from holdfast.desk.insight.figures import all_figures

    parts = ["Figures are pure functions of a case's timeline. A change of definition is a new version."]
    for one in all_figures().values():
        targets = ", ".join(
            f"severity {level}: {number:g}{_UNITS[one.unit]}" for level, number in sorted(one.targets.items())
        )
        rows = [
            ("name", f"`{one.name}`"),
            ("definition", one.definition),
            ("unit", one.unit),
            ("targets", targets),
            ("reads", ", ".join(f"`{name}`" for name in one.events)),
            ("version", str(one.version)),
        ]
        parts.append(f"## {one.id} {one.title}\n\n{_table(('', ''), rows)}")
    return _page("Figures", *parts)


def policies() -> str:
    """Return the page of policies, each with the shipped text."""
    import os
    import tempfile

    import django
    from django.apps import apps

    if not apps.ready:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "holdfast.web.settings", "HOLDFAST_DATA": tempfile.mkdtemp()}
    django.setup()
    from holdfast.desk.policies.kind import all_kinds

    parts = [
        "What the desk decides by is data. Each kind has a schema and a check for contradictions; an organisation"
        " publishes versions of its own, and until it does the shipped text holds."
    ]
    for kind in all_kinds().values():
        texts = [f"Shipped as `{name}`:\n\n```yaml\n{text}```" for name, text in kind.shipped().items()]
        parts += [f"## {kind.title}\n\n`{kind.kind}`. {kind.says}", *texts]
    return _page("Policies", *parts)


EXIT_CODES = (
    ("NOTHING", "nothing abnormal found"),
    ("FINDINGS", "findings: a component is named"),
    ("UNUSABLE", "unusable input: no such file, or nothing in it could be read"),
    ("PARTIAL", "findings of a part: something given could not be read, and the report says what"),
)


def commands() -> str:
    """Return the page of the command line."""
    import typer

    from holdfast.cli import investigating
    from holdfast.cli.application import app

    codes = [(str(getattr(investigating, name)), says) for name, says in EXIT_CODES]
    parts = [
        "## Exit codes of `holdfast investigate`\n\n" + _table(("code", "meaning"), codes),
        *(_command(path, one) for path, one in _commands(typer.main.get_command(app), "holdfast")),
    ]
    return _page("Commands", *parts)


def _commands(command: Any, path: str) -> Iterable[tuple[str, Any]]:
    for name, below in getattr(command, "commands", {}).items():
        if getattr(below, "commands", None):
            yield from _commands(below, f"{path} {name}")
        else:
            yield f"{path} {name}", below


def _command(path: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(
        [path, *(f"{p.name.upper()}{'...' if p.nargs == -1 else ''}" for p in arguments), "[OPTIONS]"]
    )
    rows = [(_option(p), _default(p), p.help or "") for p in command.params if p.param_type_name == "option"]
    said = inspect.cleandoc(command.help or "").split("\n\n")
    body = "\n\n".join(_flat(part) for part in said)
    table = "\n\n" + _table(("option", "default", "meaning"), rows) if rows else ""
    return f"## `{path}`\n\n```\n{usage}\n```\n\n{body}{table}"


def _option(parameter: Any) -> str:
    kind = "" if getattr(parameter, "is_flag", False) else " VALUE"
    return f"`{', '.join(parameter.opts)}{kind}`"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False, "", ()) or getattr(parameter, "is_flag", False):
        return ""
    return f"`{parameter.default}`"


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
    return _page("Schema of the report", *parts)


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
        field.target.id: _flat(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


_KINDS = {str: "text", int: "number", float: "number", bool: "yes or no", list: "list", dict: "object"}


def _fields(value: dict[str, Any], said: dict[str, str]) -> str:
    rows = []
    for key, example in value.items():
        kind = "time" if _is_time(key, example) else _KINDS.get(type(example), "text")
        rows.append((f"`{key}`", kind, said[key]))
    return _table(("field", "kind", "meaning"), rows)


def _is_time(key: str, example: object) -> bool:
    return key in ("first", "last", "time", "earliest", "latest") and isinstance(example, str)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: str) -> str:
    """Return a text as inline code; one with backticks in it needs longer fences."""
    line = text.split("\n")[0][:120].strip()
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _page(title: str, *parts: str) -> str:
    return f"{HEAD}\n# {title}\n\n" + "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "analysers": analysers,
    "log-formats": log_formats,
    "redaction-rules": redaction_rules,
    "findings": findings,
    "settings": settings,
    "figures": figures,
    "policies": policies,
    "commands": commands,
    "schema": schema,
}


def stale() -> list[Path]:
    """Return the pages that are not what the code says, missing and left-over ones too."""
    wanted = {FOLDER / f"{name}.md": make() for name, make in PAGES.items()}
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return changed + [path for path in sorted(FOLDER.glob("*.md")) if path not in wanted]


def main() -> int:
    """Write the pages, or say which are out of date."""
    if "--check" in sys.argv[1:]:
        behind = stale()
        for path in behind:
            print(f"{path.relative_to(FOLDER.parent.parent)} is not what the code says; run make docs")
        return 1 if behind else 0
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / f"{name}.md").write_text(make(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
