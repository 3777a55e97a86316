"""The custody report as PDF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

_TEMPLATE = Path(__file__).with_name("report.typ")


def pdf(told: dict[str, Any]) -> bytes:
    """Return the report; the data goes in as data and is never read as markup."""
    made = typst.compile(str(_TEMPLATE), sys_inputs={"told": json.dumps(told)})
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made
