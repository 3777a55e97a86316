"""`holdfast case decisions`, `ask` and `decide`."""

from __future__ import annotations

import json
import sys
from typing import Any

from holdfast.cli import casework

ANSWERS = {"approve": True, "refuse": False}
DEEDS = (*ANSWERS, "withdraw", "break-glass", "review")


def show(key: str, url: str, token: str, *, as_json: bool) -> int:
    """Print a case's decisions, newest first; return the exit code."""

    def told(found: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(found, indent=2))
            return
        for one in found["items"]:
            _line(one)
        if not found["items"]:
            print(f"{key} has no decisions")

    return casework.ask(url, token, told, "GET", f"/cases/{key}/decisions")


def _line(one: dict[str, Any]) -> None:
    waits = f", waits for {one['decided_by']}" if one["state"] == "waiting" else ""
    glass = ", broken glass not reviewed" if one["unreviewed"] else ""
    print(f"D-{one['number']}  {one['state']}  {one['right']}  {one['what']}{waits}{glass}")


def ask(key: str, said: dict[str, str], url: str, token: str) -> int:
    """Ask for a decision, or take one that is yours; print what became of it; return the exit code."""
    return casework.ask(url, token, _line, "POST", f"/cases/{key}/decisions", json=said)


def decide(key: str, number: str, deed: str, text: str, url: str, token: str) -> int:
    """Do one of DEEDS to D-1, D-2, ...; print what became of it; return the exit code."""
    digits = number.upper().removeprefix("D-")
    if not digits.isdecimal() or deed not in DEEDS:
        print(f"holdfast: write a decision such as D-4 and one of {', '.join(DEEDS)}", file=sys.stderr)
        return 2
    body: dict[str, Any] = {"text": text}
    address = deed
    if deed in ANSWERS:
        address, body = "answer", {"approve": ANSWERS[deed], "text": text}
    elif deed == "withdraw":
        body = {"reason": text}
    return casework.ask(
        url, token, _line, "POST", f"/cases/{key}/decisions/{int(digits)}/{address}", json=body
    )
