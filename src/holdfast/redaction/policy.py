"""What an organisation decides of its own: rules added, rules and fields left out, kept ranges; data in YAML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from holdfast.redaction import rules as shipped_rules
from holdfast.redaction.naming import known_names
from holdfast.redaction.rules import Rule, RuleError

_KEYS = {"add", "disable", "exempt", "classes", "keep", "release"}


class PolicyError(ValueError):
    """A policy that cannot be used; says where and why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which rules hold and what is exempt."""

    rules: tuple[Rule, ...]
    exempt_fields: frozenset[str] = frozenset()
    """Names of fields, as words, whose values stay."""
    exempt_paths: tuple[str, ...] = ()
    """Patterns of names of files (`*` and `?`) from which only values found elsewhere are removed."""
    keep: frozenset[bytes] = frozenset()
    """Values that are nobody's secret here."""
    parts: frozenset[bytes] = frozenset()
    """Names of the parts of the system. A service signs in to its database by its own name, and that is nobody's user
    name; as anything else, such as a password, it goes all the same."""
    release: tuple[str, ...] = ()
    """Names of files that a person has released although they are unknown binaries."""
    digest: str = ""

    @classmethod
    def default(cls) -> Policy:
        """Return all our rules and nothing exempt."""
        return _made({}, "default")

    @classmethod
    def read(cls, path: Path) -> Policy:
        """Read a policy file; raises PolicyError."""
        try:
            return cls.parsed(path.read_text("utf-8"), path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"the policy {path} cannot be read: {error}") from error

    @classmethod
    def parsed(cls, text: str, where: str = "policy") -> Policy:
        """Read a policy from YAML; raises PolicyError with place and reason."""
        try:
            data = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise PolicyError(f"{where}: {error}") from error
        if not isinstance(data, Mapping):
            raise PolicyError(f"{where}: expected keys {', '.join(sorted(_KEYS))}")
        if unknown := set(data) - _KEYS:
            raise PolicyError(
                f"{where}: unknown {', '.join(sorted(map(str, unknown)))}; known are {', '.join(sorted(_KEYS))}"
            )
        return _made(data, where)


def _made(data: Mapping[str, Any], where: str) -> Policy:
    try:
        added = [shipped_rules.from_row(row, where) for row in _list(data, "add", where)]
    except RuleError as error:
        raise PolicyError(str(error)) from error
    disabled = set(map(str, _list(data, "disable", where)))
    classes = set(map(str, _list(data, "classes", where)))
    ours = shipped_rules.shipped()
    known = {rule.id for rule in ours} | {rule.kind for rule in ours}
    if unknown := (disabled | classes) - known:
        raise PolicyError(f"{where}: no rule or class is called {', '.join(sorted(unknown))}")
    if clash := {rule.id for rule in added} & {rule.id for rule in ours}:
        raise PolicyError(
            f"{where}: {', '.join(sorted(clash))} is a rule of ours; disable it and add yours by another id"
        )
    chosen = [
        rule
        for rule in ours
        if rule.id not in disabled and rule.kind not in disabled and (not classes or rule.kind in classes)
    ]
    exempt = data.get("exempt") or {}
    if not isinstance(exempt, Mapping) or set(exempt) - {"fields", "paths"}:
        raise PolicyError(f"{where}: exempt takes `fields` and `paths`")
    fields = frozenset(known_names(map(str, exempt.get("fields", ()))))
    held = tuple(_without(rule, fields) for rule in (*added, *chosen))
    return Policy(
        rules=tuple(rule for rule in held if rule.pattern or rule.fields or rule.handler),
        exempt_fields=fields, exempt_paths=tuple(map(str, exempt.get("paths", ()))),
        keep=frozenset(str(one).encode() for one in _list(data, "keep", where)),
        release=tuple(map(str, _list(data, "release", where))),
        digest=hashlib.sha256(repr(sorted(data.items(), key=str)).encode()).hexdigest(),
    )  # fmt: skip


def _list(data: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    value = data.get(key) or ()
    if not isinstance(value, list | tuple):
        raise PolicyError(f"{where}: {key} takes a list")
    return value


def _without(rule: Rule, fields: frozenset[str]) -> Rule:
    if not rule.fields or not fields:
        return rule
    from dataclasses import replace

    return replace(rule, fields=tuple(one for one in rule.fields if one not in fields))


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a file's name fits one of the patterns of a policy; `*` reaches across folders."""
    return any(
        re.fullmatch("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in one), name)
        for one in patterns
    )
