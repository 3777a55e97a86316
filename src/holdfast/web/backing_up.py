"""Backup and restore of a whole desk: its database at one moment, its sealed evidence, its own keys sealed.

One zip, stored and not compressed (what is sealed cannot be), every file with its SHA-256 in the manifest:

    manifest.json       version, database, migrations, files, and the master keys it takes to open it
    database.sqlite3    or table/<name>.copy, PostgreSQL's own text form, read in one snapshot
    secrets.sealed      the ledger's key and the sessions' key, under the desk's data key
    data/...            sealed evidence, readings, uploads under way

Master keys are never in it. Evidence in a bucket stays there: back the bucket up by its own means, and check after.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.models import DataKey
from holdfast.sealing import Sealer

FORM = 1
FOLDERS = ("vault/sealed", "vault/arriving", "vault/objects", "readings")
SECRETS = ("ledger.key", "secret_key")
_CONTEXT = b"backup/secrets"
_BLOCK = 1 << 20
Progress = Callable[[str], None]


class BackupUnusable(Exception):
    """A backup that cannot be made or restored; says why, and what was left as it was."""


def backup(out: Path, progress: Progress = lambda _: None, region: str = "") -> dict[str, Any]:
    """Write a backup of this desk while it runs and return its manifest. The file appears when it is whole.

    region: of what lies in the folder of that region instead, and of nothing else.
    """
    if region and region not in settings.REGIONS:
        raise BackupUnusable(
            f"there is no region {region}; these are: {', '.join(settings.REGIONS) or 'none'}"
        )
    if out.exists():
        raise BackupUnusable(f"{out} exists; nothing was written over it")
    part = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:
            writing = _Writing(packed, progress)
            manifest = writing.of_region(region) if region else writing.run()
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.rename(part, out)
    except OSError as error:
        raise BackupUnusable(f"{out} cannot be written: {error.strerror}; the desk is untouched") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


class _Writing:
    def __init__(self, packed: zipfile.ZipFile, progress: Progress) -> None:
        self.packed, self.progress = packed, progress
        self.files: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        self.progress("database")
        key = keys.data_key(
            storage.DESK
        )  # before the moment the database is copied at, so that it is in there
        if connection.vendor == "postgresql":
            self._tables()
        else:
            self._sqlite()
        # evidence is only ever added: what the database of a moment ago refers to is all there
        for folder in FOLDERS:
            self._folder(folder)
        self._secrets(key)
        return self._manifest(settings.VAULT_STORE, region="")

    def of_region(self, region: str) -> dict[str, Any]:
        """Write what lies in the folder of a region."""
        for folder in FOLDERS:
            self._folder(f"regions/{region}/{folder}")
        return self._manifest(settings.REGIONS[region], region=region)

    def _manifest(self, store: str, *, region: str) -> dict[str, Any]:
        manifest = {
            "form": FORM,
            "holdfast": settings.VERSION,
            "made_at": datetime.now(UTC).isoformat(),
            "region": region,
            "database": connection.vendor,
            "migrations": sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations()),
            "master_keys": sorted(set(DataKey.objects.values_list("key_id", flat=True))),
            "evidence": "elsewhere" if store else "included",
            "files": self.files,
        }
        self.packed.writestr("manifest.json", json.dumps(manifest, indent=1))
        return manifest

    def _sqlite(self) -> None:
        with tempfile.TemporaryDirectory(dir=settings.DATA) as folder:
            copy = Path(folder) / "copy"
            here = sqlite3.connect(settings.DATABASES["default"]["NAME"])
            with closing(here) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            self._add("database.sqlite3", copy)

    def _tables(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for table in sorted(connection.introspection.table_names(cursor)):
                with (
                    self._open(f"table/{table}.copy") as add,
                    cursor.copy(f'COPY "{table}" TO STDOUT') as rows,
                ):
                    for row in rows:
                        add(bytes(row))

    def _folder(self, name: str) -> None:
        base: Path = settings.DATA
        for path in sorted((base / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and ".part" not in path.suffixes:
                self.progress(path.name[:40])
                self._add(f"data/{path.relative_to(base).as_posix()}", path)

    def _secrets(self, key: bytes) -> None:
        found = {
            name: (settings.DATA / name).read_text() for name in SECRETS if (settings.DATA / name).exists()
        }
        sealer = Sealer(key, _CONTEXT)
        sealed = sealer.header + sealer.take(json.dumps(found).encode()) + sealer.end()
        with self._open("secrets.sealed") as add:
            add(sealed)

    def _add(self, name: str, path: Path) -> None:
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return  # an upload that was finished or given up meanwhile
        with source, self._open(name) as add:
            while block := source.read(_BLOCK):
                add(block)

    def _open(self, name: str) -> _Adding:
        return _Adding(self, name)


class _Adding:
    """One file on its way into the zip, hashed as it goes."""

    def __init__(self, writing: _Writing, name: str) -> None:
        self._writing, self._name, self._digest = writing, name, hashlib.sha256()

    def __enter__(self) -> Callable[[bytes], None]:
        self._file: IO[bytes] = self._writing.packed.open(
            zipfile.ZipInfo(self._name, datetime.now(UTC).timetuple()[:6]), "w", force_zip64=True
        )
        return self._add

    def _add(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._writing.files[self._name] = self._digest.hexdigest()
