"""One entry has one form, and what is personal in it can be erased."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger.canonical import NotCanonical, canonical
from holdfast.ledger.commitments import Opening, commit, committed

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_the_canonical_form_says_the_same_on_one_line(value: object) -> None:
    written = canonical(value)

    assert json.loads(written) == value
    assert b"\n" not in written
    assert canonical(json.loads(written)) == written


def test_names_stand_in_the_order_of_the_standard() -> None:
    # The example of RFC 8785, 3.2.3: the emoji goes before U+FB33, by its UTF-16 surrogates.
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}

    assert list(json.loads(canonical(value))) == [
        "\r",
        "1",
        "\x80",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, {1: 2}, b"raw", "\ud800", {"a": object()}])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_commitment_says_nothing_without_its_salt_and_opens_with_it() -> None:
    first, second = commit("Maria Huber"), commit("Maria Huber")

    assert committed(first) != committed(second)
    assert first.opens(committed(first)["committed"])
    assert not Opening(first.salt, "Marie Huber").opens(first.commitment())
    assert not Opening(b"", "Maria Huber").opens(first.commitment())
