"""F13: how many cases have what is needed to work on them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class EvidencePack(Figure):
    """Evidence pack."""

    id = "F13"
    name = "evidence-pack"
    title = "Cases with a complete evidence pack"
    definition = (
        "Of the cases an engineer has acknowledged, the share that has everything its intake template asks for, or"
        " has it marked as not needed, as it stands now. Cases merged into another are not counted."
    )
    unit = "percent"
    version = 1
    events = ("pack", "acknowledged")
    targets: ClassVar[dict[int, float]] = {1: 90, 2: 90, 3: 90, 4: 90}
    above = True

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return whether the pack is complete by the newest entry that speaks of it."""
        acknowledged = any(step.data.get("acknowledged") for step in case.steps)
        if not acknowledged or case.story.merged:
            return None
        packs = [step.data["pack"] for step in case.steps if "pack" in step.data]
        return Share(int(bool(packs and packs[-1])), 1)
