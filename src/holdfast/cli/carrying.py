"""What `holdfast case export` and `import` do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from holdfast.cli import casework


def export(key: str, out: Path, sealed_for: str, words: Path | None, url: str, token: str) -> int:
    """Have a case exported and keep the archive; return the exit code."""
    said: dict[str, Any] = {"form": "redacted"}
    if sealed_for or words:
        said = {"form": "sealed", "to": sealed_for, "passphrase": _first_line(words)}
    return save(out, url, token, "POST", f"/cases/{key}/export", json=said)


def save(out: Path, url: str, token: str, method: str, address: str, **options: Any) -> int:
    """Keep what an operation sends in a file, which appears when it is whole; return the exit code."""
    if out.exists():
        print(f"holdfast: {out} exists; nothing was written over it", file=sys.stderr)
        return 2
    return casework.asked(
        url,
        token,
        lambda size: print(f"{out}: {size} bytes"),
        lambda sender: sender.save(out, method, address, **options),
    )


def ask(key: str, sealed_for: str, why: str, url: str, token: str) -> int:
    """Ask for the decision; return the exit code."""

    def told(found: dict[str, Any]) -> None:
        number = found["decision"]
        print(f"{key}: asked as D-{number}" if number else f"{key}: it is yours to decide")

    said = {"to": sealed_for, "why": why}
    return casework.ask(url, token, told, "POST", f"/cases/{key}/export/ask", json=said)


def take_in(archive: Path, asked: dict[str, str], words: Path | None, url: str, token: str) -> int:
    """Send an archive and say what became of it; return the exit code."""
    if not archive.is_file():
        print(f"holdfast: no such file: {archive}", file=sys.stderr)
        return 2
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(archive.stat().st_size)}
    if words:
        headers["Holdfast-Passphrase"] = quote(_first_line(words))
    with archive.open("rb") as file:
        return casework.ask(
            url, token, _told, "POST", "/import", params=asked, content=file, headers=headers, timeout=None
        )


def _told(found: dict[str, Any]) -> None:
    print(f"{found['case']}  {'imported' if found['created'] else 'was here already'}")
    there = found["origin"]
    print(f"from {there['desk']}, where it is {there['reference']}, {there['form']}")
    print(f"signed by {there['key']}")
    print(f"proven: {there['proven']} of {there['entries']} entries of the timeline")


def _first_line(words: Path | None) -> str:
    return words.read_text().splitlines()[0] if words else ""
