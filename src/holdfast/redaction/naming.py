"""What a field's name says about its value: read once for each name, then looked up by the scanner."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from holdfast.redaction.plausible import DIGITS, PERSONAL, STRONG, WEAK
from holdfast.redaction.rules import SECRET, Rule
from holdfast.redaction.triggers import AUTH, TEXT, TOKENS, name_hash

Array = np.ndarray[Any, Any]
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z\x80-\xff]+|[A-Z]+|[0-9]+")
_TAILS = {
    *(
        "value",
        "plain",
        "plaintext",
        "cleartext",
        "string",
        "str",
        "env",
        "base64",
        "b64",
        "raw",
        "old",
        "new",
    ),
    *(
        "current",
        "previous",
        "confirm",
        "confirmation",
        "repeat",
        "again",
        "text",
        "primary",
        "secondary",
        "prod",
    ),
    *(
        "production",
        "staging",
        "test",
        "live",
        "dev",
        "header",
        "is",
        "was",
        "default",
        "1",
        "2",
        "3",
        "0",
        "field",
    ),
}
_CREDENTIALS = {
    *(
        "key",
        "token",
        "secret",
        "password",
        "passwd",
        "pass",
        "pwd",
        "auth",
        "apikey",
        "id",
        "sid",
        "license",
    ),
    *("licence", "webhook", "dsn", "credential", "credentials", "access", "api", "pat", "private", "client"),
    *("signing", "hash", "authtoken", "accesskey", "secretkey", "apisecret", "apitoken", "bearer", "session"),
}
_NO_SECRET = (
    *(
        "public key",
        "primary key",
        "foreign key",
        "cache key",
        "partition key",
        "sort key",
        "row key",
        "object key",
    ),
    *(
        "idempotency key",
        "hash key",
        "map key",
        "registry key",
        "unique key",
        "composite key",
        "surrogate key",
    ),
    *("public key token", "publickeytoken", "publickey", "next token", "page token", "continuation token"),
    *(
        "sync token",
        "end token",
        "start token",
        "unexpected token",
        "invalid token",
        "max token",
        "group key",
    ),
    *("message key", "record key", "event key", "lock key", "queue key", "s3 key", "index key", "json key"),
    *("host key", "translation key", "i18n key", "config key", "property key", "dedup key", "order key"),
    *("no password", "has password", "use password", "needs password"),
)
_STRENGTHS = {"strong": STRONG, "weak": WEAK, "digits": DIGITS}
_MODES = {"token": TOKENS, "text": TEXT, "auth": AUTH}


class Names(NamedTuple):
    """What the scanner knows of names. An entry is a keyed hash and the row of `table`, or -1 for no interest."""

    hashes: Array  # uint64[power of two]
    verdicts: Array  # int32[same]
    table: Array  # int32[rows, 5]: rule or -1, strength, mode, first and number of rules in `near`
    near: Array  # int32
    seed: Array  # uint64[1]


class Naming:
    """Learns names and says what they mean. Grows as it learns; more names than `most` start it afresh."""

    def __init__(
        self, rules: Sequence[Rule], exempt: frozenset[str] = frozenset(), most: int = 1 << 18
    ) -> None:
        self._rules, self._exempt, self._most = rules, exempt, most
        self._phrases: dict[tuple[str, ...], int] = {}
        for number, rule in enumerate(rules):
            for phrase in rule.fields:
                self._phrases.setdefault(tuple(phrase.split()), number)
        for words, number in list(self._phrases.items()):
            if len("".join(words)) > 5:
                self._phrases.setdefault(("".join(words),), number)
        self._near: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for word in rule.near:
                self._near.setdefault(word, []).append(number)
        self._near_sizes = sorted({len(word) for word in self._near})
        self._longest = max((len(phrase) for phrase in self._phrases), default=1)
        self._rows: dict[tuple[Any, ...], int] = {}
        self._table: list[tuple[int, int, int, int, int]] = []
        self._nears: list[int] = []
        self._seed = np.array([secrets.randbits(63) | 1], np.uint64)
        self._known = 0
        self._clear(1 << 12)

    def _clear(self, size: int) -> None:
        self._hashes, self._verdicts, self._known = np.zeros(size, np.uint64), np.full(size, -1, np.int32), 0
        self._packed()

    def _packed(self) -> None:
        table = np.array(self._table or [(-1, 0, 0, 0, 0)], np.int32)
        near = np.array(self._nears or [0], np.int32)
        self.names = Names(self._hashes, self._verdicts, table, near, self._seed)

    def learn(self, data: Array, pending: Array) -> None:
        """Take in names by their bounds, int64[n, 2], in data."""
        if self._known + len(pending) > self._most:
            self._clear(1 << 12)
        places = {data[start:end].tobytes(): (start, end) for start, end in pending.tolist()}
        for name, (start, end) in places.items():
            self._put(int(name_hash(data, start, end, self._seed[0])), self._row(name))
        self._packed()

    def _put(self, code: int, row: int) -> None:
        if (self._known + 1) * 2 > len(self._hashes):
            hashes, verdicts = self._hashes, self._verdicts
            self._clear(len(hashes) * 4)
            for at in np.flatnonzero(hashes).tolist():
                self._put(int(hashes[at]), int(verdicts[at]))
        mask = len(self._hashes) - 1
        slot = (code >> 20) & mask
        while self._hashes[slot] and int(self._hashes[slot]) != code:
            slot = (slot + 1) & mask
        self._known += not self._hashes[slot]
        self._hashes[slot], self._verdicts[slot] = code, row

    def _row(self, name: bytes) -> int:
        meaning = self.meaning(name.decode("utf-8", "replace"))
        if meaning is None:
            return -1
        rule, near = meaning
        known = self._rows.get(meaning)
        if known is None:
            strength, mode = PERSONAL, TOKENS
            if rule >= 0:
                one = self._rules[rule]
                strength = _STRENGTHS.get(one.strength, PERSONAL) if one.kind == SECRET else PERSONAL
                mode = _MODES[one.mode]
            known = self._rows[meaning] = len(self._table)
            self._table.append((rule, strength, mode, len(self._nears), len(near)))
            self._nears += near
        return known

    def meaning(self, name: str) -> tuple[int, tuple[int, ...]] | None:
        """Return the rule a name calls for (-1 for none of its own) and the vendors' rules worth trying; or None."""
        words = [word.lower() for word in _WORDS.findall(name)]
        while len(words) > 1 and (words[-1] in _TAILS or words[-1].isdigit()):
            words.pop()
        if not words:
            return None
        tail = " ".join(words[-3:])
        if any(tail == one or tail.endswith(" " + one) for one in _NO_SECRET):
            return None
        if any(" ".join(words[at:]) in self._exempt for at in range(len(words))):
            return None
        rule = self._by_tail(words)
        near: tuple[int, ...] = ()
        if rule < 0 or self._rules[rule].kind == SECRET:
            near = self._by_vendor(words)
        return (rule, near) if rule >= 0 or near else None

    def _by_tail(self, words: list[str]) -> int:
        for size in range(min(self._longest, len(words)), 0, -1):
            found = self._phrases.get(tuple(words[-size:]))
            if found is not None:
                return found
        return self._glued(words[-1])

    def _glued(self, word: str) -> int:
        """Take `mydbpassword` and `accesstoken` for what they end with."""
        if len(word) > 7:
            for ending in ("password", "passwd", "secret", "apikey", "accesskey", "secretkey", "token"):
                if word.endswith(ending):
                    found = self._phrases.get((ending,))
                    if found is not None:
                        return found
        return -1

    def _by_vendor(self, words: list[str]) -> tuple[int, ...]:
        if not any(word in _CREDENTIALS or word.endswith(("key", "token", "secret")) for word in words[-2:]):
            return ()
        # words of vendors stand in a name whole or glued together; those with an underline only as they are
        joined, glued = "_".join(words) + "_", "".join(words)
        sizes, texts = self._near_sizes, (joined, glued)
        parts = {text[at : at + size] for text in texts for at in range(len(text)) for size in sizes}
        found = [word for word in parts & self._near.keys() if word in joined or "_" not in word]
        return tuple(sorted({number for word in found for number in self._near[word]}))


def known_names(names: Iterable[str]) -> list[str]:
    """Return names as their words, for a policy's exemptions: `dbHost` and `DB_HOST` are `db host`."""
    return [" ".join(word.lower() for word in _WORDS.findall(name)) for name in names]
