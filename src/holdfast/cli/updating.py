"""`holdfast case updates`, `tell`, `update` and `promise`."""

from __future__ import annotations

import json
import sys
from typing import Any

from holdfast.cli import casework

DEEDS = ("show", "ask", "send")


def listed(key: str, url: str, token: str, *, as_json: bool) -> int:
    """Print a case's updates and promises; return the exit code."""

    def told(found: list[dict[str, Any]]) -> None:
        if as_json:
            print(json.dumps(found, indent=2))
            return
        for one in found:
            print(f"U-{one['number']}  {one['state']}  to {one['audience']}: {one['text'].splitlines()[0]}")
        if not found:
            print("no updates")

    return casework.ask(url, token, told, "GET", f"/cases/{key}/drafts")


def begin(key: str, audience: str, url: str, token: str) -> int:
    """Begin an update filled from the case and print it; return the exit code."""
    return casework.ask(url, token, _print, "POST", f"/cases/{key}/drafts", json={"audience": audience})


def tell(key: str, text: str, url: str, token: str) -> int:
    """Send a few words to the customer; return the exit code."""

    def told(entry: dict[str, Any]) -> None:
        print(entry["text"])

    return casework.ask(url, token, told, "POST", f"/cases/{key}/updates", json={"text": text})


def act(key: str, number: str, deed: str, url: str, token: str) -> int:
    """Do one of DEEDS to U-1, U-2, ...; return the exit code."""
    digits = number.upper().removeprefix("U-")
    if not digits.isdecimal() or deed not in DEEDS:
        print(f"holdfast: write an update such as U-1 and one of {', '.join(DEEDS)}", file=sys.stderr)
        return 2
    if deed == "show":
        return casework.ask(url, token, lambda found: _one(found, int(digits)), "GET", f"/cases/{key}/drafts")
    told = _print if deed == "send" else _asked
    return casework.ask(url, token, told, "POST", f"/cases/{key}/drafts/{int(digits)}/{deed}")


def settle(key: str, number: str, said: str, due: str, url: str, token: str) -> int:
    """Say that P-1 was kept, or move it to another time; return the exit code."""
    digits = number.upper().removeprefix("P-")
    if not digits.isdecimal():
        print("holdfast: write a promise such as P-1", file=sys.stderr)
        return 2
    body = {"said": said} | ({"due": due} if due else {})

    def told(one: dict[str, Any]) -> None:
        print(f"P-{one['number']}  {one['state']}  {one['text']}")

    return casework.ask(url, token, told, "POST", f"/cases/{key}/promises/{int(digits)}", json=body)


def _one(found: list[dict[str, Any]], number: int) -> None:
    for one in found:
        if one["number"] == number:
            _print(one)


def _asked(found: dict[str, Any]) -> None:
    print(f"asked: {', '.join(found['asked'])}" if found["asked"] else "nothing to ask: it is yours to send")


def _print(one: dict[str, Any]) -> None:
    print(f"U-{one['number']}  {one['state']}  to {one['audience']}\n\n{one['text']}")
    for hit in one["hits"]:
        words = f"“{hit['words']}” " if hit["words"] else ""
        print(f"{'stops' if hit['blocks'] else 'warns'}  {hit['rule']}: {words}{hit['why']}")
