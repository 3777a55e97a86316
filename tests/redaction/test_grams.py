"""Sets that are asked without a branch: nothing that is in them is ever missed, little else is let through."""

from __future__ import annotations

import random

import numpy as np
import pytest

from holdfast.redaction import grams
from holdfast.redaction.database import Database, database
from holdfast.redaction.kernels import kernel, padded
from holdfast.redaction.rules import shipped
from holdfast.redaction.triggers import sieved

RULES = shipped()


@pytest.fixture(scope="module")
def base() -> Database:
    return database(RULES)


@kernel
def _told(bits, shift, keys, out):  # type: ignore[no-untyped-def]
    for k in range(len(keys)):
        out[k] = grams.may_stand(bits, np.uint64(shift), grams.bytes_hash(keys[k]))


def test_what_is_in_a_set_is_found_there_and_hardly_anything_else() -> None:
    dice = random.Random(4)
    keys = np.array([dice.getrandbits(40) << 24 for _ in range(20_000)], np.uint64)
    inside, out = keys[:2000], np.zeros(len(keys), np.uint8)
    _told(grams.set_of(map(int, inside), 64 - 11), 64 - 11, keys, out)
    assert out[:2000].all()
    assert out[2000:].mean() < 0.01


def places(text: bytes, base: Database) -> set[int]:
    data, out = padded(text), np.empty(len(text) + 1, np.int64)
    return set(out[: sieved(data.ctypes.data, 0, len(data), base, out)].tolist())


def test_no_trigger_is_lost_whatever_follows_it(base: Database) -> None:
    dice = random.Random(5)
    for number in range(len(base.modes)):
        letters = base.letters[base.offsets[number] : base.offsets[number + 1]].tobytes()
        forms = [letters] if base.exact[number] else [letters, letters.upper(), letters.title()]
        for form in forms:
            behind = specimens(base, number, dice)
            assert 3 in places(b"\n ;" + form + behind + b" and more", base), (form, behind)


def specimens(base: Database, number: int, dice: random.Random) -> bytes:
    """Return what may stand behind a trigger, as its rule's pattern has it where it calls for one."""
    state = int(base.starts[base.called[number]])
    if base.modes[number] != 0 or not state:
        return bytes(dice.choices(range(256), k=8))
    for code in base.letters[base.offsets[number] : base.offsets[number + 1]].tolist():
        state = int(base.steps[state, base.classes[code]])
    behind = bytearray()
    while state and len(behind) < 8:
        codes = [code for code in range(256) if base.steps[state, base.classes[code]]]
        if not codes:
            break
        behind.append(dice.choice(codes))
        state = int(base.steps[state, base.classes[behind[-1]]])
    return bytes(behind)


def test_words_that_only_begin_as_a_trigger_does_are_left_out(base: Database) -> None:
    text = b"Service connection compaction partition request shipped listener closed upstream worker " * 40
    assert len(places(text, base)) < len(text) / 100
