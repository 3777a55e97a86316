"""Check digits and dates of identity numbers, VAT numbers, vehicles and wallets, country by country."""

from __future__ import annotations

import hashlib
import re
from datetime import date


def luhn(digits: str) -> bool:
    """Tell whether decimal digits satisfy Luhn's check."""
    total = 0
    for place, one in enumerate(reversed(digits)):
        value = int(one) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def digits_of(value: str) -> str:
    return "".join(filter(str.isascii, filter(str.isdigit, value)))


def _weighted(digits: str, weights: str | tuple[int, ...]) -> int:
    return sum(int(a) * int(b) for a, b in zip(digits, map(int, weights), strict=False))


def _day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1890 <= year <= 2040


def us_ssn(value: str) -> bool:
    """Area, group and serial that are given out."""
    area, group, serial = value.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def br_cpf(value: str) -> bool:
    """Two check digits mod 11."""
    d = digits_of(value)
    if len(d) != 11 or len(set(d)) == 1:
        return False
    return all(int(d[n]) == (10 * sum(int(d[i]) * (n + 1 - i) for i in range(n)) % 11) % 10 for n in (9, 10))


def br_cnpj(value: str) -> bool:
    """Two check digits mod 11, weights 2 to 9."""
    d = digits_of(value)
    for n in (12, 13):
        rest = _weighted(d, "6543298765432"[13 - n :]) % 11
        if int(d[n]) != (0 if rest < 2 else 11 - rest):
            return False
    return len(d) == 14


def ch_ahv(value: str) -> bool:
    """Begins with 756; EAN-13 check digit."""
    d = digits_of(value)
    return d.startswith("756") and (10 - _weighted(d[:12], "131313131313") % 10) % 10 == int(d[12])


def be_nrn(value: str) -> bool:
    """97 less the number mod 97, born after 1999 with a 2 in front."""
    d = digits_of(value)
    return int(d[9:]) in (97 - int(d[:9]) % 97, 97 - int("2" + d[:9]) % 97) and int(d[2:4]) <= 12


def ca_sin(value: str) -> bool:
    """Luhn; does not begin with 0 or 8."""
    return luhn(digits_of(value)) and value[0] not in "08"


_D5 = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432",
       "7659821043", "8765932104", "9876543210")  # fmt: skip


_P8 = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def in_aadhaar(value: str) -> bool:
    """Verhoeff; does not begin with 0 or 1."""
    check = 0
    for place, one in enumerate(reversed(digits_of(value))):
        check = int(_D5[check][int(_P8[place % 8][int(one)])])
    return check == 0 and value[0] not in "01"


def kr_rrn(value: str) -> bool:
    """Date and check digit mod 11."""
    d = digits_of(value)
    check = (11 - _weighted(d[:12], "234567892345") % 11) % 10
    return check == int(d[12]) and 1 <= int(d[2:4]) <= 12 and 1 <= int(d[4:6]) <= 31


def ar_cuit(value: str) -> bool:
    """Mod 11, weights 5432765432."""
    d = digits_of(value)
    check = 11 - _weighted(d[:10], "5432765432") % 11
    return {11: 0, 10: 9}.get(check, check) == int(d[10]) and d[:2] in (
        "20",
        "23",
        "24",
        "25",
        "26",
        "27",
        "30",
        "33",
        "34",
    )


def cn_id(value: str) -> bool:
    """Date and ISO 7064 mod 11-2."""
    v = value.upper()
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    if len(v) != 18 or not _day(int(v[6:10]), int(v[10:12]), int(v[12:14])):
        return False
    return "10X98765432"[_weighted(v[:17], weights) % 11] == v[17]


def cz_rc(value: str) -> bool:
    """Date with 50 or 20 added to the month, divisible by 11."""
    d = digits_of(value)
    month, day = int(d[2:4]) % 50, int(d[4:6])
    return (
        1 <= (month - 20 if month > 20 else month) <= 12
        and 1 <= day <= 31
        and len(d) == 10
        and int(d) % 11 == 0
    )


def se_pnr(value: str) -> bool:
    """Date and Luhn over the last ten digits."""
    d = digits_of(value)[-10:]
    return 1 <= int(d[2:4]) <= 12 and 1 <= int(d[4:6]) % 60 <= 31 and luhn(d)


def cl_rut(value: str) -> bool:
    """Mod 11 with K for ten."""
    body, check = value.replace(".", "").upper().split("-")
    rest = 11 - sum(int(one) * (2 + place % 6) for place, one in enumerate(reversed(body))) % 11
    return {11: "0", 10: "K"}.get(rest, str(rest)) == check


