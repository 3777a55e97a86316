"""Handing evidence out by grant: bytes with a mark of who got them, noted before the first one leaves.

A text gets the mark as its last line, so that no line moves; anything else comes in a zip beside a file with the mark,
untouched, so that its SHA-256 still proves it. The mark names the download, not what could be forged into it: which
download it was is in the custody, on the timeline and in the ledger.
"""

from __future__ import annotations

import asyncio
import io
import secrets
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain

from django.db import connections, transaction
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.people.models import Person
from holdfast.desk.vault import gate, grants, storage
from holdfast.desk.vault.commands import note_custody
from holdfast.desk.vault.models import Artefact, Grant

_SAMPLE = 1 << 16


def streamed(blocks: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """Return a response that sends bytes as they are made; what goes wrong before the first ones is an error.

    Never shown by a browser: evidence is hostile, and this is the desk's own origin.
    """
    first = next(blocks, b"")
    response = StreamingHttpResponse(_sent(chain([first], blocks)), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


async def _sent(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Return it in pieces; a plain iterator would be read to its end before the first byte left."""
    while (block := await asyncio.to_thread(_next, blocks)) is not None:
        if block:
            yield block


def _next(blocks: Iterator[bytes]) -> bytes | None:
    try:
        return next(blocks, None)
    finally:
        connections.close_all()  # of a thread that outlives the request, and would keep them


@dataclass(frozen=True, slots=True)
class Download:
    """What leaves."""

    name: str
    mark: str
    blocks: Iterator[bytes]


def download(case: Case, artefact: Artefact, *, by: Person) -> Download:
    """Open an artefact for a person with a grant; raises NotGranted, and whatever the store says."""
    grant, leave = grants.leave(case, by, Grant.What.RAW, [artefact.id])
    opened = storage.opened(artefact.sha256, storage.case_scope(case.id), leave)
    number = secrets.token_hex(6).upper()
    mark = (
        f"Holdfast {case.key} {grant} download {number}: handed to {by.title}."
        f" Without this mark it has SHA-256 {artefact.sha256}"
    )
    text = _is_text(opened[:_SAMPLE])
    _note(case, artefact, grant, number, by)
    if text:
        return Download(artefact.name, number, _with_line(opened, mark))
    return Download(f"{artefact.name}.zip", number, _with_file(opened, artefact.name, mark))


@transaction.atomic
def _note(case: Case, artefact: Artefact, grant: Grant, number: str, by: Person) -> None:
    case = lock(case.id)
    note_custody(artefact, "handed out", by)
    text = f"{grant} used: {gate.shown_name(artefact)} handed to {by.title}, download {number}"
    data = {"grant": grant.number, "artefact": artefact.id, "download": number}
    append(case, Kind.ACTION, text, by=by, event=grants.EVENT, data=data)


@transaction.atomic
def note_used(case: Case, grant: Grant, what: str, *, by: Person, once: str = "") -> None:
    """Put on the timeline that a grant was used to look at something; what is said `once` is not said again."""
    if once and case.entries.filter(data__grant=grant.number, data__used=once).exists():
        return
    data = {"grant": grant.number, "used": once}
    append(lock(case.id), Kind.ACTION, f"{grant} used: {what}", by=by, event=grants.EVENT, data=data)


def _is_text(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return False
    return b"\x00" not in sample


def _with_line(opened: storage.Bytes, mark: str) -> Iterator[bytes]:
    last = b"\n"
    for block in opened.blocks():
        last = block[-1:] or last
        yield block
    yield (b"" if last == b"\n" else b"\n") + f"# {mark}\n".encode()


class _Pipe(io.RawIOBase):
    """Takes what a zip is written as, for whoever sends it on."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def _with_file(opened: storage.Bytes, name: str, mark: str) -> Iterator[bytes]:
    pipe = _Pipe()
    inside = name.replace("\\", "/").rpartition("/")[2].lstrip(".") or "artefact"
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("HANDED-OUT.txt", mark + "\n")
        with packed.open(zipfile.ZipInfo(inside), "w", force_zip64=True) as file:
            for block in opened.blocks():
                file.write(block)
                yield pipe.taken()
    yield pipe.taken()
