"""What a rule has found is not searched for again, and nothing else is missed for that."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.redaction import Key
from holdfast.redaction.kernels import padded
from holdfast.redaction.known import Known
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.rows import END, START, WHAT
from holdfast.redaction.texts import Classed
from holdfast.redaction.values import Gathered

ENDS = ("harbour.example", "harbour", "zebra@harbour.example", "Quagga7Zebra99x", "Zebra99x", "4411-Zebra99x")
FRONTS = ("", "mail.", "mail.of.", "9-", "first ", "user+", "//")


@settings(max_examples=150, deadline=None)
@given(
    st.sets(st.tuples(st.sampled_from(FRONTS), st.sampled_from(ENDS)), min_size=1, max_size=12),
    st.integers(0, 9999),
)
def test_what_is_found_by_rule_hides_no_other_value(parts: set[tuple[str, str]], seed: int) -> None:
    dice, values = random.Random(seed), sorted({front + end for front, end in parts})
    gathered = Gathered()
    gathered.take(Classed.of([(value.encode(), "host") for value in values]))
    known = Known(gathered, Pseudonyms(Key.fresh()))
    text = "".join(dice.choice((*FRONTS, *ENDS, *values)) + dice.choice(" ,.;/") for _ in range(60))
    data = padded(text.encode())
    every, _ = known.found(known.learnt.find(data))
    by_rule = every[[dice.random() < 0.5 for _ in every]] if len(every) else every
    found, _ = known.found(known.find(data, by_rule))
    spans = [{tuple(row) for row in rows[:, [START, END, WHAT]].tolist()} for rows in (every, by_rule, found)]
    assert spans[0] == spans[1] | spans[2]


def test_what_is_found_by_rule_is_passed_over() -> None:
    gathered = Gathered()
    gathered.take(Classed.of([(b"zebra@harbour.example", "host")]))
    known = Known(gathered, Pseudonyms(Key.fresh()))
    data = padded(b"to zebra@harbour.example and back")
    rows, _ = known.found(known.learnt.find(data))
    assert len(rows) == 1
    assert not len(known.find(data, rows))
    assert len(known.find(data, np.empty((0, 5), np.int64))) == 1
