"""The vault's bytes: arriving, sealed, opened. Nothing of evidence lies open on a disk, but for what a reader has
in hand right now (`spool`), and what an earlier version stored plain and `holdfast vault seal` has not sealed yet.

A **scope** is whose key seals: `case-12`, `organisation-3` for what arrived and is of no case, `desk` for what is
on its way in and of nobody yet.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.db import transaction

from holdfast.desk.vault import keys
from holdfast.desk.vault.models import DataKey, SealedObject
from holdfast.sealing import (
    Arriving,
    FileSource,
    Opened,
    PlainFile,
    Store,
    StoredSource,
    StoreFailed,
    WrongOffset,
    open_store,
)

BLOCK = 1 << 20
DESK = "desk"
_HEX = re.compile(r"[0-9a-f]{64}")

__all__ = ["BLOCK", "DESK", "Bytes", "Sealed", "WrongOffset"]


class Bytes(Protocol):
    """Something opened for reading, sealed or not."""

    size: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of a range."""
        ...

    def __getitem__(self, span: slice, /) -> bytes:
        """Return the bytes of a slice."""
        ...

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first place at which bytes stand."""
        ...

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:
        """Return the first place at which a pattern matches."""
        ...

    def blocks(self) -> Iterator[bytes]:
        """Return everything in pieces."""
        ...

    def file(self) -> BinaryIO:
        """Return it as a file; the caller closes it."""
        ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of bytes that arrived."""

    sha256: str
    size: int


def case_scope(case_id: int) -> str:
    """Return whose key seals the evidence of a case."""
    return f"case-{case_id}"


def organisation_scope(organisation_id: int) -> str:
    """Return whose key seals what arrived at an organisation."""
    return f"organisation-{organisation_id}"


def arriving(upload: uuid.UUID, scope: str = DESK) -> Arriving:
    """Return a thing on its way in."""
    return Arriving(_folder("arriving", scope) / str(upload), keys.data_key(scope))


def arrived(upload: uuid.UUID, scope: str) -> int:
    """Return how many bytes of an upload are on disk."""
    path = _folder("arriving", scope) / str(upload)
    return Arriving(path, keys.data_key(scope)).size() if path.exists() else 0


def grow(upload: uuid.UUID, offset: int, chunks: Iterable[bytes], limit: int, scope: str = DESK) -> int:
    """Append bytes at the end of an upload and return its new size, flushed to disk; see `Arriving.grow`."""
    return arriving(upload, scope).grow(offset, chunks, limit)


def seal(blocks: Iterable[bytes], scope: str, limit: int = 2**62, *, wanted: str = "") -> Sealed:
    """Seal bytes in one go and return what they are; ValueError when they pass the limit, in bytes."""
    growing = uuid.uuid4()
    try:
        grow(growing, 0, blocks, limit, scope)
        return finish(growing, scope, wanted=wanted)
    finally:
        discard(growing, scope)


class OtherContent(Exception):
    """What arrived does not have the SHA-256 that was announced; the message says which it has."""


def finish(upload: uuid.UUID, scope: str, *, wanted: str = "") -> Sealed:
    """Give a complete upload its place in the store and in the books. Doing it again is safe.

    wanted: the SHA-256 it has to have, where one was announced; raises OtherContent. The upload stays until
    `discard`: when the process dies on the way, nothing is lost. The same content twice in one scope is stored once.
    """
    thing = arriving(upload, scope)
    digest, size, salt = thing.seal()
    if wanted and digest != wanted:
        raise OtherContent(f"what arrived has SHA-256 {digest}, not the one announced; send it again")
    if not SealedObject.objects.filter(key__scope=scope, sha256=digest).exists():
        place = f"{scope}/{digest[:2]}/{digest}.{salt[:8].hex()}"
        region = keys.held(scope).region
        store_of(region).put(place, thing.path)
        _note(scope, region, {"sha256": digest, "size": size, "salt": salt, "place": place})
    return Sealed(digest, size)


