"""Words of upper-case letters and digits: IBAN, VIN, VAT, identity numbers."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.emitting import CF, CURP, DNI, IBAN, NINO, NRIC, PAN, VAT, VIN, emit
from holdfast.redaction.kernels import ALNUM, DASH, DIGIT, KINDS, LETTER, UNDER, UPPER, kernel

_IBANS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
_LENGTHS = np.zeros(26 * 26, np.uint8)
for _country, _length in _IBANS.items():
    _LENGTHS[(ord(_country[0]) - 65) * 26 + ord(_country[1]) - 65] = _length
_EU = np.zeros(26 * 26, np.uint8)
for _country in [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "EL",
    "ES",
    "FI",
    "FR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
    "XI",
]:
    _EU[(ord(_country[0]) - 65) * 26 + ord(_country[1]) - 65] = 1


@kernel
def _remainder97(data, start, end):  # type: ignore[no-untyped-def]
    """Return the mod 97 of an IBAN, its first four characters read last and blanks left out."""
    rest = 0
    for part in range(2):
        seen = 0
        for i in range(start, end):
            code = int(data[i])
            if code == 32 or code == 45:
                continue
            seen += 1
            if (part == 0) == (seen <= 4):
                continue
            if code >= 97:
                code -= 32
            rest = (rest * 10 + code - 48) % 97 if code <= 57 else (rest * 100 + code - 55) % 97
    return rest


@kernel
def _iban(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of the IBAN at `at`, or -1."""
    need = int(_LENGTHS[(int(data[at]) - 65) * 26 + int(data[at + 1]) - 65])
    i, got = at, 0
    while i < high and got < need:
        if KINDS[data[i]] & (DIGIT | UPPER):
            got += 1
        elif not (
            (data[i] == 32 or data[i] == 45) and got % 4 == 0 and (KINDS[data[i - 1]] & (DIGIT | UPPER))
        ):
            return -1
        i += 1
    if need == 0 or got < need or (i < high and (KINDS[data[i]] & ALNUM)):
        return -1
    return i if _remainder97(data, at, i) == 1 else -1


@kernel
def word(data, at, low, high, ids, out, count):  # type: ignore[no-untyped-def]
    """Read the word of upper-case letters and digits at `at`; return (events, where to go on)."""
    e, digits, uppers = at, 0, 0
    while e < high and (KINDS[data[e]] & (DIGIT | UPPER)) and e - at < 64:
        if KINDS[data[e]] & DIGIT:
            digits += 1
        else:
            uppers += 1
        e += 1
    size = e - at
    if e + 1 < high and size == 2 and digits == 0 and data[e] == 32 and (KINDS[data[e + 1]] & DIGIT):
        # AB 12 34 56 C
        if (
            e + 10 < high
            and data[e + 3] == 32
            and data[e + 6] == 32
            and data[e + 9] == 32
            and (KINDS[data[e + 10]] & UPPER)
        ) and (e + 11 >= high or not (KINDS[data[e + 11]] & ALNUM)):
            return emit(out, count, at, e + 11, ids[NINO]), e + 11
        return count, e
    if digits == 0 or size < 4:
        return count, e
    if (
        size >= 4
        and uppers >= 2
        and (KINDS[data[at + 1]] & UPPER)
        and (KINDS[data[at + 2]] & DIGIT)
        and (KINDS[data[at + 3]] & DIGIT)
    ):
        stop = _iban(data, at, high)
        if stop > 0:
            return emit(out, count, at, stop, ids[IBAN]), stop
    if e < high and (KINDS[data[e]] & (LETTER | UNDER | DASH)):
        return count, e
    if at > low and (data[at - 1] == 45 or data[at - 1] == 95):
        return count, e
    two = (KINDS[data[at + 1]] & UPPER) != 0
    if (
        two
        and size >= 10
        and size <= 14
        and _EU[(int(data[at]) - 65) * 26 + int(data[at + 1]) - 65]
        and digits >= size - 3
    ):
        count = emit(out, count, at, e, ids[VAT])
    elif size == 9 and digits == 7 and not two:
        count = emit(out, count, at, e, ids[DNI if data[at] >= 88 else NRIC])
    elif size == 9 and digits == 6 and two:
        count = emit(out, count, at, e, ids[NINO])
    elif size == 10 and digits == 4 and uppers == 6:
        count = emit(out, count, at, e, ids[PAN])
    elif size == 16 and digits == 7 and uppers == 9:
        count = emit(out, count, at, e, ids[CF])
    elif size == 18 and uppers >= 10:
        count = emit(out, count, at, e, ids[CURP])
    elif size == 17 and uppers >= 2:
        count = emit(out, count, at, e, ids[VIN])
    return count, e
