"""Known values in base64, hex and UTF-16: found wherever they begin, placed where they stand, and nothing else."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.redaction.kernels import kernel, padded
from holdfast.redaction.learnt import BASE64, HEXED, UTF16, Learnt
from holdfast.redaction.masks import base64_of
from holdfast.redaction.texts import Texts
from holdfast.redaction.views import AROUND, unescaped

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
VALUE = b"Zebra99x7Quagga"
LEARNT = Learnt(Texts.of([VALUE, b"Zebr4"]), np.array([True, True]))


def places(text: bytes, writing: int) -> list[tuple[int, int]]:
    return [(a, b) for a, b, _, how in LEARNT.find(padded(text)).tolist() if how == writing]


@kernel
def _masks(data, out):  # type: ignore[no-untyped-def]
    for block in range(len(data) // 64):
        out[0, block], out[1, block], out[2, block], out[3, block] = base64_of(data.ctypes.data + 64 * block)


def test_each_byte_of_base64_is_told_from_others_and_by_what_it_may_stand_for() -> None:
    data, out = padded(bytes(range(256))), np.zeros((4, 4), np.uint64)
    _masks(data, out)
    bits = np.unpackbits(out.view(np.uint8), bitorder="little").reshape(4, 256).tolist()
    for code, *told in zip(range(256), *bits, strict=True):
        six = (LETTERS.replace("+/", "-_") if code in b"-_" else LETTERS).find(chr(code))
        printable = range(8, 32), (2, 3, 4, 5, 6, 7), (0, 1)
        kept = six, six & 15, six & 3
        assert told == [six >= 0, *(six >= 0 and kept[k] in printable[k] for k in range(3))], code


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.booleans(),
    st.sampled_from([b"", b" ", b"abc", b"/x+", b"="]),
)
def test_base64_of_any_bytes_around_it(before: bytes, after: bytes, urlsafe: bool, lead: bytes) -> None:
    whole = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(before + VALUE + after)
    found = places(lead + whole, BASE64)
    first = len(lead) + (len(before) * 8 + 5) // 6
    last = len(lead) + (len(before) + len(VALUE)) * 8 // 6
    assert (first, last) in found


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=20), st.sampled_from([b"", b"0", b"xyz", b"a"]))
def test_hex_in_any_case_at_any_place(before: bytes, lead: bytes) -> None:
    mixed = VALUE.hex().capitalize() + VALUE.hex().upper()
    text = lead + before.hex().encode() + mixed.encode()
    start, size = len(lead) + 2 * len(before), 2 * len(VALUE)
    assert (start, start + size) in places(text, HEXED)
    assert (start + size, start + 2 * size) in places(text, HEXED)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_characters(encoding: str) -> None:
    text = b"abc" + b"\0\1" + ("x " + VALUE.decode()).encode(encoding) + b"\0\0 y"
    ((start, end),) = places(text, UTF16)
    assert text[start:end].replace(b"\0", b"") == VALUE


def test_a_short_value_needs_eight_characters_of_its_own() -> None:
    assert places(b"5a65627234", HEXED) == [(0, 10)]
    assert places(base64.b64encode(b"Zebr4"), BASE64) == []
    assert places(b"Z\0e\0b\0r\x004", UTF16) == [(0, 9)]


def test_random_digits_and_ordinary_text_hide_nothing() -> None:
    text = (
        b"GET /v2/orders/831204 HTTP/1.1 trace 8f14e45fceea167a5a36dedd4bea2543 com.acme.orders.Service\n"
        * 50
    )
    assert len(LEARNT.find(padded(text))) == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=20), st.binary(max_size=20), st.booleans())
def test_values_of_other_characters_than_ascii(before: bytes, after: bytes, urlsafe: bool) -> None:
    value = "Jürgen Zürn 漢字".encode()
    learnt = Learnt(Texts.of([value]), np.array([True]))
    whole = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(before + value + after)
    first, last = (len(before) * 8 + 5) // 6, (len(before) + len(value)) * 8 // 6
    assert (first, last, 0, BASE64) in map(tuple, learnt.find(padded(whole)).tolist())
    for text in (value.hex(), value.hex().upper()):
        hits = learnt.find(padded(before.hex().encode() + text.encode() + b"7")).tolist()
        assert (2 * len(before), 2 * len(before) + len(text), 0, HEXED) in map(tuple, hits)


@pytest.mark.parametrize("between", [AROUND - 20, AROUND - 8, AROUND - 3, AROUND, AROUND + 9])
@pytest.mark.parametrize("escaped", [b"Zebra99x%37Quagga", b"Zebra99x\\u0037Quagga", b"Zebra99x&#55;Quagga"])
def test_an_escaped_value_is_whole_however_far_the_escape_before_it(between: int, escaped: bytes) -> None:
    view = unescaped(padded(b"%41" + b" " * between + escaped + b" " * 500))
    assert view is not None
    assert len(LEARNT.find(view.data)) == 1


def test_an_escaped_value_in_base64_of_other_bytes() -> None:
    whole = bytes([1, 255, 2]) + b"Zebra99x%37Quagga" + bytes([3, 254, 4])
    text = b"blob " + base64.b64encode(whole)
    learnt = Learnt(Texts.of([VALUE, b"100%37"]), np.array([True, True]))
    assert (9, 9 + 17 * 8 // 6, 0, BASE64) in map(tuple, learnt.find(padded(text)).tolist())


@pytest.mark.parametrize(
    ("value", "bounded"),
    [
        (b"Voss7", True), (b"hv@acme.de", True), (b"#!%&$?", True), (b"ab#!%&$?=(", True), (b"Zebra99x7!", False),
        (b"abcd", True), (b"abcdefg", True), (b"x%)=", False), (b"a" * 400 + b"+b", False), (b"J\xc3\xb6rg", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [0, 40])
def test_a_value_is_found_at_every_place_as_it_is(value: bytes, bounded: bool, others: int) -> None:
    same_end = [b"k%d" % n + value for n in range(others)]
    learnt = Learnt(Texts.of([value, *same_end]), np.array([bounded] * (1 + others)))
    for before in (b"", b" ", b"a b-", b"(((((((", b"\\n", b"=" * 64, b"word " * 13):
        for after in (b"", b" ", b"...", b"\n"):
            for text in (before + value + after, before + value + b" " + value + after):
                hits = [(a, b) for a, b, which, _ in learnt.find(padded(text)).tolist() if which == 0]
                at = {n for n in range(len(text)) if text.startswith(value, n)}
                assert {a for a, _ in hits} == at, (before, after)


def test_a_word_is_found_as_a_word_only() -> None:
    learnt = Learnt(Texts.of([b"Voss7", b"Zebra99x7Quagga"]), np.array([True, False]))
    text = b"aVoss7 Voss7b Voss7 xxZebra99x7Quaggaxx \\nVoss7"
    assert sorted(learnt.find(padded(text))[:, 0].tolist()) == [14, 22, 42]
