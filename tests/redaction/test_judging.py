"""Values judged in the compiled loop: never otherwise than the checks and the pseudonyms say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.redaction import Policy, Redactor
from holdfast.redaction.files import Reader
from holdfast.redaction.judging import ACCEPTED, UNSURE, judged, table_of

_PIECES = st.sampled_from(
    ["Henrike", "voss", " ", "-", "'", ".", ",", "@", "acme-works.de", "git@github.com", "a.txt", "+49", "151 2345678",
     "4539148803436467", "root", "changeme", "your_", "xxxx", "****", "fa:", "3c:22:fb:19:0a:7e", "81.2.69.142",
     "243.63.244.124", "2a02::1", "::ffff:1.2.3.4", "febf::1", "é", "ß", "_", "%", "<", "\t", "0", "99"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=24), st.lists(_PIECES, max_size=6).map("".join))


@pytest.fixture(scope="module")
def reader(redactor: Redactor) -> Reader:
    return Reader(redactor.engine, redactor.names, Policy.parsed("keep: [Kept99x]"))


def verdict(reader: Reader, rule: int, value: bytes) -> int:
    """Return what the loop says of one value."""
    arena, out = np.frombuffer(value + bytes(8), np.uint8), np.zeros(1, np.uint8)
    rules, offsets = np.array([rule], np.int32), np.array([0, len(value)], np.int64)
    judged(arena, offsets, rules, reader.engine.ways, table_of(reader.policy.keep), 0, 1, out)
    return int(out[0])


@settings(max_examples=400, deadline=None)
@given(
    _TEXTS,
    st.sampled_from(["email", "phone", "person-name-field", "user-field", "password-field", "card", "ipv4"]),
)
@example("Kept99x", "password-field")
@example("243.63.244.124", "ipv4")
def test_a_verdict_is_the_checks_or_none(reader: Reader, text: str, name: str) -> None:
    rule = next(k for k, one in enumerate(reader.engine.rules) if one.id == name)
    value = text.encode("utf-8", "surrogatepass")
    said = verdict(reader, rule, value)
    if said != UNSURE:
        assert (said == ACCEPTED) == reader._judge(rule, value)


def test_our_pseudonyms_are_asked_for(reader: Reader, redactor: Redactor) -> None:
    for kind in ("secret", "email", "ipv4", "ipv6", "mac"):
        value = {
            "email": b"a.b@acme-works.de",
            "ipv4": b"81.2.69.142",
            "ipv6": b"2a02:908::1",
            "mac": b"3c22fb190a7e",
        }
        made = redactor.names.of(kind, value.get(kind, b"Zebra99x7Quagga"))
        for rule in range(len(reader.engine.rules)):
            assert verdict(reader, rule, made) == UNSURE


def test_plain_values_are_judged_here(reader: Reader) -> None:
    ids = {one.id: k for k, one in enumerate(reader.engine.rules)}
    for name, value in (
        ("email", b"henrike.voss@acme-works.de"),
        ("phone", b"+49 151 23456789"),
        ("person-name-field", b"Henrike O'Halloran-Voss"),
        ("user-field", b"hvoss7"),
        ("password-field", b"Zebra99x7Quagga"),
        ("ipv4", b"81.2.69.142"),
    ):
        assert verdict(reader, ids[name], value) == ACCEPTED