def fr_nir(value: str) -> bool:
    """Sex, month, and 97 less the number mod 97."""
    d = digits_of(value)
    return d[0] in "12" and 1 <= int(d[3:5]) <= 42 and 97 - int(d[:13]) % 97 == int(d[13:])


def fi_hetu(value: str) -> bool:
    """Date and check character mod 31."""
    letters = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    return letters[int(value[:6] + value[7:10]) % 31] == value[10] and 1 <= int(value[2:4]) <= 12


def es_dni(value: str) -> bool:
    """The letter is the number mod 23; X, Y, Z of a foreigner's stand for 0, 1, 2."""
    v = value.upper()
    body = str("XYZ".find(v[0])) + v[1:-1] if v[0] in "XYZ" else v[:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23] == v[-1]


_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def it_cf(value: str) -> bool:
    """Form and check letter."""
    if not re.fullmatch(r"[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]", value):
        return False
    total = 0
    for place, one in enumerate(value[:15]):
        number = ord(one) - (48 if one.isdigit() else 65)
        total += number if place % 2 else _ODD[number]
    return chr(65 + total % 26) == value[15]


def gb_nino(value: str) -> bool:
    """Prefixes that are given out, suffix A to D."""
    v = value.replace(" ", "")
    if not re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", v):
        return False
    return v[:2] not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")


def mx_curp(value: str) -> bool:
    """Form and check digit mod 10."""
    if not re.fullmatch(r"[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[A-Z0-9][0-9]", value):
        return False
    letters = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    total = sum(letters.index(one) * (18 - place) for place, one in enumerate(value[:17]))
    return (10 - total % 10) % 10 == int(value[17])


def in_pan(value: str) -> bool:
    """Five letters, the fourth the kind of holder, four digits, a letter."""
    return bool(re.fullmatch(r"[A-Z]{3}[PCHABGJLFT][A-Z][0-9]{4}[A-Z]", value))


def sg_nric(value: str) -> bool:
    """Weighted check letter."""
    if not re.fullmatch(r"[STFGM][0-9]{7}[A-Z]", value):
        return False
    total = _weighted(value[1:8], "2765432") + (4 if value[0] in "TG" else 3 if value[0] == "M" else 0)
    table = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "XWUTRQPNJLK",
    }
    place = 10 - total % 11 if value[0] == "M" else total % 11
    return table[value[0]][place] == value[8]


def vin(value: str) -> bool:
    """Check digit in the ninth place, as in North America and China."""
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", value):
        return False
    table = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    total = _weighted(
        "".join(table.get(one, one) for one in value), (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    )
    return "0123456789X"[total % 11] == value[8]


def vat(value: str) -> bool:
    """Countries with a check that is told apart from a product number: AT, BE, DE, DK, FI, IT, LU, PL, PT, SI."""
    country, d = value[:2], value[2:]
    if country == "AT" and re.fullmatch(r"U[0-9]{8}", d):
        total = sum((v := int(one) * (1 + place % 2)) // 10 + v % 10 for place, one in enumerate(d[1:8]))
        return (96 - total) % 10 == int(d[8])
    if not d.isdigit():
        return False
    if country == "DE" and len(d) == 9:
        product = 10
        for one in d[:8]:
            total = (int(one) + product) % 10 or 10
            product = 2 * total % 11
        return (11 - product) % 10 == int(d[8])
    if country == "BE" and len(d) == 10:
        return 97 - int(d[:8]) % 97 == int(d[8:])
    if country == "DK" and len(d) == 8:
        return _weighted(d, "27654321") % 11 == 0
    if country == "FI" and len(d) == 8:
        return (11 - _weighted(d, (7, 9, 10, 5, 8, 4, 2)) % 11) % 11 == int(d[7])
    if country == "IT" and len(d) == 11:
        return luhn(d)
    if country == "LU" and len(d) == 8:
        return int(d[:6]) % 89 == int(d[6:])
    if country == "PL" and len(d) == 10:
        return _weighted(d, "657234567") % 11 == int(d[9])
    if country == "PT" and len(d) == 9:
        return (11 - _weighted(d, "98765432") % 11) % 11 % 10 == int(d[8])
    return False


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def bitcoin(value: str) -> bool:
    """Base58Check with version 0 or 5."""
    number = 0
    for one in value:
        place = _BASE58.find(one)
        if place < 0:
            return False
        number = number * 58 + place
    if number >> 200:
        return False
    raw = number.to_bytes(25, "big")
    return raw[0] in (0, 5) and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]
