"""The report as one self-contained HTML page that prints well."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from holdfast.diagnostics.diagnosis import Diagnosis


def page(diagnosis: Diagnosis) -> str:
    """Return the page. Whatever comes from evidence is escaped; nothing is loaded from anywhere."""
    said = diagnosis.to_dict()
    artefacts = {artefact["id"]: artefact for artefact in said["artefacts"]}
    findings = {finding["id"]: finding for finding in said["findings"]}
    return _template().render(d=said, artefacts=artefacts, findings=findings, place=_place)


def _place(locator: dict[str, object], artefacts: dict[str, dict[str, object]]) -> str:
    name = str(artefacts.get(str(locator["artefact"]), {}).get("name", locator["artefact"]))
    at = next(
        (
            locator[kind]
            for kind in ("line", "span", "sample", "entry", "packet", "frame", "byte")
            if kind in locator
        ),
        "",
    )
    return f"{'/'.join(name.split('/')[-2:])}:{at}"


@cache
def _template() -> Template:
    here = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return here.get_template("page.html")
