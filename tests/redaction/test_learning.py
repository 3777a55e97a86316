"""Which values are looked for everywhere, and how."""

from __future__ import annotations

import pytest

from holdfast.redaction.learning import Traits
from holdfast.redaction.texts import Classed


def traits(value: bytes, kind: str) -> tuple[bool, bool, bool, bool]:
    """Return whether a value is looked for, as a whole word, has lines, ends as a number."""
    made = Traits(Classed.of([(value, kind)]))
    looked_for = len(made.looked_for) == 1
    return (
        looked_for,
        looked_for and bool(made.bounded[0]),
        bool(made.has_lines[0]),
        bool(made.ends_as_number[0]),
    )


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (b"Zebra99x7Quagga", "secret", (True, False, False, False)),
        (b"Zebra99x7", "secret", (True, True, False, False)),
        (b"swordfishes", "secret", (True, True, False, False)),
        (b"sword", "secret", (False, False, False, False)),
        (b"4821", "secret", (False, False, False, True)),
        (b"48213377", "secret", (True, True, False, True)),
        (b"1234567", "phone", (True, True, False, True)),
        (b"+49 151 2345678", "phone", (True, True, False, True)),
        (b"undefined", "secret", (False, False, False, False)),
        (b"postgres", "user", (False, False, False, False)),
        (b"hvoss", "user", (False, False, False, False)),
        (b"hvoss7", "user", (True, True, False, False)),
        (b"Voss\xc3\xa9", "name", (True, True, False, False)),
        (b"Linda", "name", (True, True, False, False)),
        (b"Cologne", "locality", (False, False, False, False)),
        (b"two\nlines-of-it", "secret", (False, False, True, False)),
        (b"abc", "secret", (False, False, False, False)),
        (b"x" * 5000, "secret", (False, False, False, False)),
        (b"", "secret", (False, False, False, False)),
    ],
)
def test_what_a_value_is_like(value: bytes, kind: str, told: tuple[bool, bool, bool, bool]) -> None:
    assert traits(value, kind) == told
