"""`holdfast case hold`, `unhold` and `delete-evidence`."""

from __future__ import annotations

import json
from typing import Any

from holdfast.cli import casework


def hold(key: str, why: str, url: str, token: str, *, lift: bool) -> int:
    """Place or lift a legal hold; return the exit code."""

    def told(found: dict[str, Any]) -> None:
        print(f"{key}: legal hold {'lifted' if found['lifted_at'] else 'placed'}: {found['why']}")

    address = f"/cases/{key}/evidence/hold{'/lift' if lift else ''}"
    return casework.ask(url, token, told, "POST", address, json={"why": why})


def delete(key: str, why: str, url: str, token: str, *, ask: bool) -> int:
    """Ask for the decision, or delete by it and print the certificate; return the exit code."""
    if ask:
        return casework.ask(
            url,
            token,
            lambda found: print(f"{key}: asked as D-{found['decision']}"),
            "POST",
            f"/cases/{key}/evidence/deletion/ask",
            json={"why": why},
        )
    return casework.ask(
        url,
        token,
        lambda found: print(json.dumps(found, indent=1)),
        "POST",
        f"/cases/{key}/evidence/deletion",
        json={"why": why},
    )
