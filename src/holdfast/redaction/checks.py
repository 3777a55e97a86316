"""Checks of single values, each once: check digits, dates, forms of names; what is nobody's in particular."""

from __future__ import annotations

import re
from collections.abc import Callable

from holdfast.redaction.identities import (
    ar_cuit,
    be_nrn,
    bitcoin,
    br_cnpj,
    br_cpf,
    ca_sin,
    ch_ahv,
    cl_rut,
    cn_id,
    cz_rc,
    digits_of,
    es_dni,
    fi_hetu,
    fr_nir,
    gb_nino,
    in_aadhaar,
    in_pan,
    it_cf,
    kr_rrn,
    luhn,
    mx_curp,
    se_pnr,
    sg_nric,
    us_ssn,
    vat,
    vin,
)
from holdfast.redaction.words import (
    ACCOUNTS,
    ARCHITECTURES,
    ENDINGS_OF_FILES,
    PLACEHOLDERS,
    PRODUCTS,
    SYSTEMS,
    VENDORS,
)

_WEB_FILES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".css", ".html")


def email(value: str) -> bool:
    """The last label is no ending of a file and nothing of systemd."""
    last = value.rpartition(".")[2].lower()
    return last not in ENDINGS_OF_FILES and not value.lower().startswith(
        ("git@github.", "git@gitlab.", "git@bitbucket.")
    )


def mac(value: str) -> bool:
    """Neither nobody's nor everybody's."""
    plain = re.sub(r"[^0-9a-f]", "", value.lower())
    return plain not in ("0" * 12, "f" * 12) and not plain.startswith(("01005e", "3333", "0180c2"))


def phone(value: str) -> bool:
    """Enough different digits for a number of somebody."""
    d = digits_of(value)
    return 7 <= len(d) <= 15 and len(set(d)) > 2


def user(value: str) -> bool:
    """A name with a letter that is no account of a system, or a number behind a letter."""
    plain = value.strip().lower()
    if plain in ACCOUNTS or len(plain) < 2 or len(plain) > 64 or any(c in plain for c in "(=:<>{}"):
        return False
    if plain.startswith(("system:", "nt authority", "nt service", "/", "http:", "https:")):
        return False
    return any(one.isalpha() for one in plain) and not re.fullmatch(r"[0-9a-f-]{32,36}", plain)


def folder(value: str) -> bool:
    """A user's name and no picture or page: paths of web sites have folders of the same names."""
    return user(value) and not value.lower().endswith(_WEB_FILES)


def is_platform(value: str) -> bool:
    """Tell whether a value names an architecture, alone or before vendor and system as in `x86_64-pc-linux-gnu`."""
    plain = value.lower()
    first, *parts = plain.split("-")
    if plain in ARCHITECTURES:
        return True
    if parts and parts[0] in VENDORS:
        parts = parts[1:]
        # behind a vendor a number is the system's version, elsewhere it may be that of a machine
        if parts and parts[-1] not in SYSTEMS:
            parts[-1] = parts[-1].rstrip("0123456789.")
    return first in ARCHITECTURES and bool(parts) and all(part in SYSTEMS for part in parts)


def host(value: str) -> bool:
    """A name with a digit, a dash or a dot that is no address, no well-known name, no product and no platform."""
    plain = value.strip().lower()
    if (
        plain in ACCOUNTS
        or len(plain) < 4
        or len(plain) > 253
        or not re.fullmatch(r"[a-z0-9._-]+(:[0-9]+)?", plain)
    ):
        return False
    if plain.endswith((".cluster.local", ".svc", ".localhost")) or re.fullmatch(r"[0-9.:]+", plain):
        return False
    # a product only as its maker writes it: in other case it may be somebody's host
    if value.strip() in PRODUCTS or is_platform(plain):
        return False
    return any(one in plain for one in ".-") or any(one.isdigit() for one in plain)


def name(value: str) -> bool:
    """One to five words of letters, the first a capital or the script without them."""
    words = value.replace(",", " ").split()
    if not 1 <= len(words) <= 5 or len(value) > 80 or value.strip().lower() in ACCOUNTS | PLACEHOLDERS:
        return False
    if not all(re.fullmatch(r"[^\W\d_][^\W\d_.'’-]*\.?(?:[-'’][^\W\d_]+)*\.?", word) for word in words):
        return False
    return words[0][0].isupper() or not words[0].isascii() or len(words) > 1


