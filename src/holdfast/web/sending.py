"""A client of the desk's API: declares a case and sends evidence in pieces. Imports no Django."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

PIECE = 16 * 2**20
_ATTEMPTS = 5


class Sender:
    """One connection to a desk. Use as a context manager."""

    def __init__(self, url: str, token: str, progress: Callable[[str, int, int], None]) -> None:
        self._progress = progress
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def declare(self, said: dict[str, Any], key: str = "") -> dict[str, Any]:
        """Declare a case; with a key, doing it again returns the same case."""
        return dict(self.call("POST", "/cases", json=said, headers={"Idempotency-Key": key} if key else {}))

    def send(self, case: str, path: Path, *, baseline: bool = False) -> dict[str, Any]:
        """Send one file, checked at the other end against its SHA-256."""
        size, digest = path.stat().st_size, _sha256(path)
        announced = {"name": path.name, "size": size, "sha256": digest, "baseline": baseline}
        upload = self.call("POST", f"/cases/{case}/uploads", json=announced)
        with path.open("rb") as file:
            while upload["offset"] < size:
                file.seek(upload["offset"])
                upload = self._piece(upload, file.read(min(PIECE, upload["piece"])))
                self._progress(path.name, upload["offset"], size)
        return dict(self.call("POST", f"/uploads/{upload['id']}/complete"))

    def investigate(self, case: str) -> dict[str, Any]:
        """Have the evidence read."""
        return dict(self.call("POST", f"/cases/{case}/investigations", json={}))

    def _piece(self, upload: dict[str, Any], data: bytes) -> dict[str, Any]:
        """Send a piece; after a broken connection ask how much arrived and go on from there."""
        address, headers = f"/uploads/{upload['id']}", {"Upload-Offset": str(upload["offset"])}
        for attempt in range(_ATTEMPTS):
            try:
                return dict(self.call("PATCH", address, content=data, headers=headers))
            except httpx.TransportError:
                if attempt == _ATTEMPTS - 1:
                    raise
                now = dict(self.call("GET", address))
                if now["offset"] != upload["offset"]:
                    return now
        raise AssertionError("unreachable")

    def call(self, method: str, address: str, **options: Any) -> Any:
        """Call an operation of the API and return what it answers; raise HTTPStatusError when it refuses."""
        answer = self._client.request(method, address, **options)
        answer.raise_for_status()
        return answer.json()

    def save(self, out: Path, method: str, address: str, **options: Any) -> int:
        """Write what an operation sends to a file, which appears when it is whole; return its bytes."""
        part = out.with_name(f".{out.name}.part")
        try:
            with self._client.stream(method, address, timeout=None, **options) as answer:
                if answer.is_error:
                    answer.read()
                answer.raise_for_status()
                with part.open("wb") as file:
                    for block in answer.iter_bytes():
                        file.write(block)
            os.rename(part, out)
        finally:
            part.unlink(missing_ok=True)
        return out.stat().st_size

    def text(self, address: str) -> str:
        """Return what an operation answers in text."""
        answer = self._client.get(address)
        answer.raise_for_status()
        return answer.text


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
