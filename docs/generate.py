"""Writes docs/reference from the product's own registries, so that no page can fall behind the code.

    python -m docs.generate [--check]

With --check nothing is written: the exit code is 1 when a page is not what the code says.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs.markdown import code, flat, page, table
from docs.report_schema import schema

FOLDER = Path(__file__).parent / "reference"


def analysers() -> str:
    """Return the page of readers."""
    from holdfast.diagnostics.analysers import registered

    ours = [one for one in registered() if type(one).__module__.startswith("holdfast.")]
    rows = [(f"`{one.name}`", one.reads, flat(inspect.getdoc(type(one)))) for one in ours]
    return page(
        "Analysers",
        "Each artefact of a bundle is read by the analyser most sure of its first 64 KiB; its name does not"
        " count. What nobody recognises is listed as unread.",
        table(("name", "reads", "looks like"), rows),
    )


def log_formats() -> str:
    """Return the page of log layouts."""
    from holdfast.diagnostics.logs.layouts import known_layouts

    rows = [
        (
            f"`{one.name}`",
            one.title,
            "yes" if one.wraps else "",
            code(one.samples[0].line) if one.samples else "",
        )
        for one in known_layouts()
    ]
    return page(
        "Log formats",
        "One data file each, in `src/holdfast/diagnostics/logs/formats/`. A header in no file is learned from the"
        " log itself. A format that wraps carries the lines of another inside.",
        table(("name", "what", "wraps", "for example"), rows),
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
        parts.append(f"## {title}: {len(rows)}\n\n{table(('rule', 'what', 'class', 'tier', 'source'), rows)}")
    return page("Rules of redaction", *parts)


def findings() -> str:
    """Return the page of rules."""
    from holdfast.diagnostics.rules import COMPARING, OPENING, READING

    parts = [
        "A finding's `rule` says what kind of observation it is. Findings of the last group argue for or against"
        " components and always carry locators.",
    ]
    for title, rules in (("Opening", OPENING), ("Reading", READING), ("Comparing", COMPARING)):
        rows = [(f"`{r.id}`", r.says, ", ".join(f"`{key}`" for key in r.data)) for r in rules]
        parts.append(f"## {title}\n\n{table(('rule', 'says', 'data'), rows)}")
    return page("Findings", *parts)


def settings() -> str:
    """Return the page of settings."""
    from holdfast.web.configuration import SETTINGS

    rows = [
        (f"`{one.name}`", f"`{one.default}`" if one.default else "", one.help, "yes" if one.secret else "")
        for one in SETTINGS
    ]
    return page(
        "Settings",
        "Environment variables of the desk. Each may also be given as `<name>_FILE`, a path to a file that holds"
        " the value; do so for secrets. `holdfast investigate` and `holdfast logs` need none.",
        table(("name", "default", "meaning", "secret"), rows),
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
        parts.append(f"## {one.id} {one.title}\n\n{table(('', ''), rows)}")
    return page("Figures", *parts)


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
    return page("Policies", *parts)


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
        "## Exit codes of `holdfast investigate`\n\n" + table(("code", "meaning"), codes),
        "Other commands end with 0 when all was done and with 2 when nothing was, with the reason; those of a desk,"
        " too, where it refuses or does not answer. What else a code may tell stands with its command.",
        *(_command(path, one) for path, one in _commands(typer.main.get_command(app), "holdfast")),
    ]
    return page("Commands", *parts)


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
    body = "\n\n".join(flat(part) for part in said)
    options = "\n\n" + table(("option", "default", "meaning"), rows) if rows else ""
    return f"## `{path}`\n\n```\n{usage}\n```\n\n{body}{options}"


def _option(parameter: Any) -> str:
    kind = "" if getattr(parameter, "is_flag", False) else " VALUE"
    return f"`{', '.join(parameter.opts)}{kind}`"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False, "", ()) or getattr(parameter, "is_flag", False):
        return ""
    return f"`{parameter.default}`"


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
