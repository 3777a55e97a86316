"""What is planted: secrets and personal data by their published formats, and the ways in which they are written.

Written from vendors' formats and standards, not from the rules: nothing of `holdfast.redaction` is imported here.
"""

from __future__ import annotations

import base64
import html
import json
import random
import string
import urllib.parse
from collections.abc import Callable

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM, HEX = string.ascii_letters + DIGITS, "0123456789abcdef"
FIRST = [
    "Henrike",
    "Mateo",
    "Aoife",
    "Ilse",
    "Bartholomew",
    "Yusuf",
    "Ngozi",
    "Svetlana",
    "Thibault",
    "Xiomara",
    "Rasmus",
    "Oluwaseun",
]
LAST = [
    "Vossberg",
    "Quintanilla",
    "O'Halloran",
    "Achterberg",
    "Lindqvist",
    "Okonkwo",
    "Papadaki",
    "Dubrovsky",
    "Ferreira",
    "Zimmerli",
]
DOMAINS = [
    "acme-works.de",
    "northwind.co.uk",
    "contoso-mail.com",
    "fabrikam.io",
    "tailspin.org",
    "ejemplo.es",
]


def pick(dice: random.Random, alphabet: str, size: int) -> str:
    """Draw a text."""
    return "".join(dice.choices(alphabet, k=size))


def _uuid(dice: random.Random) -> str:
    raw = pick(dice, HEX, 32)
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


def _b64(dice: random.Random, size: int) -> str:
    return base64.b64encode(dice.randbytes(size)).decode()


