"""Looking after the vault as a whole: sealing what an earlier version stored plain, and reading everything once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.models import Artefact, SealedObject
from holdfast.sealing import Damaged, KeyUnusable, Missing, PlainFile, StoredSource, StoreFailed, WrongKey
from holdfast.sealing import Opened as OpenedThing

Pairs = Callable[[], Iterator[tuple[str, str]]]
Chore = Callable[[], int]
Progress = Callable[[str], None]
_holders: list[Pairs] = []
_chores: list[Chore] = []


def holds(pairs: Pairs) -> Pairs:
    """Register a room that refers to stored bytes: scope and SHA-256 of each."""
    _holders.append(pairs)
    return pairs


def seals(chore: Chore) -> Chore:
    """Register what else has to be sealed; it returns how many it sealed."""
    _chores.append(chore)
    return chore


@holds
def _artefacts() -> Iterator[tuple[str, str]]:
    for case, sha256 in Artefact.objects.order_by("id").values_list("case_id", "sha256"):
        yield storage.case_scope(case), sha256


@dataclass(slots=True)
class Sealing:
    """What a sealing over did."""

    sealed: int = 0
    removed: int = 0
    """Plain files that are gone now."""
    nobodys: int = 0
    """Plain files nothing refers to; they were left."""
    wrong: list[str] = field(default_factory=list)


def seal_all(progress: Progress = lambda _: None) -> Sealing:
    """Seal everything stored plain, check it, and only then remove the plain file. May be broken off and run again."""
    done, known, kept = Sealing(), set[str](), set[str]()
    for pairs in _holders:
        for scope, sha256 in pairs():
            known.add(sha256)
            progress(sha256[:12])
            _seal(scope, sha256, done, kept)
    for chore in _chores:
        done.sealed += chore()
    folder = storage.vault_folder() / "objects"
    for path in sorted(folder.glob("??/*")) if folder.is_dir() else []:
        if path.name in known and path.name not in kept:
            path.unlink()
            done.removed += 1
        elif path.name not in known:
            done.nobodys += 1
    return done


def _seal(scope: str, sha256: str, done: Sealing, kept: set[str]) -> None:
    if SealedObject.objects.filter(key__scope=scope, sha256=sha256).exists():
        return
    try:
        storage.seal(PlainFile(storage.plain(sha256)).blocks(), scope, wanted=sha256)
        done.sealed += 1
    except storage.OtherContent as other:
        done.wrong.append(f"{sha256}: {other}")
        kept.add(sha256)
    except (Missing, StoreFailed) as failure:
        done.wrong.append(f"{sha256}: {failure}")
        kept.add(sha256)


def check_all(progress: Progress = lambda _: None) -> tuple[int, list[str]]:
    """Read everything in the store; return how many things open and hold what they should, and what does not."""
    good, wrong = 0, []
    for found in SealedObject.objects.select_related("key").filter(key__shredded_at=None).order_by("id"):
        progress(found.place)
        try:
            source = StoredSource(storage.store_of(found.key.region), found.place)
            opened = OpenedThing(source, keys.unwrapped(found.key), salt=bytes(found.salt), size=found.size)
            digest = hashlib.sha256()
            for block in opened.blocks():
                digest.update(block)
            if digest.hexdigest() != found.sha256:
                raise Damaged("it opens, and holds other bytes than it should")
            good += 1
        except (Damaged, StoreFailed, WrongKey, KeyUnusable) as failure:
            wrong.append(f"{found.place}: {failure}")
    return good, wrong
