"""Every setting of the desk, declared once: name, default, meaning. The reference page derives from it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class SettingError(ValueError):
    """A setting that cannot be used; says which one and how to repair it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. A secret may also come as `<name>_FILE`, a path to a file holding it."""

    name: str
    default: str
    help: str
    secret: bool = False

    def read(self, environment: Mapping[str, str]) -> str:
        """Return the value given, from the file named, or the default."""
        given, file = environment.get(self.name), environment.get(f"{self.name}_FILE")
        if given is not None and file is not None:
            raise SettingError(f"{self.name} and {self.name}_FILE are both set; keep one")
        if file is None:
            return self.default if given is None else given
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise SettingError(
                f"{self.name}_FILE names {file}, which cannot be read: {error.strerror}"
            ) from error


SETTINGS = (
    Setting("HOLDFAST_DATA", "./var", "Folder for the database, the evidence and the generated secret key."),
    Setting(
        "HOLDFAST_DATABASE_URL",
        "",
        "`postgresql://user:password@host:port/name` for a team; empty for SQLite in the data folder.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_SECRET_KEY",
        "",
        "Signs sessions. Empty: generated into the data folder at the first start.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_HOSTS", "localhost,127.0.0.1,[::1]", "Host names the desk answers to, separated by commas."
    ),
    Setting(
        "HOLDFAST_HTTPS",
        "no",
        "`yes` when people reach the desk by HTTPS: secure cookies, redirect to HTTPS and HSTS.",
    ),
    Setting(
        "HOLDFAST_BEHIND_PROXY",
        "no",
        "`yes` when a reverse proxy sets `X-Forwarded-Proto`; never without one, clients could set it.",
    ),
    Setting("HOLDFAST_DEBUG", "no", "`yes` shows tracebacks in the browser. For development only."),
    Setting(
        "HOLDFAST_LOG_LEVEL",
        "INFO",
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`. Logs are JSON lines on standard error.",
    ),
    Setting(
        "HOLDFAST_API_RATE",
        "1200",
        "Requests a minute that one token or session may make of the API, in each web process. `0`: any number.",
    ),
    Setting("HOLDFAST_UPLOAD_LIMIT", str(20 * 2**30), "Largest artefact taken in, in bytes."),
    Setting(
        "HOLDFAST_VAULT_KEYS",
        "",
        "Master keys of the vault, one a line or separated by commas, the current one first. Empty: a file.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_VAULT_KEY_FILE",
        "",
        "File of master keys, read again when it changes. Empty: `vault.keys` in the data folder, made at the first"
        " use; keep a copy of it somewhere else.",
    ),
    Setting(
        "HOLDFAST_VAULT_STORE",
        "",
        "Where sealed evidence lies: `s3://KEY:SECRET@bucket/prefix?endpoint=https://host&region=eu-1` or"
        " `file:/folder`. Empty: the data folder.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_REGIONS",
        "",
        "Regions in which evidence lies, and the store of each, separated by blanks or lines:"
        " `eu=s3://KEY:SECRET@bucket?endpoint=https://host us=file:/mnt/us`. What is not in a store lies in"
        " `regions/<name>` of the data folder.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_PROBE_PRIVATE",
        "no",
        "`yes` lets probes of mitigations ask private and loopback addresses. Whoever works on cases can then"
        " reach what this machine reaches.",
    ),
    Setting(
        "HOLDFAST_PROBE_COMMANDS",
        "",
        "Folder of programs that probes of mitigations may run, under limits. Empty: none.",
    ),
    Setting("HOLDFAST_WEB_PROCESSES", "2", "Processes of `holdfast serve` that answer browsers and the API."),
    Setting("HOLDFAST_WORKERS", "1", "Worker processes that `holdfast serve` starts beside the web server."),
    Setting(
        "HOLDFAST_DOORS",
        "",
        "Path of a YAML file of the OIDC and SAML providers people sign in by. Empty: passwords only.",
    ),
    Setting(
        "HOLDFAST_MAIL_URL",
        "",
        "Mail server to send by: `smtp://user:password@host:587?starttls`, `smtps://...`. Empty: none is sent.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_MAIL_LISTEN",
        "",
        "Where `holdfast serve` takes mail from your mail server: `lmtp://127.0.0.1:8024` or `smtp://...`.",
    ),
    Setting("HOLDFAST_MAIL_LIMIT", str(64 * 2**20), "Largest mail taken in, in bytes."),
    Setting(
        "HOLDFAST_MAIL_VOUCHER",
        "",
        "Name your mail server signs `Authentication-Results` with. Empty: nobody is known by an address alone.",
    ),
    Setting(
        "HOLDFAST_IMAP_URL",
        "",
        "Mailbox to read every minute: `imaps://user:password@host/INBOX`. Empty: none.",
        secret=True,
    ),
    Setting(
        "HOLDFAST_IMAP_ADDRESS", "", "Address whose mail that mailbox holds, as declared at an organisation."
    ),
    Setting(
        "HOLDFAST_LEDGER_NAME",
        "holdfast",
        "Name under which this desk signs its ledger, as `desk.example.org/log`. Choose it before the first start.",
    ),
    Setting(
        "HOLDFAST_WITNESSES",
        "",
        "Who is told of the ledger's checkpoints, separated by commas: `https://witness.example#KEY`, `file:/path`,"
        " `mailto:who@where?from=desk@here`, `rfc3161+https://authority.example/tsr`.",
    ),
    Setting(
        "HOLDFAST_METRICS_TOKEN",
        "",
        "Bearer token for `/metrics`. Empty: `/metrics` answers loopback addresses only.",
        secret=True,
    ),
)


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """Return every setting's value by name; raise SettingError on one that cannot be read."""
    return {setting.name: setting.read(environment) for setting in SETTINGS}


