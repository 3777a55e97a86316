"""Writes the log of one process in its own layout."""

import os
from pathlib import Path
from typing import Any

from holdfast.range.dice import dice

from .clock import Clock
from .layouts import LAYOUTS, LEVELS, Record, in_container
from .spans import Context
from .stacks import STACKS


class Logbook:
    """The log file of one process. `ids` names which of trace_id, span_id, request_id it writes."""

    def __init__(self, component: dict[str, Any], path: Path, clock: Clock) -> None:
        self.component = component
        self.clock = clock
        self.layout = LAYOUTS[component["layout"]]
        self.runtime: str = component.get("container", "none")
        self.ids: list[str] = component.get("ids", ["trace_id", "span_id", "request_id"])
        self.threshold = LEVELS.index(component.get("config", {}).get("log.level", "info"))
        self.files = {"main": path.open("a", encoding="utf-8", buffering=1)}
        self.rng = dice(component["name"], os.getpid())
        if component["layout"] == "nginx":
            access = path.with_name(path.stem + "-access.log")
            self.files["access"] = access.open("a", encoding="utf-8", buffering=1)

    def write(
        self,
        level: str,
        logger: str,
        message: str,
        context: Context | None = None,
        error: BaseException | None = None,
        **fields: Any,
    ) -> None:
        """Append one event; below the configured level it is dropped."""
        if LEVELS.index(level) < self.threshold:
            return
        known = vars(context) if context is not None else {}
        stack = (
            STACKS[self.component.get("language", "python")](error, self.component["name"]) if error else ""
        )
        record = Record(
            self.clock.now(),
            level,
            logger,
            message,
            self.component["name"],
            self.component["node"],
            os.getpid(),
            self._thread(),
            {k: known[k] for k in self.ids if known.get(k)} | fields,
            stack,
            self.component.get("zone_minutes", 0),
        )
        file = self.files.get(logger, self.files["main"])
        file.write(in_container(self.layout(record), record, self.runtime) + "\n")

    def _thread(self) -> str:
        return f"http-exec-{self.rng.randint(1, 12)}"
