"""The rules: data in YAML, one row a kind of secret or personal data, read and checked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from holdfast.redaction import patterns

FOLDER = Path(__file__).parent / "rules"
SECRET = "secret"  # noqa: S105 - the name of a class
HANDLERS = frozenset(
    {"jwt", "pem", "bearer", "basic", "url", "cookie", "path", "host", "login", "flag"}
    | {
        "sentence",
        "option",
        "login-option",
        "net-use",
        "net-user",
        "oracle",
        "identified",
        "pin",
        "htpasswd",
        "piped",
    }
    | {"email", "ipv4", "ipv6", "mac", "shape", "word", "iban", "phone"}
)
STRENGTHS = (
    *("strong", "weak", "digits", "email", "name", "user", "host", "phone", "address", "locality", "date"),
    *("document", "bic", "card", "geo", "mac", "trait"),
)
MODES = ("token", "text", "auth")
_KEYS = {
    *("id", "title", "class", "pattern", "lead", "triggers", "back", "near", "fields", "strength", "mode"),
    *("handler", "checks", "open", "tier", "source", "positive", "negative"),
}


class RuleError(ValueError):
    """A rule that cannot be used; says which and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of value. Exactly one of `pattern`, `fields` and `handler` decides how it is found."""

    id: str
    title: str
    source: str
    """The vendor's or standard's documentation of the form."""
    kind: str = SECRET
    """Class: `secret`, or one of personal data (`email`, `ipv4`, `name`, ...)."""
    pattern: str = ""
    lead: tuple[str, ...] = ()
    """Literals, one of them in front of the value; it stays. Of a program's rule the option, ending in a blank unless
    glued."""
    triggers: tuple[str, ...] = ()
    """Literals worth looking at; derived from the pattern where it begins with one."""
    back: int = 0
    """How far before its trigger a match may begin, bytes."""
    near: tuple[str, ...] = ()
    """Words one of which has to stand in the name of the field."""
    fields: tuple[str, ...] = ()
    strength: str = "strong"
    mode: str = "token"
    handler: str = ""
    checks: tuple[str, ...] = ()
    open: bool = False
    """True when the value may be followed by a further character of a word."""
    tier: str = "certain"
    """`certain`: a vendor's form or check digits. `likely`: the field's name or the context."""
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = field(default=())

    def examples(self) -> tuple[list[str], list[str]]:
        """Return texts that hold such a value, and texts that do not."""
        positive, negative = list(self.positive), list(self.negative)
        dice = random.Random(self.id)  # noqa: S311 - examples, not keys
        if self.fields:
            return positive or _field_examples(self), negative or [f"no {self.fields[0]} was given"]
        if not positive:
            positive = [self._around(_varied(self.pattern, dice)) for _ in range(3)]
        if not negative:
            negative = [self._around("x" * 12), self._around(_varied(self.pattern, dice)[:5])]
        return positive, negative

    def _around(self, value: str) -> str:
        if self.near:
            name = self.near[0].rstrip("_")
            suffix = "" if name.endswith(("_key", "_token", "_secret")) else "_API_KEY"
            return f"{name.upper()}{suffix}={value}"
        return f"value {''.join(self.lead[:1])}{value} here"


def _varied(pattern: str, dice: random.Random) -> str:
    """Draw until the text is as mixed as a real one."""
    for _ in range(50):
        drawn = patterns.specimen(pattern, dice)
        if len(set(drawn)) >= min(len(drawn) // 2, 8):
            return drawn
    return drawn


_FIELD_VALUES = {
    "strong": "Tr0ub4dor&3x", "weak": "q8Zr2LmX0vTn4KbW7sYd1F", "digits": "482913", "email": "j.roe@firma.de",
    "name": "Henrike Voss", "user": "hvoss7", "host": "db-7.acme.example", "phone": "0151 2345678",
    "address": "Lindenweg 7b", "locality": "50667", "date": "1984-03-12", "document": "C01X00T478",
    "bic": "DEUTDEFF500", "card": "4539148803436467", "geo": "52.520008", "mac": "3c:22:fb:19:0a:7e",
    "trait": "female",
}  # fmt: skip


def _field_examples(rule: Rule) -> list[str]:
    value = _FIELD_VALUES[rule.strength]
    if rule.mode == "auth":
        value = "Token q8Zr2LmX0vTn4KbW7sYd1F"
    name = rule.fields[0].replace(" ", "_")
    return [f'{{"{name}": "{value}"}}', f'{name}="{value}"', f"<{name}>{value}</{name}>"]


def parsed(text: str, where: str) -> list[Rule]:
    """Read rules from YAML; raises RuleError with place and reason."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise RuleError(f"{where}: {error}") from error
    if not isinstance(data, Mapping) or not isinstance(data.get("rules"), list):
        raise RuleError(f"{where}: a list under `rules` is missing")
    return [from_row(row, where) for row in data["rules"]]


