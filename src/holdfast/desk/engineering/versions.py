"""Which version has a fix. Versions are compared by their numbers; what cannot be compared is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_FORM = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,7})(?:[-.+_ ]?(.*))?", re.IGNORECASE | re.DOTALL)
_BEFORE = re.compile(r"(a|alpha|b|beta|rc|pre|dev|snapshot|m|preview)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Build:
    """A version that has a fix: for one line, `1.0`, or with no line for every later version."""

    version: str
    line: str = ""


def numbers(version: str) -> tuple[int, ...] | None:
    """Return the numbers of a version, those of one before a release a little lower; None without numbers.

    Trailing zeros do not count, so that `1.0` and `1.0.0` are the same.
    """
    found = _FORM.fullmatch(version.strip())
    if found is None:
        return None
    parts = [int(part) for part in found[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return (*parts, -1) if _BEFORE.match(found[2] or "") else tuple(parts)


def within(version: str, line: str) -> bool:
    """Whether a version belongs to a line: `1.0.3` to `1.0`, `1.0.x` and `1`, but not to `1.1`."""
    mine, wanted = numbers(version), numbers(line.lower().removesuffix(".x").removesuffix(".*"))
    if mine is None or wanted is None:
        return False
    dots = line.lower().removesuffix(".x").removesuffix(".*").count(".") + 1
    return _padded(mine, dots) == _padded(wanted, dots)


def _padded(parts: tuple[int, ...], length: int) -> tuple[int, ...]:
    known = [part for part in parts if part >= 0]
    return tuple([*known, *[0] * length][:length])


def has_fix(version: str, builds: Iterable[Build]) -> bool | None:
    """Whether a version has a fix: it is one of the builds, or a later one of its line; None when nobody can tell."""
    told = [_has(version.strip(), build) for build in builds]
    if any(told):
        return True
    return None if None in told else False


def _has(version: str, build: Build) -> bool | None:
    if version and version == build.version.strip():
        return True
    mine, fixed = numbers(version), numbers(build.version)
    if mine is None or fixed is None:
        return None
    if build.line and not within(version, build.line):
        return False
    if mine == fixed and _suffix(build.version):
        return None  # 1.0.3-build6 against 1.0.3-build7: nobody says which came first
    return _place(mine) >= _place(fixed)


def _suffix(version: str) -> str:
    found = _FORM.fullmatch(version.strip())
    return (found[2] or "").strip() if found else ""


def _place(parts: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Return what versions are ordered by: `1.0-rc1` comes before `1.0`, `1.0.1` after it."""
    before = parts[-1] == -1
    return (parts[:-1] if before else parts), -1 if before else 0


def fix_for(version: str, builds: Iterable[Build]) -> Build | None:
    """Return the build to install: of the version's own line where there is one, else of all later versions."""
    listed = list(builds)
    mine = [build for build in listed if build.line and within(version, build.line)]
    return next(iter([*mine, *[build for build in listed if not build.line]]), None)
