"""What was written is proven: a fault in writing withholds the file, and so does a value that comes about by it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.redaction import Key, deriving, rows
from holdfast.redaction.files import Withheld
from holdfast.redaction.kernels import padded
from holdfast.redaction.known import Known
from holdfast.redaction.proving import Proof, Replaced, pieces_of
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.texts import Classed, Texts
from holdfast.redaction.values import Gathered

VALUE = b"Zebra99x7Quagga"
LONG = b"".join(b"%04d-Quagga/" % (k * k) for k in range(40))
NAMES = Pseudonyms(Key(bytes(range(32))))
VALUES = Gathered()
WORDS = b"".join(b"%04d; Quagga, " % (k * k) for k in range(40))
VALUES.take(
    Classed.of(
        [(VALUE, "secret"), (LONG, "secret"), (WORDS, "secret"), (b"ab12", "host"), (b"b1a2b1", "secret")]
    )
)
KNOWN = Known(VALUES, NAMES)
PIECES = pieces_of(KNOWN)


def replaced(source: bytes, edits: list[tuple[int, int, bytes]]) -> tuple[Any, Replaced]:
    """Write a text as the second pass does, (start, end, text) replaced."""
    data = padded(source)
    chosen = np.array([(a, b, 4, -n - 1, -2) for n, (a, b, _) in enumerate(edits)], np.int64).reshape(-1, 5)
    text, places = rows.written(data, chosen, Texts.of([b""]), [made for _, _, made in edits])
    return text, Replaced(data, chosen, places, (KNOWN.learnt.find(data),))


def is_withheld(*windows: tuple[bytes, list[tuple[int, int, bytes]]]) -> bool:
    proof = Proof(KNOWN, PIECES)
    try:
        for source, edits in windows:
            proof.take(*replaced(source, edits))
    except Withheld:
        return True
    return False


@pytest.mark.parametrize("value", [VALUE, LONG, LONG.replace(b"/", b"%2F")])
@pytest.mark.parametrize("kept", [1, 5, 9])
@pytest.mark.parametrize("end", [True, False])
def test_a_value_that_comes_about_across_an_edge(value: bytes, kept: int, end: bool) -> None:
    at, gone = (len(value) - kept, kept) if end else (0, kept)
    source = b"lorem " * 30 + value[:at] + b"#" * 7 + value[at + gone :] + b" ipsum" * 30
    place = 180 + at
    assert not is_withheld((source, []))
    assert not is_withheld((source, [(place, place + 7, b"SECRET-1")]))
    assert is_withheld((source, [(place, place + 7, value[at : at + gone])]))


@pytest.mark.parametrize("kept", [1, 9, 40])
def test_a_long_value_that_comes_about_somewhere_in_a_long_text(kept: int) -> None:
    """Parts of it are found there and elsewhere; only what is near them is searched again."""
    filler = b"lorem ipsum dolor " * 400
    parts = [filler + LONG[:-kept] + b"#" * 7, filler + b"?" + LONG[200:] + b"#", filler]
    source, ends = b"".join(parts), [len(parts[0]), len(parts[0] + parts[1])]
    other = (ends[1] - 1, ends[1], b"nothing")
    assert not is_withheld((source, [(ends[0] - 7, ends[0], b"SECRET-1"), other]))
    assert is_withheld((source, [(ends[0] - 7, ends[0], LONG[-kept:]), other]))


@pytest.mark.parametrize("cut", [1, 7, 14])
def test_a_value_parted_by_two_windows(cut: int) -> None:
    assert is_withheld((b"x " * 99 + VALUE[:cut], []), (VALUE[cut:] + b" y" * 99, []))
    assert is_withheld((b"x " * 99 + LONG[: 9 * cut], []), (LONG[9 * cut :] + b" y" * 99, []))
    assert not is_withheld((b"x " * 99 + VALUE[:cut], []), (b" " + VALUE[cut:] + b" y" * 99, []))


@pytest.mark.parametrize(
    "writing",
    [
        base64.b64encode(b"the first of many words " * 9 + VALUE + b" and some more " * 9),
        (b"words before it, " * 9 + VALUE + b" and behind " * 9).hex().encode(),
        ("words before it, " * 9 + VALUE.decode() + " and behind " * 9).encode("utf-16-le"),
        b"words " * 9 + VALUE.replace(b"Q", b"%51") + b" and more " * 9,
    ],
)
def test_a_value_in_another_writing_across_an_edge(writing: bytes) -> None:
    """A byte of the writing is put right by what replaces another: far from it, before it, within it, behind it."""
    for at in range(0, len(writing), 7):
        source = b"lorem ipsum " + writing[:at] + b"#" + writing[at + 1 :] + b" dolor"
        assert is_withheld((source, [(12 + at, 13 + at, writing[at : at + 1])]))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 1 << 40))
def test_nothing_is_let_through_that_a_search_of_everything_finds(seed: int) -> None:
    dice = random.Random(seed)
    words = [b"a", b"b", b"1", b"2", b" ", b"\n", b"ab1", b"b1a2", b"\0", b"%61", b"\\u0062", b"lorem ipsum "]
    words += [base64.b64encode(b"..b1a2b1.."), b"b1a2b1".hex().encode(), "b1a2b1".encode("utf-16-be")]
    words = dice.sample(words, dice.randrange(3, len(words)))
    windows, whole = [], b""
    for _ in range(dice.randrange(1, 4)):
        source = b"".join(dice.choices(words, k=dice.randrange(60)))
        hits = list(map(tuple, KNOWN.learnt.find(padded(source))[:, :2].tolist()))
        hits += [(at, at + dice.randrange(3)) for at in range(0, len(source) - 3, 1 + dice.randrange(40))]
        edits: list[tuple[int, int, bytes]] = []
        for start, end in sorted(hits):
            if not edits or start >= edits[-1][1]:
                made = b"".join(dice.choices(words, k=dice.randrange(3)))
                edits.append((start, end, made))
        text, how = replaced(source, edits)
        if not all(
            any(a < e and s < b for a, b, _ in edits) for s, e in KNOWN.learnt.find(how.source)[:, :2]
        ):
            return
        windows.append((source, edits))
        whole += text.tobytes()
    assert is_withheld(*windows) == (KNOWN.remains(padded(whole)) is not None)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 40))
def test_parts_of_a_long_value_are_let_through_and_never_the_whole(seed: int) -> None:
    dice = random.Random(seed)
    filler = b"lorem ipsum dolor " * 200
    long = dice.choice([LONG, WORDS])
    cut = sorted(dice.sample(range(1, len(long)), 2))
    parts = [long[: cut[0]], long[cut[0] : cut[1]], long[cut[1] :], long[30 : cut[1]], b" ", b"\n", filler]
    source, edits = b"", []
    for _ in range(dice.randrange(1, 9)):
        for part in [dice.choice([*parts, filler])] if dice.random() < 0.5 else parts[:3]:
            source += part
            edits.append((len(source), len(source) + 1, dice.choice([b"", b"", b"SECRET-1", *parts])))
            source += b"#"
    text, how = replaced(source, edits)
    if len(KNOWN.learnt.find(how.source)):
        return
    assert is_withheld((source, edits)) == (KNOWN.remains(padded(text.tobytes())) is not None)


def left_out(data: Any, chosen: Any, *rest: Any) -> Any:
    return rows_written(data, np.delete(chosen, 1, 0), *rest)


def left_out_unnoticed(data: Any, chosen: Any, *rest: Any) -> Any:
    text, _ = rows_written(data, np.delete(chosen, 1, 0), *rest)
    return text, rows_written(data, chosen, *rest)[1]


def one_byte_late(data: Any, chosen: Any, *rest: Any) -> Any:
    return rows_written(data, chosen + np.array([1, 0, 0, 0, 0]), *rest)


def one_byte_long(data: Any, chosen: Any, *rest: Any) -> Any:
    return rows_written(data, chosen + np.array([0, 1, 0, 0, 0]), *rest)


def shifted(data: Any, chosen: Any, *rest: Any) -> Any:
    return rows_written(data, chosen + np.array([1, 1, 0, 0, 0]), *rest)


def broken_off(data: Any, chosen: Any, *rest: Any) -> Any:
    text, places = rows_written(data, chosen, *rest)
    return text[:-1], places


def as_it_was(data: Any, chosen: Any, *_: Any) -> Any:
    return data.copy(), chosen[:, :2].copy()


def another_text(data: Any, chosen: Any, *rest: Any) -> Any:
    text, places = rows_written(data, chosen, *rest)
    text[places[1, 1]] ^= 1
    return text, places


rows_written = rows.written
FAULTS = [
    left_out,
    left_out_unnoticed,
    one_byte_late,
    one_byte_long,
    shifted,
    broken_off,
    as_it_was,
    another_text,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_in_writing_withholds_the_file(
    redacted: Any, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Any]
) -> None:
    lines = [f"{n} password={VALUE.decode()}{n} mail h.voss{n}@acme-works.de ok" for n in range(9000)]
    files = {"a.txt": "\n".join(lines).encode()}
    report, made = redacted(files)
    assert not report.withheld
    assert VALUE not in made["a.txt"]
    monkeypatch.setattr(rows, "written", fault)
    report, made = redacted(files)
    assert len(report.withheld) == 1
    assert not made


def test_a_find_that_is_lost_before_writing_withholds_the_file(
    redacted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = rows.settled
    monkeypatch.setattr(deriving.rows, "settled", lambda found: np.delete(true(found), 1, 0))
    report, _ = redacted({"a.txt": f"password={VALUE.decode()} mail h.voss@acme-works.de\n".encode()})
    assert report.withheld[0].withheld == "a value found in it was not replaced"


def test_a_value_in_place_of_another_withholds_the_file(
    redacted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pseudonyms, "many", lambda _, values: values.texts)
    report, _ = redacted({"a.txt": f"password={VALUE.decode()}\n".encode()})
    assert "is still in it" in report.withheld[0].withheld
