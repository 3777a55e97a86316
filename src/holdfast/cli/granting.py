"""What `holdfast grant` asks of a desk."""

from __future__ import annotations

import json
import sys
from typing import Any

from holdfast.cli import casework


def listed(key: str, url: str, token: str, *, as_json: bool) -> int:
    """Print the grants of a case; return the exit code."""

    def told(found: list[dict[str, Any]]) -> None:
        if as_json:
            print(json.dumps(found, indent=2))
            return
        for one in found:
            _line(one)
        if not found:
            print(f"{key} has no grants")

    return casework.ask(url, token, told, "GET", f"/cases/{key}/grants")


def _line(one: dict[str, Any]) -> None:
    which = f", artefacts {', '.join(map(str, one['artefacts']))}" if one["artefacts"] else ""
    until = f" until {one['until']}" if one["until"] else f", {one['hours']} h"
    print(f"G-{one['number']}  {one['state']}{until}  {one['person']}  {one['what']}{which}: {one['why']}")


def ask(key: str, said: dict[str, Any], url: str, token: str) -> int:
    """Ask for a grant and print it; return the exit code."""
    return casework.ask(url, token, _line, "POST", f"/cases/{key}/grants", json=said)


def act(key: str, number: str, deed: str, said: dict[str, Any], url: str, token: str) -> int:
    """Open or end G-1, G-2, ...; return the exit code."""
    digits = number.upper().removeprefix("G-")
    if not digits.isdecimal():
        print("holdfast: write a grant such as G-2", file=sys.stderr)
        return 2
    return casework.ask(url, token, _line, "POST", f"/cases/{key}/grants/{int(digits)}/{deed}", json=said)
