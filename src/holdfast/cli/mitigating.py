"""`holdfast case mitigations`, `mitigate` and `mitigation`."""

from __future__ import annotations

import json
import sys
from typing import Any

from holdfast.cli import casework

DEEDS = ("start", "verify", "held", "failed", "rolled-back", "rollback-failed", "replace")


def show(key: str, url: str, token: str, *, as_json: bool) -> int:
    """Print a case's mitigations, or without a key all temporary fixes in place; return the exit code."""

    def told(found: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(found, indent=2))
            return
        for one in found["items"]:
            _line(one)
        if not found["items"]:
            print("no mitigations")

    return casework.ask(url, token, told, "GET", f"/cases/{key}/mitigations" if key else "/mitigations")


def _line(one: dict[str, Any]) -> None:
    ends = f", may stay until {one['expires_at']}" if one["expires_at"] and not one["ended_at"] else ""
    late = " EXPIRED" if one["overdue"] else ""
    print(f"{one['case']} M-{one['number']}  {one['state']}  {one['pattern']}: {one['what']}{ends}{late}")


def propose(key: str, said: dict[str, Any], probe: str, url: str, token: str) -> int:
    """Propose a mitigation; `probe` is its JSON, or empty; return the exit code."""
    if probe:
        try:
            said = said | {"probe": json.loads(probe)}
        except ValueError as error:
            print(f"holdfast: the probe is no JSON: {error}", file=sys.stderr)
            return 2
    return casework.ask(url, token, _line, "POST", f"/cases/{key}/mitigations", json=said)


def act(key: str, number: str, deed: str, text: str, url: str, token: str) -> int:
    """Do one of DEEDS to M-1, M-2, ...; print what became of it; return the exit code."""
    digits = number.upper().removeprefix("M-")
    if not digits.isdecimal() or deed not in DEEDS:
        print(f"holdfast: write a mitigation such as M-1 and one of {', '.join(DEEDS)}", file=sys.stderr)
        return 2
    address, body = deed, dict[str, Any](text=text)
    if deed in ("held", "failed"):
        address, body = "judge", {"held": deed == "held", "observed": text}
    elif deed in ("rolled-back", "rollback-failed"):
        address, body = "roll-back", {"worked": deed == "rolled-back", "text": text}
    path = f"/cases/{key}/mitigations/{int(digits)}/{address}"
    options = {} if deed in ("start", "verify") else {"json": body}
    return casework.ask(url, token, _line, "POST", path, **options)
