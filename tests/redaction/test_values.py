"""Values as numbers: each once, whatever their size and number, with the class that counts; and their keyed hashes."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given
from hypothesis import strategies as st

from holdfast.redaction.hashing import digests
from holdfast.redaction.tables import Table
from holdfast.redaction.texts import Classed, Texts
from holdfast.redaction.values import Gathered

FILES = st.lists(
    st.lists(
        st.tuples(st.binary(max_size=3), st.sampled_from(["user", "secret", "jwt", "name"])), max_size=20
    ),
    max_size=4,
)


@given(FILES)
def test_a_value_is_a_secret_where_it_is_one_anywhere(files: list[list[tuple[bytes, str]]]) -> None:
    gathered, first, secrets = Gathered(), {}, set()
    numbers = [gathered.take(Classed.of(pairs)).tolist() for pairs in files]
    for pairs in files:
        for value, kind in pairs:
            first.setdefault(value, kind)
            secrets |= {value} if kind == "secret" else set()
    values = gathered.values
    assert list(values.texts) == list(first)
    for number, (value, kind) in enumerate(first.items()):
        assert gathered.number(value) == number
        assert values.kind(number) == ("secret" if value in secrets and kind != "jwt" else kind)
    for pairs, given_numbers in zip(files, numbers, strict=True):
        assert [values.texts[number] for number in given_numbers] == [value for value, _ in pairs]
    assert gathered.number(b"none of them") == -1


def test_a_table_grows_with_what_it_holds() -> None:
    dice, table = random.Random(5), Table()
    texts = [dice.randbytes(dice.choice((1, 9, 3000))) for _ in range(9000)]
    ids = [table.taken(Texts.of(texts[at : at + 100])) for at in range(0, len(texts), 100)]
    assert [table.texts[number] for some in ids for number in some.tolist()] == texts
    assert table.count == len(set(texts))


@given(st.lists(st.binary(max_size=300)), st.binary(min_size=1, max_size=64))
def test_hashes_are_those_of_rfc_7693(texts: list[bytes], key: bytes) -> None:
    made = digests(key, Texts.of(texts)).astype("<u8").tobytes()
    assert made == b"".join(hashlib.blake2b(text, key=key, digest_size=8).digest() for text in texts)
