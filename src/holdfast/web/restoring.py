"""Restoring a backup into an empty desk: checked whole before the first byte is put in its place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from holdfast.desk.vault import keys, storage
from holdfast.sealing import Opened
from holdfast.web.backing_up import _CONTEXT, FOLDERS, FORM, SECRETS, BackupUnusable, Progress

_BLOCK = 1 << 20


def restore(source: Path, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Restore a backup into this desk, which has to be empty, and return its manifest."""
    try:
        with zipfile.ZipFile(source) as packed:
            manifest = _checked(packed, progress)
            if region := manifest.get("region", ""):
                return _region(packed, manifest, region, progress)
            _require_empty(manifest)
            _require_keys(manifest)
            progress("database")
            if manifest["database"] == "postgresql":
                _tables(packed, manifest)
            else:
                _sqlite(packed)
            for name in manifest["files"]:
                if name.startswith("data/"):
                    progress(name.rpartition("/")[2][:40])
                    _placed(packed, name, settings.DATA / name.removeprefix("data/"))
            _secrets(packed)
    except (OSError, zipfile.BadZipFile) as error:
        raise BackupUnusable(f"{source} cannot be read as a backup: {error}") from error
    return manifest


def _region(
    packed: zipfile.ZipFile, manifest: dict[str, Any], region: str, progress: Progress
) -> dict[str, Any]:
    """Put what lies in the folder of a region back, whose database was restored before."""
    filled = [name for name in FOLDERS if any((settings.DATA / "regions" / region / name).glob("*"))]
    if region not in settings.REGIONS or filled:
        why = f"{', '.join(filled)} is not empty there" if filled else "this desk has no such region"
        raise BackupUnusable(f"it is a backup of the region {region}, and {why}; nothing was restored")
    _require_keys(manifest)
    for name in manifest["files"]:
        progress(name.rpartition("/")[2][:40])
        _placed(packed, name, settings.DATA / name.removeprefix("data/"))
    return manifest


def _checked(packed: zipfile.ZipFile, progress: Progress) -> dict[str, Any]:
    """Return the manifest when every file is there, is what it was, and leads to no other place."""
    try:
        manifest: dict[str, Any] = json.loads(packed.read("manifest.json"))
        files, form = dict(manifest["files"]), manifest["form"]
    except (KeyError, ValueError, TypeError) as error:
        raise BackupUnusable("this is no backup of Holdfast; nothing was restored") from error
    if form != FORM:
        raise BackupUnusable(f"it is a backup of form {form}; this version reads form {FORM}")
    for name, wanted in files.items():
        progress(f"checking {name.rpartition('/')[2][:40]}")
        _require_ours(name, manifest.get("region", ""))
        digest = hashlib.sha256()
        try:
            with packed.open(name) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except (KeyError, zipfile.BadZipFile) as error:
            raise BackupUnusable(f"{name} is missing or damaged; nothing was restored") from error
        if digest.hexdigest() != wanted:
            raise BackupUnusable(f"{name} is not what was backed up; nothing was restored")
    return manifest


def _require_ours(name: str, region: str) -> None:
    path = PurePosixPath(name)
    known = not region and (name in ("database.sqlite3", "secrets.sealed") or path.parts[0] == "table")
    below = f"data/regions/{region}" if region else "data"
    data = name.startswith(tuple(f"{below}/{folder}/" for folder in FOLDERS))
    if not (known or data) or ".." in path.parts or path.is_absolute() or "\\" in name:
        raise BackupUnusable(f"{name[:80]!r} does not belong into a backup; nothing was restored")


def _require_empty(manifest: dict[str, Any]) -> None:
    if manifest["database"] != connection.vendor:
        raise BackupUnusable(
            f"it is a backup of a desk on {manifest['database']}, this one is on {connection.vendor};"
            " set HOLDFAST_DATABASE_URL accordingly. Nothing was restored"
        )
    filled = [name for name in FOLDERS if any((settings.DATA / name).glob("*"))]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if "people_organisation" in tables:
            cursor.execute("SELECT count(*) FROM people_organisation")
            if cursor.fetchone()[0]:
                filled.append("the database")
    if filled:
        raise BackupUnusable(f"this desk is not empty ({', '.join(filled)}); nothing was restored")


def _require_keys(manifest: dict[str, Any]) -> None:
    """Refuse before anything is put in place when a master key is missing, or a wrong one was made here."""
    wanted = set(manifest["master_keys"])
    if not wanted:
        return
    path = keys.key_file()
    if not settings.VAULT_KEYS and not path.exists():
        raise BackupUnusable(f"put the master keys {', '.join(sorted(wanted))} into {path} first")
    have = keys.service().ids
    if missing := wanted - set(have):
        raise BackupUnusable(
            f"it takes the master keys {', '.join(sorted(missing))}; those given are {', '.join(have)}."
            " Nothing was restored"
        )


def _sqlite(packed: zipfile.ZipFile) -> None:
    connections.close_all()
    target = Path(settings.DATABASES["default"]["NAME"])
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    _placed(packed, "database.sqlite3", target)
    call_command("migrate", verbosity=0, interactive=False)


def _tables(packed: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Fill the tables of the schema the backup was made with, then bring it up to date."""
    wanted = _newest(manifest["migrations"])
    for app, name in wanted.items():
        call_command("migrate", app, name, verbosity=0, interactive=False)
    with transaction.atomic(), connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        names = [name for name in manifest["files"] if name.startswith("table/")]
        tables = [name.removeprefix("table/").removesuffix(".copy") for name in names]
        if missing := set(tables) - there:
            raise BackupUnusable(
                f"this version has no table {', '.join(sorted(missing))}; nothing was restored"
            )
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        quoted = [connection.ops.quote_name(table) for table in tables]
        for table in quoted:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(quoted)}")
        for table, name in zip(quoted, names, strict=True):
            with packed.open(name) as file, cursor.copy(f"COPY {table} FROM STDIN") as rows:
                while block := file.read(_BLOCK):
                    rows.write(block)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in quoted:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in tables:
            _count_on(cursor, table)
    call_command("migrate", verbosity=0, interactive=False)


def _newest(migrations: list[str]) -> dict[str, str]:
    """Return the last migration of each app, by its number."""
    found: dict[str, str] = {}
    for one in sorted(migrations):
        app, _, name = one.partition(".")
        found[app] = name
    return found


def _count_on(cursor: Any, table: str) -> None:
    """Let the ids of new rows begin behind those that were restored."""
    name = connection.ops.quote_name(table)
    for found in connection.introspection.get_sequences(cursor, table):
        column = connection.ops.quote_name(found["column"])
        cursor.execute(f"SELECT max({column}) FROM {name}")  # noqa: S608  names of our own tables
        (most,) = cursor.fetchone()
        if most is not None:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [name, found["column"], most])


def _placed(packed: zipfile.ZipFile, name: str, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with packed.open(name) as source, part.open("wb") as out:
        shutil.copyfileobj(source, out, _BLOCK)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, target)


class _Memory:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def size(self) -> int:
        return len(self._data)

    def read(self, start: int, end: int) -> bytes:
        return self._data[start:end]


def _secrets(packed: zipfile.ZipFile) -> None:
    """Put the desk's own keys back; raises WrongKey when the master key is another."""
    sealed = Opened(_Memory(packed.read("secrets.sealed")), keys.data_key(storage.DESK), _CONTEXT)
    for name, text in json.loads(b"".join(sealed.blocks())).items():
        if name in SECRETS:
            path = settings.DATA / name
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
