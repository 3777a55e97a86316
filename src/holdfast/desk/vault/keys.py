"""The data keys of the vault: one for each scope, kept wrapped; and the service that unwraps them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Organisation
from holdfast.desk.vault.models import DataKey
from holdfast.sealing import KeyService, KeyUnusable, MasterKeys, Wrapped, fresh_key
from holdfast.sealing.keys import add_to_file, first_file


class Shredded(Exception):
    """The key of what was asked for is gone on purpose: it was deleted, and nobody can bring it back."""


def service() -> KeyService:
    """Return the service that holds the master keys: the environment, or a file that is read again when it changes."""
    if settings.VAULT_KEYS:
        return MasterKeys.read(settings.VAULT_KEYS)
    path = key_file()
    if not path.exists():
        if DataKey.objects.exists():
            wanted = ", ".join(sorted(set(DataKey.objects.values_list("key_id", flat=True))))
            raise KeyUnusable(f"{path} is gone; put it back from your backup. The keys wanted: {wanted}")
        first_file(path)
    found = path.stat()
    return _of_file(path, found.st_mtime_ns, found.st_size)


def key_file() -> Path:
    """Return the file of master keys, where none are given by the environment."""
    return Path(settings.VAULT_KEY_FILE) if settings.VAULT_KEY_FILE else settings.DATA / "vault.keys"


@lru_cache(maxsize=4)
def _of_file(path: Path, _changed: int, _size: int) -> MasterKeys:
    return MasterKeys.read(path.read_text())


def held(scope: str) -> DataKey:
    """Return the data key of a scope as it is kept, made at its first use."""
    known = DataKey.objects.filter(scope=scope).first()
    if known is None:
        wrapped = service().wrap(fresh_key(), scope)
        made = {"key_id": wrapped.key_id, "wrapped": wrapped.data, "region": region_of(scope)}
        known, _ = DataKey.objects.get_or_create(scope=scope, defaults=made)
    return known


def region_of(scope: str) -> str:
    """Return where what is of a scope lies, as its customer or organisation says; empty for the desk's own store."""
    sort, _, number = scope.rpartition("-")
    if sort == "case":
        return Case.objects.select_related("customer", "organisation").get(id=number).region
    return Organisation.objects.get(id=number).region if sort == "organisation" else ""


def data_key(scope: str) -> bytes:
    """Return the data key of a scope; raises WrongKey, KeyUnusable, Shredded."""
    return unwrapped(held(scope))


def unwrapped(key: DataKey) -> bytes:
    """Return a data key from the way it is kept."""
    if key.shredded_at is not None:
        raise Shredded(f"the key of {key.scope} was destroyed at {key.shredded_at:%Y-%m-%d %H:%M} UTC")
    return service().unwrap(Wrapped(key.key_id, bytes(key.wrapped)), key.scope)


def rotate(*, fresh: bool = False, progress: Callable[[int, int], None] | None = None) -> tuple[str, int]:
    """Wrap every data key under the current master key; return its id and how many were wrapped anew.

    fresh: put a new master key first in the file before. Whatever was wrapped before stays readable until its turn
    and after it; broken off, it goes on where it stopped.
    """
    if fresh:
        if settings.VAULT_KEYS:
            raise KeyUnusable(
                "the master keys come from HOLDFAST_VAULT_KEYS: put a new one first there (`holdfast vault key`),"
                " keep the old ones behind it, restart the desk, then rotate"
            )
        service()
        add_to_file(key_file())
    keys = service()
    old = DataKey.objects.filter(shredded_at=None).exclude(key_id=keys.current)
    ids = list(old.order_by("id").values_list("id", flat=True))
    for done, number in enumerate(ids, 1):
        _wrap_anew(number, keys)
        if progress is not None:
            progress(done, len(ids))
    with transaction.atomic():
        publish("vault.rotated", key=keys.current, keys=len(ids))
    return keys.current, len(ids)


@transaction.atomic
def _wrap_anew(number: int, keys: KeyService) -> None:
    key = DataKey.objects.select_for_update().get(id=number)
    if key.key_id == keys.current or key.shredded_at is not None:
        return
    plain = keys.unwrap(Wrapped(key.key_id, bytes(key.wrapped)), key.scope)
    wrapped = keys.wrap(plain, key.scope)
    key.key_id, key.wrapped = wrapped.key_id, wrapped.data
    key.save(update_fields=["key_id", "wrapped"])