def from_row(row: Any, where: str) -> Rule:
    """Make a rule of one row; raises RuleError."""
    if not isinstance(row, Mapping) or "id" not in row:
        raise RuleError(f"{where}: a rule needs an id, got {row!r}")
    name = f"{where}: rule {row['id']}"
    if unknown := set(row) - _KEYS:
        raise RuleError(f"{name}: unknown {', '.join(sorted(map(str, unknown)))}")
    lists = {key: _several(row.get(key, ())) for key in _LISTS}
    kind = str(row.get("class", SECRET))
    rule = Rule(
        id=str(row["id"]), title=str(row.get("title", row["id"])), source=str(row.get("source", "")),
        kind=kind, pattern=str(row.get("pattern", "")), back=int(row.get("back", 0)),
        strength=str(row.get("strength", "strong")),
        mode=str(row.get("mode", "token")), handler=str(row.get("handler", "")), open=bool(row.get("open", False)),
        tier=str(row.get("tier", "likely" if lists["fields"] else "certain")), **lists,
    )  # fmt: skip
    _check(rule, name)
    return rule


_LISTS = ("lead", "triggers", "near", "fields", "checks", "positive", "negative")


def _several(given: Any) -> tuple[str, ...]:
    """Read a list of texts; one alone may stand for itself."""
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def _check(rule: Rule, name: str) -> None:
    if not (rule.pattern or rule.fields or rule.handler):
        raise RuleError(f"{name}: give a pattern, fields or a handler")
    for what, known in ((rule.strength, STRENGTHS), (rule.mode, MODES), (rule.handler or "jwt", HANDLERS)):
        if what not in known:
            raise RuleError(f"{name}: {what!r} is none of {', '.join(sorted(known))}")
    if rule.pattern:
        try:
            patterns.insist_regular(patterns.parse(rule.pattern))
            literals(rule)
        except patterns.PatternError as error:
            raise RuleError(f"{name}: {error}") from error


def literals(rule: Rule) -> list[str]:
    """Return the literals that call the rule; raises PatternError when there are none."""
    if rule.near or rule.fields:
        return []
    if rule.lead and not rule.handler:
        return list(rule.lead)
    return list(rule.triggers) if rule.triggers else patterns.openings(rule.pattern) if rule.pattern else []


@cache
def shipped() -> tuple[Rule, ...]:
    """Return our own rules, in the order of their files."""
    found: list[Rule] = []
    for path in _files():
        found += parsed(path.read_text("utf-8"), path.name)
    ids = [rule.id for rule in found]
    if len(set(ids)) != len(ids):
        raise RuleError(f"ids stand twice: {sorted({one for one in ids if ids.count(one) > 1})}")
    return tuple(found)


def _files() -> Iterator[Path]:
    for part in ("secrets", "personal"):
        yield from sorted((FOLDER / part).glob("*.yaml"))


@cache
def shipped_digest() -> str:
    """Return the SHA-256 of the rule files, lower-case hex."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def classes(rules: Iterable[Rule]) -> list[str]:
    """Return the classes in the order in which they win where spans overlap: `secret` first."""
    return sorted({rule.kind for rule in rules}, key=lambda kind: (kind != SECRET, kind))
