"""The parts of a ticket, in the order an owner reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what it is called and what belongs there."""

    name: str
    label: str
    asks: str
    """What an owner wants to read there."""
    rows: int = 3
    lacking: str = ""
    """What an owner says who sends it back for want of it."""


PARTS = {
    part.name: part
    for part in (
        Part("expected", "Expected", "what was observed while it was well, with its place", 3, "no expected"),
        Part("actual", "Actual", "what is observed now, with its place", 4, "no actual"),
        Part("impact", "Impact", "how many, of how many, since when, workaround", 4, "no impact number"),
        Part(
            "steps", "Reproduce", "the fewest steps or commands, and how often it fails", 6, "no minimal case"
        ),
        Part("environment", "Environment", "versions, region, settings that matter", 3, "no environment"),
        Part("excluded", "Not the cause", "what was ruled out, and by what", 3),
        Part("evidence", "Evidence", "findings and places: F-03, route.log:54", 4, "no evidence"),
        Part(
            "acceptance",
            "Done when",
            "one line each, with a number or a command",
            4,
            "no acceptance criteria",
        ),
        Part("suggestion", "Suggested change", "what to change, and what holds until then", 4),
        Part("priority", "Priority", "why now, and not later", 2, "priority not argued"),
        Part(
            "risk", "Regression risk", "low, medium or high, where, and what to watch", 2, "risk not judged"
        ),
    )
}
OTHER = "other"
LACKING = {name: part.lacking for name, part in PARTS.items() if part.lacking} | {OTHER: "something else"}
"""What a ticket is sent back for want of."""
