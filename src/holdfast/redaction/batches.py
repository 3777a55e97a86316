"""Pseudonyms of very many values at once: what `Pseudonyms.of` says of each, without an object for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.redaction.kernels import ALNUM, DIGIT, KINDS, LOWER, LOWERED, kernel
from holdfast.redaction.tables import Table
from holdfast.redaction.texts import Classed, Texts

if TYPE_CHECKING:
    from holdfast.redaction.pseudonyms import Pseudonyms

Array = np.ndarray[Any, Any]
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Of codes: five bits each, the upper of two first."""
_SPELLING = np.frombuffer(LETTERS.encode(), np.uint8)
AS_IT_IS, LOWER_CASE, BARE = range(3)
"""How a value is hashed: as it is, in lower case, or only its letters and digits, in upper case."""


@kernel
def _spelled(numbers, out):  # type: ignore[no-untyped-def]
    for one in range(len(numbers)):
        number = numbers[one]
        for k in range(0, out.shape[1], 2):
            out[one, k] = _SPELLING[number >> np.uint64(5) & np.uint64(31)]
            out[one, k + 1] = _SPELLING[number & np.uint64(31)]
            number >>= np.uint64(10)


def spelled(numbers: Array, size: int) -> Array:
    """Return the lowest bits of numbers, uint64, as letters: uint8[numbers, size]. Size is even."""
    out = np.empty((len(numbers), size), np.uint8)
    _spelled(numbers, out)
    return out


@kernel
def _plain(arena, offsets, way, out, ends):  # type: ignore[no-untyped-def]
    n = 0
    for one in range(len(offsets) - 1):
        for i in range(offsets[one], offsets[one + 1]):
            code = arena[i]
            if way == LOWER_CASE:
                code = LOWERED[code]
            elif KINDS[code] & LOWER:
                code -= 32
            if way == LOWER_CASE or KINDS[code] & ALNUM:
                out[n] = code
                n += 1
        ends[one + 1] = n


def plain(texts: Texts, way: int) -> Texts:
    """Return texts as they are the same however they are written."""
    if way == AS_IT_IS:
        return texts
    out, offsets = np.zeros(len(texts.arena), np.uint8), np.zeros(len(texts) + 1, np.int64)
    _plain(texts.arena, texts.offsets, way, out, offsets)
    return Texts(out, offsets)


@kernel
def _domains(arena, offsets, events):  # type: ignore[no-untyped-def]
    """Write where in each address its domain stands, the sign before it included; nothing where there is none."""
    for one in range(len(offsets) - 1):
        events[one, 0] = events[one, 1] = end = offsets[one + 1]
        for i in range(end - 1, offsets[one] - 1, -1):
            if arena[i] == 64:
                events[one, 0] = i
                break


def emails(names: Pseudonyms, texts: Texts) -> tuple[Texts, Array]:
    """Return pseudonyms of addresses, and which of the texts are such."""
    texts, domains = plain(texts, LOWER_CASE), Table()
    events = np.zeros((len(texts), 4), np.int64)
    _domains(texts.arena, texts.offsets, events)
    ids = domains.ids(texts.arena, events)
    codes = names.key.codes(domains.texts)[:, :8]
    checks = names.key.checks("@", codes)
    tails = np.concatenate((codes, checks, _each(b".invalid", len(codes))), 1)
    made = (_each(b"user-", len(texts)), names.key.codes(texts), _each(b"@", len(texts)), tails[ids])
    return Texts.rows(np.concatenate(made, 1)), events[:, 0] < events[:, 1]


@kernel
def _addresses(arena, offsets, numbers):  # type: ignore[no-untyped-def]
    """Write the number of each IPv4 address, -1 of what is none."""
    for one in range(len(offsets) - 1):
        number, part, digits, parts = 0, 0, 0, 1
        for i in range(offsets[one], offsets[one + 1]):
            if KINDS[arena[i]] & DIGIT:
                part, digits = part * 10 + arena[i] - 48, digits + 1
            elif arena[i] == 46 and digits:
                number, part, digits, parts = number << 8 | part, 0, 0, parts + 1
            else:
                parts = 9
            if digits > 3 or part > 255 or parts > 4:
                break
        good = parts == 4 and 0 < digits <= 3 and part <= 255
        numbers[one] = number << 8 | part if good else -1


@kernel
def _dotted(numbers, out, offsets):  # type: ignore[no-untyped-def]
    n = 0
    for one in range(len(numbers)):
        for shift in range(24, -8, -8):
            octet = numbers[one] >> shift & 255
            if octet >= 100:
                out[n], n = 48 + octet // 100, n + 1
            if octet >= 10:
                out[n], n = 48 + octet // 10 % 10, n + 1
            out[n], out[n + 1] = 48 + octet % 10, 46
            n += 2
        n -= 1
        offsets[one + 1] = n


def ipv4s(names: Pseudonyms, texts: Texts) -> tuple[Texts, Array]:
    """Return pseudonyms of IPv4 addresses, and which of the texts are such."""
    numbers = np.empty(len(texts), np.int64)
    _addresses(texts.arena, texts.offsets, numbers)
    mapped = names.ipv4_numbers(np.maximum(numbers, 0).astype(np.uint64)).astype(np.int64)
    out, offsets = np.zeros(16 * len(texts) + 1, np.uint8), np.zeros(len(texts) + 1, np.int64)
    _dotted(mapped, out, offsets)
    return Texts(out, offsets), numbers >= 0


def tagged(names: Pseudonyms, tag: str, texts: Texts) -> Texts:
    """Return `TAG-code` with its check for each."""
    codes = names.key.codes(texts)
    return Texts.rows(
        np.concatenate((_each(tag.encode() + b"-", len(texts)), codes, names.key.checks(tag, codes)), 1)
    )


def _each(text: bytes, count: int) -> Array:
    return np.broadcast_to(np.frombuffer(text, np.uint8), (count, len(text)))


_MANY = {"email": emails, "ipv4": ipv4s}


def pseudonyms(names: Pseudonyms, values: Classed) -> Texts:
    """Return the pseudonym of each value."""
    parts = []
    for number, kind in enumerate(values.classes):
        places = np.flatnonzero(values.kinds == number)
        if not len(places):
            continue
        texts = values.texts.chosen(places)
        if kind in _MANY:
            made, good = _MANY[kind](names, texts)
        elif kind == "ipv6":
            one_by_one = names.ipv6s(texts)
            good = np.array([text is not None for text in one_by_one], np.bool_)
            made = Texts.of([text or b"" for text in one_by_one])
        elif names.has_maker(kind):
            parts.append((places, Texts.of([names.of(kind, value) for value in texts])))
            continue
        else:
            made, good = texts, np.zeros(len(texts), np.bool_)
        chosen, rest = np.flatnonzero(good), np.flatnonzero(~good)
        parts.append((places[chosen], made.chosen(chosen)))
        parts.append((places[rest], tagged(names, *names.plain(kind, texts.chosen(rest)))))
    return Texts.joined(len(values), parts)
