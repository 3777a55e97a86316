"""The parts beneath: patterns, windows, searches, wherever a boundary falls."""

from __future__ import annotations

import io
import random
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.redaction import Redactor
from holdfast.redaction.kernels import padded
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.patterns import PatternError, compiled, openings, specimen
from holdfast.redaction.rows import settled
from holdfast.redaction.rules import shipped
from holdfast.redaction.texts import Texts
from holdfast.redaction.triggers import matched
from holdfast.redaction.windows import Unbroken, windows


def longest(pattern: str, text: bytes) -> int:
    """Return the end of the longest match at the start, by our automaton."""
    made = compiled(pattern)
    rows = np.ascontiguousarray(made.rows.astype(np.int32))
    every = np.arange(256, dtype=np.uint8)
    return int(matched(padded(text), 0, len(text), 1, every, rows, made.accepts.astype(np.uint8)))


@pytest.mark.parametrize("rule", [r for r in shipped() if r.pattern][::9], ids=lambda r: r.id)
def test_an_automaton_agrees_with_the_pattern(rule) -> None:  # type: ignore[no-untyped-def]
    dice = random.Random(3)
    for _ in range(5):
        text = specimen(rule.pattern, dice)
        found = re.match(rule.pattern, text)
        assert found is not None
        assert longest(rule.pattern, text.encode("latin-1")) >= found.end()


@pytest.mark.parametrize("pattern", ["a(?=b)", "(a)\\1", "^a", "a*", "[0-9]{5000}[a-z]{9000}"])
def test_what_is_not_regular_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)


def test_openings_are_multiplied_out() -> None:
    assert openings("(AB|CD)[12]x{3}") == ["AB1x", "AB2x", "CD1x", "CD2x"]
    with pytest.raises(PatternError):
        openings("[a-z]{20}")


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 400), st.integers(0, 3))
def test_windows_lose_nothing(size: int, seed: int) -> None:
    dice = random.Random(seed)
    text = "".join(dice.choice("ab, \n-" if dice.random() < 0.9 else "\n") for _ in range(3000)).encode()
    assert b"".join(windows(io.BytesIO(text), size)) == text


def test_a_key_in_pem_is_not_cut() -> None:
    body = b"\n".join(b"MIIEpAIBAAKCAQEA7bq9sU3vJx0aGm5f2nQwQ9vLm2Rt5KdZx7pQ9vLm2Rt5Kd1" for _ in range(20))
    text = (
        b"x\n" * 400
        + b"-----BEGIN PRIVATE KEY-----\n"
        + body
        + b"\n-----END PRIVATE KEY-----\n"
        + b"y\n" * 400
    )
    for size in range(700, 1400, 13):
        parts = [part.tobytes() for part in windows(io.BytesIO(text), size)]
        assert b"".join(parts) == text
        assert sum(b"BEGIN" in part and b"END" in part for part in parts) == 1


def test_a_stretch_without_separator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.redaction.windows.LARGEST", 5000)
    with pytest.raises(Unbroken):
        list(windows(io.BytesIO(b"x" * 9000), 1000))


@pytest.mark.parametrize("shift", range(40))
def test_a_value_is_found_at_every_offset(shift: int, redactor: Redactor) -> None:
    for text in (
        "from 81.2.69.142 to",
        "mail a.b@acme-works.de.",
        "key ghp_abcdefghijklmnopqrstuvwxyz0123456789,",
    ):
        padding = "." * shift + " "
        plain = redactor.find(text)
        moved = redactor.find(padding + text)
        assert [(one.start + len(padding), one.rule) for one in plain] == [
            (one.start, one.rule) for one in moved
        ]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.binary(min_size=4, max_size=30).filter(lambda v: 10 not in v), min_size=1, max_size=8, unique=True
    ),
    st.integers(0, 9),
)
def test_learnt_values_are_found_in_every_writing(values: list[bytes], seed: int) -> None:
    import base64

    dice = random.Random(seed)
    learnt = Learnt(Texts.of(values), np.zeros(len(values), np.bool_))
    value = dice.choice(values)
    writings = [value, value.hex().encode(), value.hex().upper().encode()]
    writings += [base64.b64encode(bytes(k) + value + bytes(2)) for k in range(3)]
    for writing in writings:
        if len(writing) < 12 and writing is not value:
            continue
        text = b"~" * dice.randrange(12) + writing + b"~" * dice.randrange(12)
        hits = learnt.find(padded(text))
        numbers = {values[number] for number in hits[:, 2].tolist()}
        if len(value) >= 8 or writing is value:
            assert value in numbers, (value, writing)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 10), st.sampled_from([4, 5, 7, 12, 13, 15])), max_size=9
    )
)
def test_settled_rows_do_not_overlap_and_cover_secrets(raw: list[tuple[int, int, int]]) -> None:
    rows = np.array([(a, a + n, rank, k, 0) for k, (a, n, rank) in enumerate(raw)], np.int64).reshape(-1, 5)
    chosen = settled(rows)
    if chosen is None:
        return
    for before, after in pairwise(chosen.tolist()):
        assert before[1] <= after[0]
    covered = {at for start, end, *_ in chosen.tolist() for at in range(start, end)}
    for start, end, rank, *_ in rows.tolist():
        if rank >= 8:
            assert set(range(start, end)) <= covered