def address(value: str) -> bool:
    """Has letters and either a number or several words."""
    return (
        4 <= len(value) <= 120
        and any(c.isalpha() for c in value)
        and (any(c.isdigit() for c in value) or " " in value)
        and "://" not in value
        and "/" not in value[:1]
    )


def locality(value: str) -> bool:
    """A word, or a code of three digits or more."""
    plain = value.strip()
    return (
        2 <= len(plain) <= 40
        and not (plain.isdigit() and len(plain) < 3)
        and plain.lower() not in ACCOUNTS | PLACEHOLDERS
        and re.fullmatch(r"[\w .,'’-]+", plain) is not None
    )


def day(value: str) -> bool:
    """Holds digits like a date."""
    return 2 <= len(digits_of(value)) <= 8 and len(value) <= 30


def document(value: str) -> bool:
    """Five to thirty-five characters with at least three digits."""
    plain = value.strip()
    return (
        5 <= len(plain) <= 64
        and len(digits_of(plain)) >= 3
        and re.fullmatch(r"[\w .:/+-]+", plain) is not None
        and "://" not in plain
    )


def bic(value: str) -> bool:
    """Eight or eleven characters by ISO 9362."""
    return re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", value.strip()) is not None


def card(value: str) -> bool:
    """Thirteen to nineteen digits with Luhn's check, or partly starred ones."""
    d = digits_of(value)
    return 13 <= len(d) <= 19 and luhn(d)


def geo(value: str) -> bool:
    """Degrees with at least three decimals."""
    return (
        re.fullmatch(r"\[?\s*-?[0-9]{1,3}\.[0-9]{3,}(\s*,\s*-?[0-9]{1,3}\.[0-9]{3,})?\s*\]?", value.strip())
        is not None
    )


def trait(value: str) -> bool:
    """A word or two."""
    return (
        re.fullmatch(r"[^\W\d]{2,24}([ -][^\W\d]{1,24})?", value.strip()) is not None
        and value.lower() not in ACCOUNTS | PLACEHOLDERS
    )


def password(value: str) -> bool:
    """No placeholder and no word of a sentence about passwords."""
    plain = value.strip().strip("'\"`,;.").lower()
    return (
        len(plain) >= 3
        and plain not in PLACEHOLDERS
        and not plain.startswith(("your_", "your-", "<", "xxxx", "****"))
    )


def code(value: str) -> bool:
    """At least three digits."""
    return len(digits_of(value)) >= 3


def mail_of(value: str) -> bool:
    """An address, of whatever domain."""
    return "@" in value and email(value)


STRENGTHS: dict[str, Callable[[str], bool]] = {
    "strong": password, "weak": password, "digits": code, "email": mail_of, "name": name, "user": user,
    "host": host, "phone": phone, "address": address, "locality": locality, "date": day, "document": document,
    "bic": bic, "card": card, "geo": geo, "mac": mac, "trait": trait,
}  # fmt: skip
RULES: dict[str, Callable[[str], bool]] = {
    "us-ssn": us_ssn, "br-cpf": br_cpf, "br-cnpj": br_cnpj, "ch-ahv": ch_ahv, "be-nrn": be_nrn, "ca-sin": ca_sin,
    "in-aadhaar": in_aadhaar, "kr-rrn": kr_rrn, "ar-cuit": ar_cuit, "cn-id": cn_id, "cz-rc": cz_rc, "se-pnr": se_pnr,
    "cl-rut": cl_rut, "fr-nir": fr_nir, "fi-hetu": fi_hetu, "es-dni": es_dni, "it-cf": it_cf, "gb-nino": gb_nino,
    "mx-curp": mx_curp, "in-pan": in_pan, "sg-nric": sg_nric, "vin": vin, "vat": vat, "bitcoin": bitcoin,
    "email": email, "mac": mac, "phone": phone, "home-folder": folder, "ssh-login": user, "url-credentials": password,
    "cookie": password, "authorization-field": password,
    "password-sentence": password, "identified-by": password,
}  # fmt: skip
"""What a value found by a rule has to satisfy beyond its form, each value once."""


def check_of(rule_id: str, strength: str, has_fields: bool) -> Callable[[str], bool] | None:
    """Return the check of a rule, or None when its form is enough."""
    return RULES.get(rule_id) or (STRENGTHS[strength] if has_fields else None)