def flag(values: Mapping[str, str], name: str) -> bool:
    """Return whether a yes/no setting is on."""
    word = values[name].strip().lower()
    if word not in {"yes", "no", "true", "false", "1", "0", "on", "off", ""}:
        raise SettingError(f"{name} is {word!r}; write yes or no")
    return word in {"yes", "true", "1", "on"}


def number(values: Mapping[str, str], name: str) -> int:
    """Return a whole-number setting."""
    try:
        return int(values[name])
    except ValueError as error:
        raise SettingError(f"{name} is {values[name]!r}; write a whole number") from error


def names(values: Mapping[str, str], name: str) -> list[str]:
    """Return a comma-separated setting as a list."""
    return [part.strip() for part in values[name].split(",") if part.strip()]


_REGION = re.compile(r"[a-z][a-z0-9-]{0,19}")


def regions(values: Mapping[str, str]) -> dict[str, str]:
    """Return the store of each region; an empty one is the region's own folder."""
    found: dict[str, str] = {}
    for part in values["HOLDFAST_REGIONS"].split():
        name, given, store = part.partition("=")
        if not given or not _REGION.fullmatch(name) or name in found:
            raise SettingError(
                "HOLDFAST_REGIONS reads name=store, one after the other, each name once and in small letters,"
                " as eu=s3://KEY:SECRET@bucket?endpoint=https://host us=file:/mnt/us"
            )
        found[name] = store
    return found


def secret_key(values: Mapping[str, str], data: Path) -> str:
    """Return the key given, or the one kept in the data folder, made at the first start."""
    if values["HOLDFAST_SECRET_KEY"]:
        return values["HOLDFAST_SECRET_KEY"]
    kept = data / "secret_key"
    try:
        # Private from the first byte on: a chmod afterwards would leave a moment to read it.
        with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return kept.read_text().strip()


def database(values: Mapping[str, str], data: Path) -> dict[str, Any]:
    """Return Django's description of the one database."""
    url = values["HOLDFAST_DATABASE_URL"]
    return _postgresql(url) if url else _sqlite(data / "holdfast.sqlite3")


def _sqlite(path: Path) -> dict[str, Any]:
    # IMMEDIATE: a transaction that starts by reading and then writes would otherwise fail at once
    # with "database is locked" instead of waiting its turn.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 10,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;"
                "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY"
            ),
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise SettingError("HOLDFAST_DATABASE_URL must read postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A new connection costs the server more than most pages do. Statements asked for more than a few times
        # are planned once for a connection.
        "OPTIONS": {
            "connect_timeout": 5,
            "server_side_binding": True,
            "prepare_threshold": 4,
            "pool": {"min_size": 1, "max_size": 16, "timeout": 10},
        },
    }
