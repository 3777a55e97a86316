"""The gate: what leaves the desk as text has no secrets and no personal data in it any more."""

from __future__ import annotations

import contextlib
import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from holdfast.desk.cases.models import Case
from holdfast.redaction import Key, Redactor
from holdfast.redaction.redactor import Found


def redacted(text: str, case: Case) -> str:
    """Return a text as it may leave: the same value has the same pseudonym in all of a case's texts."""
    return _redactor(settings.DATA / "redaction.key", case.id).text(text).text


def find(text: str, case: Case | None = None) -> tuple[Found, ...]:
    """Return what would be replaced in a text, for a checker that only wants to know; a case's pseudonyms are none."""
    finder = _redactor(settings.DATA / "redaction.key", case.id) if case else _finder()
    return finder.find(text)


def is_secret(one: Found) -> bool:
    """Whether a value opens a door; else it tells who somebody is, or where something stands."""
    return one.kind in ("secret", "jwt", "password", "key", "token", "cookie")


@lru_cache(maxsize=1)
def _finder() -> Redactor:
    return Redactor(Key.fresh())


@lru_cache(maxsize=64)
def _redactor(path: Path, case_id: int) -> Redactor:
    return Redactor(Key(_desk_key(path).derived(b"case %d" % case_id)))


def _desk_key(path: Path) -> Key:
    """Return the desk's key, made at the first use."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(Key.fresh().text() + "\n")
    return Key.read(path)
