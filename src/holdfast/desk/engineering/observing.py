"""What a finding says was so before and since, in words an owner can set side by side."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.desk.investigation.story import Change
from holdfast.diagnostics.units import duration


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing on both sides of the onset; a side is empty where it was not counted."""

    subject: str
    before: str
    after: str


def observation(change: Change) -> Observation:
    """Return a change as its two sides."""
    finding = change.finding
    data, component = finding["data"], ", ".join(finding["components"])
    if "metric" in data:
        return Observation(f"{data['metric']} of {component}", change.before, change.after)
    if "what" in data:
        noun = finding["rule"].rpartition("_")[2]
        return Observation(
            f"{component}, {noun} “{change.what}”", f"in {change.before} calls", f"in {change.after} calls"
        )
    return Observation(data.get("subject", finding["title"]), *_slower(change))


def _slower(change: Change) -> tuple[str, str]:
    """Return both sides with the time a call takes where it is known."""
    data = change.finding["data"]
    if "usual" not in data:
        return f"{change.before} calls", f"{change.after} calls"
    return (
        f"usually {duration(data['usual'])}; slower in {change.before} calls",
        f"{duration(data['now'])}; slower in {change.after} calls",
    )
