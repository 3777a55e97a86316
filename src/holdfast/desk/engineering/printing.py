"""A ticket as Markdown, JSON and a patch: what a tracker gets, and what is exported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.desk.engineering.models import Reproduction, Ticket
from holdfast.desk.engineering.parts import PARTS
from holdfast.desk.vault.gate import redacted_all

SCHEMA = 1


def leaving(ticket: Ticket) -> dict[str, Any]:
    """Return a draft as it would leave: every text through the gate, empty parts left out."""
    texts_of = {name: ticket.parts.get(name, "").strip() for name in PARTS}
    run = ticket.reproductions.filter(outcome=Reproduction.Outcome.REPRODUCED).first()
    if run is not None:
        ran = f"$ {run.line}\n# {run.told}\n{run.output.strip()}"
        texts_of["steps"] = "\n\n".join(filter(None, [texts_of["steps"], ran]))
    names = [name for name, text in texts_of.items() if text]
    texts = [ticket.summary, ticket.patch.strip("\n"), *(texts_of[name] for name in names)]
    summary, patch, *parts = redacted_all(texts, ticket.case)
    return {"summary": summary, "parts": dict(zip(names, parts, strict=True)), "patch": patch}


def markdown(said: Mapping[str, Any], *, title: bool = True) -> str:
    """Return what left, or a draft as it would, as Markdown; commands and patches are fenced."""
    lines = [f"# {said['summary']}", ""] if title else []
    for name, part in PARTS.items():
        if text := said["parts"].get(name, ""):
            lines += [f"## {part.label}", "", *_body(name, text), ""]
    if said["patch"]:
        lines += ["## Patch", "", *_fenced(said["patch"], "diff"), ""]
    return "\n".join(lines).rstrip() + "\n"


def _body(name: str, text: str) -> list[str]:
    if name == "steps":
        return _fenced(text, "")
    rows = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [f"- {row.removeprefix('- ')}" for row in rows] if len(rows) > 1 else rows


def _fenced(text: str, kind: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{kind}", text.rstrip(), fence]


def document(ticket: Ticket, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ticket as plain JSON, schema 1."""
    return {
        "schema": SCHEMA,
        "case": ticket.case.key,
        "ticket": str(ticket),
        "reference": ticket.reference,
        "owner": ticket.owner,
        "component": ticket.component,
        "priority": ticket.priority,
        "severity": ticket.case.severity,
        "state": ticket.state,
        "summary": said["summary"],
        "parts": dict(said["parts"]),
        "patch": said["patch"],
        "filed_at": ticket.filed_at.isoformat() if ticket.filed_at else None,
    }