def _luhn(body: str) -> str:
    total = 0
    for place, one in enumerate(reversed(body)):
        value = int(one) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _iban(dice: random.Random) -> str:
    country, size = dice.choice((("DE", 18), ("ES", 20), ("NL", -1)))
    body = pick(dice, UPPER, 4) + pick(dice, DIGITS, 10) if size < 0 else pick(dice, DIGITS, size)
    number = "".join(str(int(c, 36)) for c in body + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{body}"


def _jwt(dice: random.Random) -> str:
    def part(data: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    claims = {"sub": pick(dice, DIGITS, 12), "iat": 1764019200, "tid": _uuid(dice)}
    return ".".join((part({"alg": "RS256", "typ": "JWT"}), part(claims), pick(dice, ALNUM, 86)))


def ipv4(dice: random.Random) -> str:
    return f"{dice.choice((23, 45, 62, 81, 104, 151, 185, 203))}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def _ipv6(dice: random.Random) -> str:
    return f"2a0{dice.choice('1234')}:{dice.randrange(4096, 65536):x}:" + ":".join(
        f"{dice.randrange(1, 65536):x}" for _ in range(6)
    )


VENDORS: dict[str, Callable[[random.Random], str]] = {
    "aws access key": lambda d: d.choice(("AKIA", "ASIA")) + pick(d, UPPER + "234567", 16),
    "github classic": lambda d: d.choice(("ghp_", "gho_", "ghu_", "ghs_", "ghr_")) + pick(d, ALNUM, 36),
    "github fine-grained": lambda d: "github_pat_" + pick(d, ALNUM, 22) + "_" + pick(d, ALNUM, 59),
    "gitlab": lambda d: d.choice(("glpat-", "gldt-", "glptt-", "glft-")) + pick(d, ALNUM, 20),
    "slack bot": lambda d: f"xoxb-{pick(d, '123456789', 12)}-{pick(d, DIGITS, 12)}-{pick(d, ALNUM, 24)}",
    "slack user": lambda d: f"xoxp-{pick(d, '123456789', 12)}-{pick(d, DIGITS, 12)}-{pick(d, DIGITS, 12)}-{pick(d, HEX, 32)}",
    "slack app": lambda d: f"xapp-1-A{pick(d, UPPER + DIGITS, 10)}-{pick(d, DIGITS, 13)}-{pick(d, HEX, 64)}",
    "slack webhook": lambda d: f"https://hooks.slack.com/services/T{pick(d, UPPER + DIGITS, 8)}/B{pick(d, UPPER + DIGITS, 8)}/{pick(d, ALNUM, 24)}",
    "stripe": lambda d: d.choice(("sk_live_", "rk_live_", "sk_test_")) + pick(d, ALNUM, 24),
    "stripe webhook": lambda d: "whsec_" + pick(d, ALNUM, 32),
    "google api key": lambda d: "AIza" + pick(d, ALNUM + "-_", 34) + d.choice(ALNUM),
    "google client secret": lambda d: "GOCSPX-" + pick(d, ALNUM + "-_", 27) + d.choice(ALNUM),
    "google access token": lambda d: "ya29." + pick(d, ALNUM + "-_", 120) + d.choice(ALNUM),
    "openai project": lambda d: "sk-proj-" + pick(d, ALNUM + "-_", 60) + "T3BlbkFJ" + pick(d, ALNUM, 60),
    "anthropic": lambda d: "sk-ant-api03-" + pick(d, ALNUM + "-_", 93) + "AA",
    "hugging face": lambda d: "hf_" + pick(d, string.ascii_letters, 34),
    "npm": lambda d: "npm_" + pick(d, ALNUM, 36),
    "pypi": lambda d: "pypi-AgEIcHlwaS5vcmc" + pick(d, ALNUM + "-_", 150) + "a",
    "docker": lambda d: "dckr_pat_" + pick(d, ALNUM + "-_", 26) + "a",
    "sendgrid": lambda d: f"SG.{pick(d, ALNUM + '-_', 22)}.{pick(d, ALNUM + '-_', 42)}a",
    "mailgun": lambda d: "key-" + pick(d, HEX, 32),
    "mailchimp": lambda d: pick(d, HEX, 32) + f"-us{d.randrange(1, 21)}",
    "twilio": lambda d: "SK" + pick(d, HEX, 32),
    "square": lambda d: "sq0csp-" + pick(d, ALNUM + "-_", 42) + "a",
    "shopify": lambda d: d.choice(("shpat_", "shpss_", "shpca_")) + pick(d, HEX, 32),
    "digitalocean": lambda d: "dop_v1_" + pick(d, HEX, 64),
    "databricks": lambda d: "dapi" + pick(d, HEX, 32),
    "vault": lambda d: "hvs." + pick(d, ALNUM, 24),
    "terraform cloud": lambda d: pick(d, ALNUM, 14) + ".atlasv1." + pick(d, ALNUM, 67),
    "grafana": lambda d: f"glsa_{pick(d, ALNUM, 32)}_{pick(d, HEX, 8)}",
    "new relic": lambda d: "NRAK-" + pick(d, UPPER + DIGITS, 27),
    "postman": lambda d: f"PMAK-{pick(d, HEX, 24)}-{pick(d, HEX, 34)}",
    "linear": lambda d: "lin_api_" + pick(d, ALNUM, 40),
    "notion": lambda d: "ntn_" + pick(d, DIGITS, 11) + pick(d, ALNUM, 35),
    "airtable": lambda d: f"pat{pick(d, ALNUM, 14)}.{pick(d, HEX, 64)}",
    "telegram": lambda d: f"{pick(d, '123456789', 10)}:AA{pick(d, ALNUM, 33)}",
    "discord webhook": lambda d: f"https://discord.com/api/webhooks/{pick(d, '123456789', 18)}/{pick(d, ALNUM, 68)}",
    "azure storage": lambda d: f"DefaultEndpointsProtocol=https;AccountName={pick(d, LOWER, 8)};AccountKey={_b64(d, 64)};EndpointSuffix=core.windows.net",
    "azure client secret": lambda d: f"{pick(d, ALNUM, 3)}8Q~{pick(d, ALNUM + '-_.~', 33)}a",
    "doppler": lambda d: "dp.pt." + pick(d, ALNUM, 43),
    "sentry": lambda d: "sntryu_" + pick(d, HEX, 64),
    "pulumi": lambda d: "pul-" + pick(d, HEX, 40),
    "planetscale": lambda d: "pscale_pw_" + pick(d, ALNUM, 43),
    "age": lambda d: "AGE-SECRET-KEY-1" + pick(d, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "bcrypt": lambda d: "$2b$12$" + pick(d, ALNUM + "./", 53),
    "jwt": _jwt,
    "private key": lambda d: "-----BEGIN PRIVATE KEY-----\\n" + _b64(d, 96) + "\\n-----END PRIVATE KEY-----",
    "address with password": lambda d: f"postgres://svc_{pick(d, LOWER, 5)}:{pick(d, ALNUM, 18)}@db.example.net:5432/app",
}  # fmt: skip
"""Self-evident forms: whoever prints one has leaked it, whatever stands around it."""

SECRET_PART: dict[str, Callable[[str], str]] = {
    "slack webhook": lambda v: v.rpartition("/")[2],
    "discord webhook": lambda v: v.rpartition("/")[2],
    "azure storage": lambda v: v.partition("AccountKey=")[2].partition(";")[0],
    "address with password": lambda v: v.partition("@")[0].rpartition(":")[2],
    "private key": lambda v: v.split("\\n")[1],
    "jwt": lambda v: v.rpartition(".")[2],
}
"""The part of a plant that must not remain, where it is not the whole."""

FIELDS: dict[str, tuple[str, ...]] = {
    "password": (
        "password",
        "DB_PASSWORD",
        "spring.datasource.password",
        "adminPassword",
        "passwd",
        "PGPASSWORD",
    ),
    "api key": ("api_key", "X-Api-Key", "apiKey", "DATADOG_API_KEY", "stripe.secret.key"),
    "token": ("access_token", "refresh_token", "auth-token", "CI_JOB_TOKEN", "sessionToken"),
    "secret": ("client_secret", "AWS_SECRET_ACCESS_KEY", "webhookSecret", "jwt.secret"),
}
FIELD_VALUES: dict[str, Callable[[random.Random], str]] = {
    "password": lambda d: pick(d, ALNUM + "!#%+-_.:?", 13) + d.choice(DIGITS) + d.choice(LOWER),
    "api key": lambda d: pick(d, HEX, 32),
    "token": lambda d: pick(d, ALNUM, 40),
    "secret": lambda d: pick(d, ALNUM + "+/", 39) + "a",
}
PERSONAL: dict[str, Callable[[random.Random], str]] = {
    "email": lambda d: f"{d.choice(FIRST).lower()}.{pick(d, LOWER, 6)}@{d.choice(DOMAINS)}",
    "ipv4": ipv4,
    "ipv6": _ipv6,
    "mac": lambda d: ":".join(["3c", "22", "fb", *(pick(d, HEX, 2) for _ in range(3))]),
    "card": lambda d: (
        _luhn(d.choice(("4", "51", "55")) + pick(d, DIGITS, 15))[-16:]
        if False
        else _luhn("4" + pick(d, DIGITS, 14))
    ),
    "iban": _iban,
    "phone": lambda d: f"+49 {d.choice(('151', '160', '176'))} {pick(d, '123456789', 1)}{pick(d, DIGITS, 7)}",
    "ssn": lambda d: f"{d.randrange(100, 660)}-{d.randrange(10, 99)}-{d.randrange(1000, 9999)}",
}
NAMED: dict[str, tuple[tuple[str, ...], Callable[[random.Random], str]]] = {
    "name": (("full_name", "customerName", "cardholder"), lambda d: f"{d.choice(FIRST)} {d.choice(LAST)}-{pick(d, LOWER, 7).title()}"),
    "user": (("username", "login", "user_name"), lambda d: d.choice(FIRST).lower()[:1] + pick(d, LOWER, 7) + pick(d, DIGITS, 2)),
    "address": (("street_address", "billingAddress"), lambda d: f"{d.choice(LAST)}weg {d.randrange(10, 400)}{d.choice('abc')} {pick(d, LOWER, 5)}"),
    "passport": (("passport_number",), lambda d: "C" + pick(d, UPPER + DIGITS, 3) + pick(d, DIGITS, 6)),
    "birth date": (("date_of_birth", "dob"), lambda d: f"19{d.randrange(40, 99)}-{d.randrange(1, 13):02d}-{d.randrange(1, 29):02d}"),
}  # fmt: skip


def encodings() -> dict[str, Callable[[str], str]]:
    """Return the ways in which a plant is written."""
    return {
        "plain": lambda v: v,
        "json": lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
        "unicode": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
        "percent": lambda v: urllib.parse.quote(v, safe=""),
        "percent all": lambda v: "".join(f"%{b:02X}" for b in v.encode()),
        "base64": lambda v: base64.b64encode(("note " + "x" * (len(v) % 3) + f": {v} !").encode()).decode(),
        "base64url": lambda v: base64.urlsafe_b64encode(f"who? {v} ~~".encode()).decode().rstrip("="),
        "hex": lambda v: f"({v})".encode().hex(),
        "entities": lambda v: "".join(f"&#{ord(c)};" for c in v),
        "html": lambda v: html.escape(v).replace("@", "&#64;"),
        "backslash x": lambda v: "".join(f"\\x{b:02x}" for b in v.encode()),
    }


def writings(value: str) -> set[bytes]:
    """Return what to search for: the value in every writing, base64 at its three alignments."""
    raw = value.encode()
    found = {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        value.encode("utf-16-le"),
        value.encode("utf-16-be"),
    }
    found |= {
        urllib.parse.quote(value, safe="").encode(),
        json.dumps(value)[1:-1].encode(),
        html.escape(value).encode(),
    }
    found |= {
        write(value).encode()
        for name, write in encodings().items()
        if name in ("unicode", "percent all", "entities", "backslash x")
    }
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        core = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        if len(core) >= 8:
            found |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return found
