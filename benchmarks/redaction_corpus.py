"""Makes bundles with planted secrets and personal data, and remembers every plant.

Whoever wants to know whether redaction leaks asks this ledger; what is planted stands in `redaction_plants`.
"""

from __future__ import annotations

import html
import json
import random
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redaction_plants import (
    FIELD_VALUES,
    FIELDS,
    HEX,
    NAMED,
    PERSONAL,
    SECRET_PART,
    VENDORS,
    encodings,
    ipv4,
    pick,
)  # fmt: skip


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
        self._clients = [ipv4(self.dice) for _ in range(2000)]

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
