"""Reader of change feeds: deploys, flags and configuration changes as JSON."""

from __future__ import annotations

from typing import Any

import orjson

from holdfast.diagnostics.analysers.contract import Analyser, Change, Opened, Reading, Sample
from holdfast.diagnostics.analysers.manifest import moment
from holdfast.diagnostics.analysers.traces import documents

_TIMES = ("time", "timestamp", "at", "deployed_at", "created_at", "finished_at")
_OWNERS = ("component", "service", "application", "app", "environment_name", "name")


class Changes(Analyser):
    """A list of `{"time", "component", "kind", "from", "to", "by"}`, one document or one a line."""

    name = "changes"
    reads = "deploys, flags and configuration changes as JSON"

    def confidence(self, sample: Sample) -> float:
        head = sample.head.lstrip()
        if not head.startswith((b"[", b"{")) or b"resourceSpans" in head:
            return 0.0
        try:
            first = next(iter(_entries(orjson.loads(head))), None) if sample.whole else None
        except orjson.JSONDecodeError:
            first = next(iter(_entries(_first_line(head))), None)
        if not isinstance(first, dict) or _first(first, _TIMES) is None or _first(first, _OWNERS) is None:
            return 0.0
        return (
            0.85
            if {"from", "to"} <= first.keys() or "version" in first or "deploy" in str(first.get("kind"))
            else 0.0
        )

    def read(self, opened: Opened) -> Reading:
        found: list[Change] = []
        for _line, document in documents(opened.path):
            for entry in _entries(document):
                change = (
                    _change(entry, opened.artefact.id, len(found) + 1) if isinstance(entry, dict) else None
                )
                if change:
                    found.append(change)
        times = [change.time for change in found]
        return Reading(
            self.name, len(found), min(times, default=None), max(times, default=None), changes=found
        )


def _first_line(head: bytes) -> Any:
    try:
        return orjson.loads(head.splitlines()[0])
    except orjson.JSONDecodeError:
        return None


def _entries(document: Any) -> list[Any]:
    if isinstance(document, dict):
        inner = document.get("changes") or document.get("deployments") or document.get("items")
        return inner if isinstance(inner, list) else [document]
    return document if isinstance(document, list) else []


def _first(entry: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((entry[name] for name in names if entry.get(name)), None)


def _change(entry: dict[str, Any], artefact: str, number: int) -> Change | None:
    time = moment(_first(entry, _TIMES))
    if time is None:
        return None
    component, kind = (
        str(_first(entry, _OWNERS) or ""),
        str(entry.get("kind") or entry.get("type") or "change"),
    )
    old, new = entry.get("from"), entry.get("to") or entry.get("version")
    title = f"{kind} of {component}" + (
        f": {old} → {new}" if old is not None and new else f" to {new}" if new else ""
    )
    return Change(time, component, kind, title[:300], artefact, number)
