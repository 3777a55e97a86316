"""Redaction of single texts: a draft, a mail, a page, a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from holdfast.redaction.engine import Engine
from holdfast.redaction.policy import Policy
from holdfast.redaction.pseudonyms import Key, Pseudonyms
from holdfast.redaction.rewriting import rewritten
from holdfast.redaction.rules import Rule
from holdfast.redaction.spans import Span

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text: text[start:end], characters from 0."""

    start: int
    end: int
    kind: str
    rule: str
    tier: str
    """`certain` by form or check digits, `likely` by context."""
    pseudonym: str = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its values, and where they stood in the original."""

    text: str
    spans: tuple[Found, ...]


@lru_cache(maxsize=4)
def engine_of(rules: tuple[Rule, ...], exempt: frozenset[str] = frozenset()) -> Engine:
    """Return the engine of a ruleset and of names of fields that are exempt, made once a process."""
    return Engine(rules, exempt)


class Redactor:
    """Redacts texts of one case: same key, same pseudonyms as in its bundles. Not for two threads at once."""

    def __init__(self, key: Key, policy: Policy | None = None) -> None:
        self.policy = policy or Policy.default()
        self.names = Pseudonyms(key)
        self.engine = engine_of(self.policy.rules, self.policy.exempt_fields)

    def text(self, text: str) -> Redacted:
        """Return a text with pseudonyms in the place of values; doing it twice changes nothing more."""
        raw = text.encode("utf-8", "surrogatepass")
        spans, json = self.spans(raw), text.lstrip()[:1] in ("{", "[")
        made = rewritten(raw, spans, self.pseudonym, json=json)
        told = tuple(_told(raw, spans, self.pseudonym))
        for _ in range(_ROUNDS if spans else 0):
            # a pseudonym may part what stood around a value, and leave a value of its own
            if not (left := self.spans(made)):
                break
            made = rewritten(made, left, self.pseudonym, json=json)
        return Redacted(made.decode("utf-8", "surrogatepass"), told)

    def find(self, text: str) -> tuple[Found, ...]:
        """Return what would be replaced, for a checker that only wants to know."""
        raw = text.encode("utf-8", "surrogatepass")
        return tuple(_told(raw, self.spans(raw), None))

    def spans(self, raw: bytes) -> list[Span]:
        """Return the settled finds of a text in bytes, what the policy keeps left out."""
        found = self.engine.find(raw, self.names)
        return [span for span in found if not self.is_kept(span)]

    def is_kept(self, span: Span) -> bool:
        """Tell whether a value stays: the policy keeps it, or it is a pseudonym already."""
        return span.value in self.policy.keep or self.names.is_own(span.value)

    def pseudonym(self, span: Span) -> bytes:
        """Return a value's pseudonym."""
        return self.names.of("jwt" if span.rule == "jwt" else span.kind, span.value)


def warm() -> None:
    """Redact a line, so that what has to be loaded or compiled for it is there before somebody waits."""
    Redactor(Key.fresh()).text("2026-03-01T10:00:00Z user=ada password=hunter2 from 10.0.0.7\n")


def _told(raw: bytes, spans: list[Span], pseudonym):  # type: ignore[no-untyped-def]
    at, characters = 0, 0
    for span in spans:
        characters += len(raw[at : span.start].decode("utf-8", "replace"))
        width = len(raw[span.start : span.end].decode("utf-8", "replace"))
        at = span.end
        leaf = next(iter(span.leaves()), span)
        made = pseudonym(leaf).decode("utf-8", "replace") if pseudonym else ""
        yield Found(characters, characters + width, leaf.kind, leaf.rule, leaf.tier, made)
        characters += width