@transaction.atomic
def _note(scope: str, region: str, about: dict[str, Any]) -> None:
    key = DataKey.objects.select_for_update().get(scope=scope)
    if key.region != region:
        store_of(region).delete(about["place"])
        raise StoreFailed("where it may lie was changed meanwhile; nothing is there, send it once more")
    _, created = SealedObject.objects.get_or_create(key=key, sha256=about["sha256"], defaults=about)
    if not created:  # somebody else stored the same content meanwhile
        transaction.on_commit(lambda: store_of(region).delete(about["place"]))


def take_over(upload: uuid.UUID, scope: str) -> int:
    """Move a thing that arrived for nobody under the key of a scope; return its bytes."""
    if (done := arrived(upload, scope)) and not (_folder("arriving", DESK) / str(upload)).exists():
        return done
    other = arriving(upload, scope)
    other.discard()
    size = other.grow(0, pieces(upload), settings.UPLOAD_LIMIT)
    discard(upload)
    return size


def pieces(upload: uuid.UUID) -> Iterator[bytes]:
    """Return what arrived whole for nobody yet, in pieces."""
    return whole(upload)[1].blocks()


def whole(upload: uuid.UUID) -> tuple[str, Bytes]:
    """Return what arrived whole for nobody yet: its SHA-256, and it opened."""
    mine = arriving(upload)
    digest, size, _ = mine.seal()
    return digest, Opened(FileSource(mine.path), keys.data_key(DESK), size=size)


def discard(upload: uuid.UUID, scope: str = DESK) -> None:
    """Remove what arrived of an upload."""
    path = _folder("arriving", scope) / str(upload)
    Arriving(path, b"").discard()


Leave = Callable[[], None]
"""Asked before anything is decrypted, again and again; raises what forbids it."""


def by_machine() -> None:
    """Say that no person sees what is opened: a reader in its cage, or a program that shows only a derivative."""


def clear_arriving(scope: str) -> None:
    """Remove every upload under way in a scope."""
    shutil.rmtree(home(scope) / "vault" / "arriving" / scope, ignore_errors=True)


def opened(sha256: str, scope: str, leave: Leave) -> Bytes:
    """Open what is stored under a content, from the store or, where it is not sealed yet, from the old folder.

    Without leave no key is unwrapped. Raises Missing, Damaged, WrongKey, KeyUnusable, StoreFailed.
    """
    leave()
    found = SealedObject.objects.select_related("key").filter(key__scope=scope, sha256=sha256).first()
    if found is None:
        return PlainFile(plain(sha256), leave)
    source = StoredSource(store_of(found.key.region), found.place)
    key = keys.unwrapped(found.key)
    return Opened(source, key, salt=bytes(found.salt), size=found.size, allowed=leave)


def plain(sha256: str) -> Path:
    """Return where an earlier version stored this content as it came."""
    if not _HEX.fullmatch(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return vault_folder() / "objects" / sha256[:2] / sha256


def store_of(region: str) -> Store:
    """Return the store of a region; the desk's own for none."""
    if region and region not in settings.REGIONS:
        raise StoreFailed(
            f"the region {region} has no store here any more; put it back into HOLDFAST_REGIONS"
        )
    address = settings.REGIONS[region] if region else settings.VAULT_STORE
    return _store(address, home_of(region) / "vault" / "sealed")


def home(scope: str) -> Path:
    """Return the folder below which everything of a scope lies that is not in its store."""
    return home_of(keys.held(scope).region)


def home_of(region: str) -> Path:
    """Return the folder of a region, the data folder for none."""
    data: Path = settings.DATA
    return data / "regions" / region if region else data


def homes() -> list[Path]:
    """Return the folders of all regions, the data folder first."""
    return [home_of(""), *map(home_of, settings.REGIONS)]


@lru_cache(maxsize=8)
def _store(address: str, folder: Path) -> Store:
    return open_store(address, folder)


def vault_folder() -> Path:
    """Return the folder of the vault on this machine."""
    folder: Path = settings.DATA / "vault"
    return folder


def _folder(sort: str, scope: str) -> Path:
    folder = home(scope) / "vault" / sort / scope
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
