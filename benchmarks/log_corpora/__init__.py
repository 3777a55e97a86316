"""Labelled log corpora generated from real programs' format strings.

`development/` may be looked at when the engine is tuned; of `held_out/` only scores are looked at.
Every line's template is its format string with `{placeholder}` as `<*>`.
"""

# ruff: noqa: E501 tables read better on long lines

import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HALVES = ("development", "held_out")
NAMES = "alice bob carol dave erin frank grace heidi ivan judy mallory oscar peggy root admin postgres deploy guest"
NOUNS = (
    "orders invoice basket ledger session profile payment catalog metric audit event report index token "
    "shipment address customer voucher stock review batch archive tenant quota bucket region cluster replica"
)
SERVICES = "nginx cron docker sshd postgres redis kafka grafana prometheus haproxy checkout billing search gateway mailer"


@dataclass(frozen=True)
class Corpus:
    """A program's log: raw lines, messages without header, and the true template of each."""

    name: str
    lines: list[str]
    messages: list[str]
    truth: list[int]
    templates: list[str]


class Words:
    """Values for placeholders, from one seeded source."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names, self.nouns, self.services = NAMES.split(), NOUNS.split(), SERVICES.split()
        letters = string.ascii_lowercase
        self.makers = self._makers()
        self.names += ["".join(self.random.choices(letters, k=self.random.randint(4, 9))) for _ in range(60)]

    def hex(self, width: int) -> str:
        return f"{self.random.getrandbits(width * 4):0{width}x}"

    def ip(self) -> str:
        return ".".join(str(self.random.randint(1, 254)) for _ in range(4))

    def uuid(self) -> str:
        return "-".join(self.hex(width) for width in (8, 4, 4, 4, 12))

    def path(self) -> str:
        return "/" + "/".join(self.random.choices(self.nouns, k=self.random.randint(2, 4)))

    def host(self) -> str:
        return f"{self.random.choice(self.services)}-{self.random.randint(1, 30)}.{self.random.choice(['example.com', 'internal', 'corp.example.org'])}"

    def value(self, kind: str) -> str:
        """A value for one placeholder."""
        return self.makers[kind]()

    def noun(self) -> str:
        return self.random.choice(self.nouns)

    def _makers(self) -> dict[str, Callable[[], str]]:
        r = self.random
        return {
            "n": lambda: str(r.randint(1, 99_999)), "d": lambda: str(r.randint(0, 9)),
            "nn": lambda: str(r.randint(-(2**62), 2**62)), "f": lambda: f"{r.random() * 1000:.3f}",
            "ip": self.ip, "ipport": lambda: f"{self.ip()}:{r.randint(1024, 65535)}", "host": self.host,
            "user": lambda: r.choice(self.names), "db": lambda: r.choice(["shop", "crm", "billing", "warehouse", "app"]),
            "table": lambda: f"{self.noun()}s" if r.random() < 0.5 else f"{self.noun()}_{self.noun()}", "word": self.noun,
            "svc": lambda: r.choice(self.services), "hex": lambda: self.hex(16), "hex8": lambda: self.hex(8), "uuid": self.uuid,
            "path": self.path, "topic": lambda: f"{self.noun()}.{self.noun()}", "queue": lambda: f"{self.noun()}.{self.noun()}",
            "unit": lambda: " ".join(r.choices([word.title() for word in self.nouns], k=r.randint(1, 3))) + " Service",
            "dur": lambda: f"{r.randint(0, 9)}:{r.randint(10, 59)}:{r.randint(10, 59)}.{r.randint(100, 999)}",
            "ts": lambda: f"2023-05-{r.randint(10, 28)} {r.randint(10, 23)}:{r.randint(10, 59)}:{r.randint(10, 59)}",
            "hts": lambda: f"{r.randint(10, 28)}/May/2023:{r.randint(10, 23)}:{r.randint(10, 59)}:{r.randint(10, 59)}.{r.randint(100, 999)}",
            "b64": lambda: "".join(r.choices(string.ascii_letters + string.digits, k=43)), "ns": lambda: r.choice(["default", "kube-system", "shop", "monitoring"]),
            "pod": lambda: f"{r.choice(self.services)}-{self.hex(10)}-{''.join(r.choices(string.ascii_lowercase + string.digits, k=5))}",
            "kind": lambda: r.choice(["Pod", "Secret", "ConfigMap", "Service"]), "cls": lambda: f"{self.noun().title()}Application",
            "exc": lambda: f"java.lang.{r.choice(['IllegalState', 'NullPointer', 'IllegalArgument'])}Exception",
            "disk": lambda: r.choice(["sda1", "sdb1", "dm-0", "nvme0n1"]), "nic": lambda: r.choice(["eth0", "ens3", "wlan0", "docker0"]), "opt": lambda: r.choice(["(null)", "discard", "errors=remount-ro"]),
        }  # fmt: skip


def _clock(second: float) -> dict[str, str]:
    whole, milli = int(second), int(second % 1 * 1000)
    day, hour, minute, sec = 10 + whole // 86_400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    return {"day": f"{day:02d}", "hms": f"{hour:02d}:{minute:02d}:{sec:02d}", "ms": f"{milli:03d}"}


def header(kind: str, second: float, words: Words, message: str) -> tuple[str, str]:
    """The raw line and the message proper."""
    c, r = _clock(second), words.random
    iso = f"2023-05-{c['day']} {c['hms']}"
    level = r.choices(["INFO", "WARN", "ERROR", "DEBUG"], [8, 2, 1, 1])[0]
    n = r.randint(100, 30_000)
    if kind == "postgresql":
        return f"{iso}.{c['ms']} UTC [{n}] {message}", re.sub(r"^[A-Z]+:  ", "", message)
    if kind.startswith("syslog:"):
        return f"May {c['day']} {c['hms']} web1 {kind[7:]}[{n}]: {message}", message
    if kind == "java-hdfs":
        return f"23/05/{c['day']} {c['hms']} {level} {message}", message.split(": ", 1)[1]
    if kind == "klog":
        call, text = message.split(" ", 1)
        return f"{level[0].replace('D', 'I')}05{c['day']} {c['hms']}.{c['ms']}123    {n} {call}] {text}", text
    if kind == "capnslog":
        text = message.split(": ", 1)[1]
        return f"{iso}.{c['ms']} {level[0]} | {message}", text
    shapes = {
        "nginx-error": f"{iso.replace('-', '/')} [{level.lower()}] {n}#{n}: *{n} {message}",
        "redis": f"{n}:M {c['day']} May 2023 {c['hms']}.{c['ms']} {r.choice('*#-')} {message}",
        "kafka": f"[{iso},{c['ms']}] {level} {message}",
        "spring": f"{iso}.{c['ms']} {level:>5} {n} --- [nio-8080-exec-{r.randint(1, 9)}] c.a.shop.{words.random.choice(['Api', 'Store', 'Boot'])}Component : {message}",
        "mariadb": f"{iso} {n} [{'Note' if level == 'INFO' else 'Warning'}] {message}",
        "zookeeper": f"{iso},{c['ms']} - {level:5} [WorkerThread[{r.randint(1, 9)}]:{r.choice(['NIOServerCnxn', 'Learner', 'QuorumPeer'])}@{n}] - {message}",
        "openstack": f"nova-compute.log {iso}.{c['ms']} {n} {level} nova.compute.manager [req-{words.uuid()} - - - - -] {message}",
        "rabbitmq": f"{iso}.{c['ms']}000+00:00 [{'info' if level == 'INFO' else 'error'}] <0.{n}.0> {message}",
    }
    return shapes[kind], message


def corpus(path: Path, lines: int, seed: int = 7, random_words: float = 0.0) -> Corpus:
    """Lines of one program; a few templates are frequent and many are rare, as in life.

    `random_words` is the share of lines that get two random words at their end.
    """
    text = path.read_text().splitlines()
    kind, formats = text[0].removeprefix("# header: "), text[1:]
    formats = [line.replace("{line}", str(100 + 37 * number)) for number, line in enumerate(formats)]
    words = Words(seed)
    weights = [1 / (rank + 1) for rank in range(len(formats))]
    words.random.shuffle(weights)
    second, result = 3600.0, Corpus(path.stem, [], [], [], [])
    known: dict[str, int] = {}
    for _ in range(lines):
        chosen = words.random.choices(formats, weights)[0]
        second += words.random.random() * 3
        message = re.sub(
            r"\{(\w+)\}", lambda found: words.value(found[1]) if found[1] != "Name" else found[0], chosen
        )
        if words.random.random() < random_words:
            message += " " + " ".join(
                "".join(words.random.choices(string.ascii_lowercase, k=8)) for _ in "ab"
            )
        raw, bare = header(kind, second, words, message)
        _, template = header(kind, second, words, re.sub(r"\{\w+\}", "<*>", chosen))
        result.lines.append(raw)
        result.messages.append(bare)
        result.truth.append(known.setdefault(template, len(known)))
    result.templates.extend(known)
    return result


def corpora(half: str, lines: int = 3000) -> Iterator[Corpus]:
    """Every program of `development` or `held_out`."""
    folder = Path(__file__).parent / half
    for path in sorted(folder.glob("*.txt")):
        yield corpus(path, lines)
