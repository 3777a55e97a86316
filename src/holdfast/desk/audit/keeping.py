"""The key the desk signs with, and the tree as it is kept in the database."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, MutableMapping

from django.conf import settings
from django.db.models import Max

from holdfast.desk.audit.models import Leaf, Tile
from holdfast.ledger.notes import SigningKey
from holdfast.ledger.tiles import Place, Tiles


class KeyMissing(Exception):
    """The log has entries, but the key that signed them is gone; says what to do."""


def signing_key() -> SigningKey:
    """Return the key of this desk's log, made at the first use; KeyMissing rather than a second key."""
    path = settings.DATA / "ledger.key"
    with contextlib.suppress(FileNotFoundError):
        return SigningKey.parse(path.read_text())
    if Leaf.objects.exists():
        raise KeyMissing(
            f"{path} is gone; bring it back from your backup: with another key nobody could verify the log"
        )
    key = SigningKey.make(settings.LEDGER_NAME)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return SigningKey.parse(path.read_text())
    with os.fdopen(handle, "w") as file:
        file.write(key.secret_text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def size() -> int:
    """Return how many entries the log has."""
    last = Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else int(last) + 1


class _Kept(MutableMapping[Place, bytes]):
    """Tiles as rows. Read ones are remembered: a proof asks for the same few again and again."""

    def __init__(self) -> None:
        self._read: dict[Place, bytes] = {}

    def __getitem__(self, place: Place) -> bytes:
        if place not in self._read:
            row = Tile.objects.filter(level=place[0], index=place[1]).values_list("hashes", flat=True).first()
            if row is None:
                raise KeyError(place)
            self._read[place] = bytes(row)
        return self._read[place]

    def __setitem__(self, place: Place, hashes: bytes) -> None:
        Tile.objects.update_or_create(level=place[0], index=place[1], defaults={"hashes": hashes})
        self._read[place] = hashes

    def __delitem__(self, place: Place) -> None:
        raise TypeError("a tile is never removed")

    def __iter__(self) -> Iterator[Place]:
        return iter(Tile.objects.values_list("level", "index"))

    def __len__(self) -> int:
        return Tile.objects.count()


def tree() -> Tiles:
    """Return the tree; keep it no longer than one transaction."""
    return Tiles(_Kept())
