"""Makes bundles with planted secrets and personal data, and remembers every plant.

Written from vendors' published formats and standards, not from the rules: nothing of `holdfast.redaction` is
imported here. Whoever wants to know whether redaction leaks asks this ledger.
"""

from __future__ import annotations

import base64
import html
import json
import random
import string
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

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


def _ipv4(dice: random.Random) -> str:
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
    "ipv4": _ipv4,
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


@dataclass(slots=True)
class Ledger:
    """What was planted: (kind, encoding, the text that must not remain)."""

    plants: list[tuple[str, str, str]] = field(default_factory=list)
    bytes: int = 0


WORDS = [
    "request",
    "accepted",
    "order",
    "shipped",
    "cache",
    "miss",
    "retrying",
    "upstream",
    "connection",
    "pool",
    "exhausted",
    "worker",
    "started",
    "stopped",
    "partition",
    "rebalanced",
    "leader",
    "elected",
    "snapshot",
    "written",
    "segment",
    "merged",
    "compaction",
    "finished",
    "checkpoint",
    "reached",
    "session",
    "opened",
    "closed",
    "listener",
    "bound",
    "probe",
    "healthy",
    "degraded",
    "throttled",
    "queued",
    "flushed",
    "committed",
    "rolled",
    "back",
]


class Maker:
    """Writes files of several systems with plants among ordinary lines."""

    def __init__(self, seed: int, every: int = 12) -> None:
        self.dice, self.every, self.ledger = random.Random(seed), every, Ledger()
        self._encodings = encodings()
        self._clients = [_ipv4(self.dice) for _ in range(2000)]

    def plant(self) -> tuple[str, str]:
        """Draw a plant; return (text to print, kind). The ledger remembers it as plain."""
        dice = self.dice
        group = dice.random()
        if group < 0.35:
            kind = dice.choice(list(VENDORS))
            return VENDORS[kind](dice), kind
        kind = dice.choice(list(PERSONAL))
        return PERSONAL[kind](dice), kind

    def note(self, kind: str, encoding: str, text: str) -> None:
        """Remember what must not remain."""
        self.ledger.plants.append((kind, encoding, SECRET_PART.get(kind, lambda v: v)(text)))

    def encoded(self) -> str:
        """Return a plant in some writing."""
        text, kind = self.plant()
        encoding = self.dice.choice(list(self._encodings)) if self.dice.random() < 0.5 else "plain"
        if kind in ("private key",):
            encoding = "plain"
        self.note(kind, encoding, text)
        return self._encodings[encoding](text)

    def named(self, style: str) -> str:
        """Return a field whose name gives its value away."""
        dice = self.dice
        if dice.random() < 0.6:
            kind = dice.choice(list(FIELDS))
            name, value = dice.choice(FIELDS[kind]), FIELD_VALUES[kind](dice)
        else:
            kind = dice.choice(list(NAMED))
            names, make = NAMED[kind]
            name, value = dice.choice(names), make(dice)
        self.note(kind, style, value)
        if style == "json":
            return f"{json.dumps(name)}: {json.dumps(value)}"
        if style == "nested json":
            return json.dumps(json.dumps({name: value}))[1:-1]
        if style == "yaml":
            return f"{name}: {json.dumps(value)}"
        if style == "env":
            return (
                f"{name.upper().replace('.', '_').replace('-', '_')}={value}"
                if " " not in value
                else f'{name.upper()}="{value}"'
            )
        if style == "xml":
            return f"<{name}>{html.escape(value, quote=False)}</{name}>"
        if style == "query":
            return f"?v=1&{urllib.parse.quote(name)}={urllib.parse.quote(value, safe='')}&z=2"
        return f'{name}="{value}"'

    def words(self) -> str:
        """Return an ordinary message."""
        return " ".join(self.dice.choices(WORDS, k=self.dice.randrange(4, 11)))

    def _hit(self) -> bool:
        return self.dice.randrange(self.every) == 0

    def access(self) -> str:
        """A line of a web server."""
        dice = self.dice
        address = dice.choice(self._clients)
        self.note("ipv4", "plain", address)
        query = self.named("query") if self._hit() else ""
        return (
            f'{address} - - [24/Nov/2026:10:{dice.randrange(60):02d}:{dice.randrange(60):02d} +0000] "GET /v2/orders/'
            f'{dice.randrange(10**6)}{query} HTTP/1.1" {dice.choice((200, 200, 304, 404, 500))} {dice.randrange(10**5)}'
            f' "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"'
        )

    def jsonl(self) -> str:
        """A line of JSON."""
        extra = f", {self.named('json')}" if self._hit() else ""
        extra += f', "detail": "{self.encoded_json()}"' if self._hit() else ""
        extra += f', "body": "{self.named("nested json")}"' if self._hit() else ""
        return (
            f'{{"ts": "2026-11-24T10:00:{self.dice.randrange(60):02d}.{self.dice.randrange(1000):03d}Z", "level": "info", '
            f'"logger": "com.acme.orders.Service", "trace_id": "{pick(self.dice, HEX, 32)}", "msg": "{self.words()}"{extra}}}'
        )

    def encoded_json(self) -> str:
        """Return a plant as it stands within a JSON string."""
        text = self.encoded()
        return text if "\\" in text else json.dumps(text)[1:-1]

    def syslog(self) -> str:
        """A line of a system's log."""
        tail = f" from {self.encoded()} port 22" if self._hit() else ""
        return f"Nov 24 10:{self.dice.randrange(60):02d}:{self.dice.randrange(60):02d} web-{self.dice.randrange(9)} systemd[{self.dice.randrange(9999)}]: {self.words()}{tail}"

    def java(self) -> str:
        """A line of a Java application."""
        tail = (
            f" {self.named('text')}" if self._hit() else f" payload={self.encoded()}" if self._hit() else ""
        )
        return f"2026-11-24 10:00:{self.dice.randrange(60):02d},{self.dice.randrange(1000):03d} [exec-{self.dice.randrange(64)}] INFO  c.acme.orders.Service - {self.words()}{tail}"

    def csv(self) -> str:
        """A row of customers."""
        dice = self.dice
        mail, phone = PERSONAL["email"](dice), PERSONAL["phone"](dice)
        name = NAMED["name"][1](dice)
        for kind, value in (("email", mail), ("phone", phone), ("name", name)):
            self.note(kind, "csv", value)
        return f"{dice.randrange(10**6)},{name},{mail},{phone},{dice.choice(('open', 'closed'))},{dice.randrange(10**4)}"

    def env(self) -> str:
        """A line of settings."""
        return (
            self.named("env")
            if self._hit()
            else f"{self.dice.choice(('APP', 'WEB'))}_{self.dice.choice(('MODE', 'LEVEL', 'ZONE'))}={self.dice.choice(WORDS)}"
        )

    def yaml(self) -> str:
        """A line of a manifest."""
        return "  " + (
            self.named("yaml") if self._hit() else f"{self.dice.choice(WORDS)}: {self.dice.choice(WORDS)}"
        )

    def xml(self) -> str:
        """A line of markup."""
        return "  " + (
            self.named("xml")
            if self._hit()
            else f'<item id="{self.dice.randrange(999)}">{self.words()}</item>'
        )

    def lines(self, style: str, size: int) -> Iterator[str]:
        """Yield lines of one system until there are `size` bytes."""
        make, written = getattr(self, style), 0
        while written < size:
            line = make()
            written += len(line) + 1
            yield line


STYLES = {"access": 30, "jsonl": 25, "syslog": 18, "java": 18, "csv": 3, "env": 2, "yaml": 2, "xml": 2}
"""Shares of the mix, percent of bytes."""
HEADS = {"csv": "id,full_name,email,phone,state,total"}


def write(folder: Path, size: int, seed: int = 1, every: int = 12, wide: bool = True) -> Ledger:
    """Write a bundle of about `size` bytes; return its ledger. wide: some of it in UTF-16."""
    folder.mkdir(parents=True, exist_ok=True)
    maker = Maker(seed, every)
    for style, share in STYLES.items():
        head = [HEADS[style]] if style in HEADS else []
        text = "\n".join([*head, *maker.lines(style, size * share // 100)]) + "\n"
        (folder / f"{style}.log").write_text(text, "utf-8")
        maker.ledger.bytes += len(text)
    if wide:
        text = "\r\n".join(maker.lines("java", max(2000, size // 200))) + "\r\n"
        (folder / "windows.txt").write_bytes(text.encode("utf-16"))
    return maker.ledger


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
