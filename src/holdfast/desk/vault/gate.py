"""The gate: whatever leaves the desk, and whatever of the evidence is seen without a grant, has passed here.

Mail goes through it in `outbox.letters`, whoever writes it; what is shown of evidence is a derivative made with the
same key, so a value has one pseudonym in all of a case's texts. The key comes from the case's data key: with that
one destroyed nobody can tell any more what a pseudonym stood for.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast.desk.cases.models import Case
from holdfast.desk.outbox import letters
from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.models import Artefact
from holdfast.redaction import Key, Redactor
from holdfast.redaction.redactor import Found

Secrets = list[tuple[str, str]]
Learnt = Callable[[int], Mapping[str, str]]
_learnt: list[Learnt] = []
_SECRETS = ("secret", "jwt", "password", "key", "token", "cookie")
_turns = threading.Lock()
"""A redactor serves one thread at a time."""


def learns(learnt: Learnt) -> Learnt:
    """Register who knows secrets of a case that have no form of their own: told its id, returns secret and pseudonym.

    A password that was learnt from one place is replaced in every text, also where nothing says that it is one.
    """
    _learnt.append(learnt)
    return learnt


def key_of(case_id: int) -> Key:
    """Return the key of a case's pseudonyms."""
    return _key(_data_key(case_id))


def _data_key(case_id: int) -> bytes:
    """Return what a case's pseudonyms come from; after its evidence was deleted it is another one, of the desk."""
    try:
        return keys.data_key(storage.case_scope(case_id))
    except keys.Shredded:
        return HKDF(SHA256(), 32, None, b"case %d" % case_id).derive(keys.data_key(storage.DESK))


def secret_of(case_id: int) -> bytes:
    """Return the secret of that key, for a process that redacts."""
    return _secret(_data_key(case_id))


def redacted(text: str, case: Case) -> str:
    """Return a text as it may leave: the same value has the same pseudonym in all of a case's texts."""
    key, learnt = _known(case)
    return _redacted(_without(text, learnt), key)


def _known(case: Case) -> tuple[Key, Secrets]:
    """Return a case's key and the secrets learnt from it, looked up once for all texts of one page."""
    if (known := case.__dict__.get("_gate")) is None:
        known = case.__dict__["_gate"] = (key_of(case.id), _secrets(case.id))
    found: tuple[Key, Secrets] = known
    return found


def _secrets(case_id: int) -> Secrets:
    return [pair for learnt in _learnt for pair in learnt(case_id).items()]


def _without(text: str, learnt: Secrets) -> str:
    for secret, pseudonym in learnt:
        if secret in text:
            text = text.replace(secret, pseudonym)
    return text


def redacted_all(texts: Sequence[str], case: Case) -> list[str]:
    """Return several texts as they may leave, each on its own; together they cost little more than one."""
    lines = [text.replace("\n", "\x1e") for text in texts]
    made = redacted("\n".join(lines), case).split("\n")
    if len(made) != len(texts):
        made = [redacted(text, case) for text in texts]
    return [text.replace("\x1e", "\n") for text in made]


def shown_name(artefact: Artefact) -> str:
    """Return an artefact's name as it may be shown and told."""
    return redacted(artefact.name, artefact.case)


def named(case: Case, artefacts: list[Artefact]) -> list[Artefact]:
    """Return artefacts under names that may be shown."""
    if artefacts:
        names = redacted_all([one.name for one in artefacts], case)
        for one, name in zip(artefacts, names, strict=True):
            one.name = name
    return artefacts


def find(text: str, case: Case | None = None) -> tuple[Found, ...]:
    """Return what would be replaced in a text, for a checker that only wants to know; a case's pseudonyms are none."""
    redactor = _redactor(_known(case)[0]) if case else _finder()
    with _turns:
        return redactor.find(text)


def is_secret(one: Found) -> bool:
    """Whether a value opens a door; else it tells who somebody is, or where something stands."""
    return one.kind in _SECRETS


@letters.before_leaving
def _letter(text: str, organisation_id: int, case_id: int | None, ours: Sequence[str]) -> str:
    """Return a letter's text as it may leave; `ours` are words of the desk that stay as they are, such as links."""
    key = key_of(case_id) if case_id else _key(keys.data_key(storage.organisation_scope(organisation_id)))
    parts = [re.escape(word) for word in ours if word]
    pieces = re.split(f"({'|'.join(parts)})", text) if parts else [text]
    learnt = _secrets(case_id) if case_id else []
    made = [piece if at % 2 else _redacted(_without(piece, learnt), key) for at, piece in enumerate(pieces)]
    return "".join(made)


def _redacted(text: str, key: Key) -> str:
    if not text.strip():
        return text
    redactor = _redactor(key)
    with _turns:
        return redactor.text(text).text


def _secret(data_key: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"holdfast pseudonyms 1").derive(data_key)


@lru_cache(maxsize=256)
def _key(data_key: bytes) -> Key:
    return Key(_secret(data_key))


@lru_cache(maxsize=64)
def _redactor(key: Key) -> Redactor:
    return Redactor(key)


@lru_cache(maxsize=1)
def _finder() -> Redactor:
    return Redactor(Key.fresh())
