"""All rules compiled into one set of arrays for the scanner, kept on disk so that no process compiles twice."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from holdfast.redaction import grams, patterns
from holdfast.redaction.kernels import LOWERED
from holdfast.redaction.rules import Rule, RuleError, literals
from holdfast.redaction.words import LISTS

ENGINE = 9
"""Raised when the arrays or what they mean change."""
PREFIX, INSIDE, LEAD, NAME, JWT, PEM, BEARER, BASIC, URL, COOKIE, PATH, HOST, LOGIN, FLAG = range(14)
SENTENCE, OPTION, LOGIN_OPTION, NET_USE, NET_USER, ORACLE, IDENTIFIED, PIN, HTPASSWD, PIPED = range(14, 24)
_HANDLERS = {
    "jwt": JWT, "pem": PEM, "bearer": BEARER, "basic": BASIC, "url": URL, "cookie": COOKIE, "path": PATH,
    "host": HOST, "login": LOGIN, "flag": FLAG, "sentence": SENTENCE, "option": OPTION, "login-option": LOGIN_OPTION,
    "net-use": NET_USE, "net-user": NET_USER, "oracle": ORACLE,
    "identified": IDENTIFIED, "pin": PIN, "htpasswd": HTPASSWD, "piped": PIPED,
}  # fmt: skip
_BEGIN_WORDS = frozenset({PREFIX, NAME, JWT, BEARER, BASIC, *range(SENTENCE, PIPED + 1)})
"""Ways whose triggers begin a word, unless they are glued."""
_MULTIPLY = 2654435761
_BITS, _BUCKETS = 20, 16
SHORT, LONG = 64 - 13, 64 - 10
"""How far hashes are shifted for the sets of grams: 64 KiB and 8 KiB, one in three hundred says yes by chance."""
Array = np.ndarray[Any, Any]


class Database(NamedTuple):
    """The arrays. A trigger is a literal; each has the rule it calls and how (`PREFIX`, `INSIDE`, ...)."""

    bits: Array  # uint8[2**20 / 8]: four-grams some trigger begins with, by their hash
    anywhere: Array  # uint8[2**20 / 8]: those of them that count within a word too
    short: Array  # uint64[...]: the four-grams of triggers that have no more bytes, as `grams` keeps them
    long: Array  # uint64[...]: first bytes of the others, alike: as many as the shortest of a bucket has, eight at most
    widths: Array  # uint8[2**16]: how many these are in a bucket
    buckets: Array  # int32[2**16 + 1]: where a bucket's entries begin
    heads: (
        Array  # uint64[entries, 3]: bits to set and to keep of eight bytes, and what these are at the trigger
    )
    triggers: Array  # int32[entries]: the trigger
    offsets: Array  # int32[triggers + 1]: into letters
    letters: Array  # uint8[...]: the literals, lower case where case does not count
    exact: Array  # uint8[triggers]
    modes: Array  # uint8[triggers]
    called: Array  # int32[triggers]: the rule
    backs: Array  # int32[triggers]
    classes: Array  # uint8[256]: classes of bytes that no pattern tells apart
    steps: Array  # int32[states, classes]
    accepts: Array  # uint8[states]
    starts: Array  # int32[rules]: the first state of its pattern, or 0
    opens: Array  # uint8[rules]: may be followed by a word's character
    entropies: Array  # uint8[rules]: has to be random
    glued: Array  # uint8[triggers]: may follow a letter
    leads: Array  # uint8[...]: the options of programs
    led: Array  # int32[rules + 1]: into leads


def digest(rules: Sequence[Rule]) -> str:
    """Return the SHA-256 of rules and engine, lower-case hex: the ruleset hash of a manifest."""
    told = hashlib.sha256(f"engine {ENGINE}".encode())
    for rule in rules:
        told.update(repr(rule).encode())
    for words in LISTS:
        told.update(repr(sorted(words)).encode())
    return told.hexdigest()


def database(rules: Sequence[Rule]) -> Database:
    """Return the rules compiled, from disk where some process has compiled them before."""
    path = _folder() / f"rules-{digest(rules)[:32]}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Database(**{name: kept[name] for name in Database._fields})
    except (OSError, ValueError, KeyError, EOFError):
        pass
    except Exception:  # noqa: S110 - a damaged file is compiled again, whatever its damage raises
        pass
    made = compiled(rules)
    _keep(made, path)
    return made


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "holdfast"


def _keep(made: Database, path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **made._asdict())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as out:
            out.write(buffer.getbuffer())
        os.replace(out.name, path)
    except OSError:
        return  # a machine without a place for caches compiles each time


def words_of_fields(rules: Sequence[Rule]) -> list[str]:
    """Return words of which every name worth reading holds one: single words first, then the longest of a phrase."""
    phrases = sorted(
        {tuple(phrase.split()) for rule in rules for phrase in rule.fields}, key=lambda p: (len(p), p)
    )
    found = (
        {"token", "secret", "passw", "apikey", "auth", "key"} if any(rule.near for rule in rules) else set()
    )
    for phrase in phrases:
        if not found & set(phrase):
            found.add(max(phrase, key=len))
    kept: list[str] = []
    for word in sorted(found, key=len):
        if len(word) >= 3 and not any(len(one) >= 5 and one in word for one in kept):
            kept.append(word)
    return kept


def compiled(rules: Sequence[Rule]) -> Database:
    """Compile the rules; raises RuleError for a pattern that cannot be."""
    rows, starts, accepts, count = [], np.zeros(len(rules), np.int32), [], 0
    for number, rule in enumerate(rules):
        if rule.pattern:
            try:
                made = patterns.compiled(rule.pattern)
            except patterns.PatternError as error:
                raise RuleError(f"rule {rule.id}: {error}") from error
            grown = made.rows.astype(np.int32)
            grown[grown > 0] += count
            rows.append(grown)
            accepts.append(made.accepts)
            starts[number] = count + 1
            count += len(made.accepts)
    wide = np.concatenate(rows) if rows else np.zeros((2, 256), np.int32)
    first, classes = np.unique(wide, axis=1, return_index=True, return_inverse=True)[1:]
    triggers = list(_triggers(rules))
    ends = np.concatenate(accepts).astype(np.uint8) if accepts else np.zeros(2, np.uint8)
    following = [_following(wide, ends, int(starts[t[3]]), t[0]) if t[2] == PREFIX else b"" for t in triggers]
    leads = ["".join(rule.lead).encode() if rule.handler else b"" for rule in rules]
    return Database(
        **_index(triggers, following),
        exact=np.array([t[1] for t in triggers], np.uint8),
        modes=np.array([t[2] for t in triggers], np.uint8),
        called=np.array([t[3] for t in triggers], np.int32),
        backs=np.array([t[4] for t in triggers], np.int32),
        glued=np.array([t[5] for t in triggers], np.uint8),
        classes=classes.reshape(-1).astype(np.uint8),
        steps=np.ascontiguousarray(wide[:, first]),
        accepts=ends,
        starts=starts,
        opens=np.array([rule.open for rule in rules], np.uint8),
        leads=np.frombuffer(b"".join(leads) or b"\0", np.uint8),
        led=np.cumsum([0, *map(len, leads)]).astype(np.int32),
        entropies=np.array(["entropy" in rule.checks for rule in rules], np.uint8),
    )


def _triggers(rules: Sequence[Rule]) -> Any:
    """Yield (literal, case counts, mode, rule, back, may follow a letter)."""
    for number, rule in enumerate(rules):
        for literal in literals(rule):
            mode = _HANDLERS.get(rule.handler, LEAD if rule.lead else INSIDE if rule.back else PREFIX)
            exact = mode in (PREFIX, INSIDE, LEAD, JWT, PEM) and "(?i)" not in rule.pattern
            glued = mode in (LEAD, INSIDE) or (len(literal) >= 4 and not literal[1:-1].isalnum())
            yield literal, exact, mode, number, rule.back, glued
    for word in words_of_fields(rules):
        yield word, False, NAME, 0, 0, len(word) >= 5


def _following(wide: Array, ends: Array, state: int, literal: str) -> bytes:
    """Return the bytes that go on behind a literal in its pattern, from a state on; none where any may follow."""
    for code in literal.encode("latin-1"):
        state = int(wide[state, code]) if state else 0
    return b"" if not state or ends[state] else np.flatnonzero(wide[state]).astype(np.uint8).tobytes()


def _index(triggers: list[Any], following: list[bytes]) -> dict[str, Array]:
    """Return the tables of four-grams. following: the bytes that may stand behind each literal, none for any."""
    letters, offsets, entries = bytearray(), [0], []
    for number, (literal, exact, *_) in enumerate(triggers):
        text = literal.encode("latin-1")
        letters += text if exact else bytes(LOWERED[np.frombuffer(text, np.uint8)])
        offsets.append(len(letters))
        entries += [(gram, number) for gram in _grams(text, following[number])]
    hashed = [((gram * _MULTIPLY) & 0xFFFFFFFF, number) for gram, number in entries]
    hashed.sort(key=lambda one: (one[0] >> (32 - _BUCKETS), -(offsets[one[1] + 1] - offsets[one[1]])))
    bits, anywhere = (np.zeros((1 << _BITS) // 8, np.uint8) for _ in range(2))
    for code, number in hashed:
        at = code >> (32 - _BITS)
        bits[at >> 3] |= 1 << (at & 7)
        _, _, mode, _, _, glued = triggers[number]
        if glued or mode not in _BEGIN_WORDS:
            anywhere[at >> 3] |= 1 << (at & 7)
    buckets = np.zeros((1 << _BUCKETS) + 1, np.int32)
    widths = np.full(1 << _BUCKETS, 8, np.uint8)
    for code, number in hashed:
        bucket, size = code >> (32 - _BUCKETS), len(triggers[number][0])
        buckets[bucket + 1] += 1
        if size > 4:
            widths[bucket] = min(widths[bucket], size)
    short = {gram << 32 for gram, number in entries if len(triggers[number][0]) <= 4}
    longer = [(triggers[number][0], code >> (32 - _BUCKETS)) for code, number in hashed]
    long = {_begin(literal, int(widths[bucket])) for literal, bucket in longer if len(literal) > 4}
    return {
        "bits": bits,
        "anywhere": anywhere,
        "short": grams.set_of(short, SHORT),
        "long": grams.set_of(long, LONG),
        "widths": widths,
        "buckets": np.cumsum(buckets).astype(np.int32),
        "heads": np.array([_head(*triggers[number][:2]) for _, number in hashed], np.uint64).reshape(-1, 3),
        "triggers": np.array([number for _, number in hashed], np.int32),
        "offsets": np.array(offsets, np.int32),
        "letters": np.frombuffer(bytes(letters), np.uint8),
    }


def _head(literal: str, exact: bool) -> tuple[int, int, int]:
    """Return a row of `heads`: where case does not count, the bit is set that tells capitals from others."""
    text = literal.encode("latin-1")[:8].ljust(8, b"\0")
    cased = bytes(0 if exact or not (65 <= code & 0xDF <= 90) else 32 for code in text)
    kept = bytes(255 if k < len(literal) else 0 for k in range(8))
    one, two, three = (int.from_bytes(part, "little") for part in (cased, kept, text))
    return one, two, three | one


def _begin(literal: str, width: int) -> int:
    """Return the first bytes of a literal in the upper bytes of a word, the bit set that tells capitals from others."""
    return int.from_bytes(bytes(code | 32 for code in literal.encode("latin-1")[:width]), "little") << 8 * (
        8 - width
    )


def _grams(text: bytes, following: bytes) -> list[int]:
    """Return the four bytes with which a literal may stand, the bit set in each that tells capitals from others."""
    grams = [0]
    for k in range(4):
        any_may = following if following and k == len(text) else range(256)
        codes = {code | 32 for code in (text[k : k + 1] or any_may)}
        grams = [gram | code << 8 * k for gram in grams for code in codes]
    return grams
