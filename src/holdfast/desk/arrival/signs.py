"""Signs of a good report that can be told from its words: a time with its zone, an id, a version, steps.

Each is a plain search in bounded text, without nested repetition, so that hostile text costs no time. A sign
says that something of the sort is there, not that it is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MOST = 100_000
"""Characters looked at."""

_TIME = (
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?"
    r"(?:Z\b|[+-]\d{2}:?\d{2}\b|\(?(?:UTC|GMT|CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|BST|IST|JST|AEST|AEDT|SGT)\b)"
)
_ID = (
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{16}(?:[0-9a-f]{16})?\b"
    r"|(?:request|trace|correlation|transaction|session)[-_ ]?id\s?[:=#]?\s?[\w-]{4,64}"
)
_VERSION = (
    r"\bv\d{1,4}(?:\.\d{1,6}){0,3}\b"
    r"|\b(?:version|release|build|image|tag)\s?[:=]?\s?\d[\w.+-]{0,40}|\b\d{1,4}\.\d{1,4}\.\d{1,6}\b"
)
_REGION = (
    r"\b(?:us|eu|ap|sa|ca|me|af|il|cn)-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?\d\b"
    r"|\b(?:north|south|east|west|central)(?:europe|us|asia)\d?\b"
    r"|\b(?:region|zone|data ?cent(?:er|re)|cluster|site)\s?[:=]?\s?[a-z0-9][\w-]{1,40}"
)
_MANY = (
    r"users?|customers?|tenants?|requests?|orders?|stores?|sites?|accounts?|devices?|calls?|errors?|regions?"
)
_SCOPE = (
    r"\b\d[\d.,]{0,12}\s?(?:%|percent|of \d)"
    rf"|\b\d[\d.,]{{0,12}}\s(?:\w{{1,20}}\s)?(?:{_MANY})\b"
    rf"|\b(?:all|every|none of the|some|one)\s(?:of (?:the|our) )?(?:\w{{1,20}}\s)?(?:{_MANY})\b"
)
_STEPS = (
    r"(?:^|\n)[ \t]{0,8}(?:1[.)]|step 1|[-*•]\s).{3,}\n[ \t]{0,8}(?:2[.)]|step 2|[-*•]\s).{3,}"
    r"|\bsteps? to reproduce\b|\breproduce[ds]?\b.{0,40}:"
)
_EXPECTED = r"\bexpect(?:ed|s|ation)?\b|\bshould (?:have|be|return|show|work)\b|\binstead of\b"
_ERROR = (
    r"\b[45]\d{2}\b|\b\w{0,40}(?:Exception|Error)\b"
    r"|\berror(?: code)?\s?[:=]?\s?[\w-]{2,40}|\bstatus\s?[:=]?\s?\d{3}\b"
)
_LIMITS = (
    r"\b(?:maintenance window|change freeze|freeze|not allowed to|must not|cannot restart|no restart|deadline|go.?live"
    r"|by (?:monday|tuesday|wednesday|thursday|friday|tomorrow|\d{1,2}:\d{2})|contract|sla)\b"
)
_CHANGED = (
    r"\b(?:since|after) (?:the |our |a |an )?(?:\w{1,20} )?"
    r"(?:deploy(?:ment)?|release|upgrade|update|migration|change|rollout|restart|patch)\b|\bno (?:recent )?changes?\b"
)


def _search(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.IGNORECASE)

    def look(text: str) -> str:
        found = compiled.search(text[:MOST])
        return found[0].strip()[:120] if found else ""

    return look


SIGNS: dict[str, Callable[[str], str]] = {
    "time_with_zone": _search(_TIME),
    "request_id": _search(_ID),
    "version": _search(_VERSION),
    "region": _search(_REGION),
    "scope": _search(_SCOPE),
    "steps": _search(_STEPS),
    "expected": _search(_EXPECTED),
    "error": _search(_ERROR),
    "constraints": _search(_LIMITS),
    "changed": _search(_CHANGED),
}
"""By name: return the words that are the sign, empty when it is not there."""

EVIDENCE = "evidence"
"""Not a sign of words: something is attached."""
