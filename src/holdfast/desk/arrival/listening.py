"""Taking mail from a mail server by LMTP (RFC 2033) or SMTP, written to disk line by line.

It stands behind your mail server, on loopback or a private network: no TLS, no passwords, only declared
addresses. "250" is said after the mail is on disk and noted; a mail the desk cannot note is the server's to
keep and try again. A mail ends at CRLF.CRLF only: taking less for an end would let one mail hide another.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from holdfast.desk.arrival import keeping
from holdfast.desk.arrival.models import Arrival, Mailbox
from holdfast.desk.arrival.taking import mail_arrived
from holdfast.desk.vault import storage

_log = logging.getLogger("holdfast.mail")
_ADDRESS = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(.*)", re.IGNORECASE)
LONGEST_LINE = 2**20
MOST_RECIPIENTS = 100
IDLE = 300.0
_BATCH = 2**20


async def listen(kind: str, host: str, port: int) -> asyncio.Server:
    """Listen; kind is `lmtp` or `smtp`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Conversation(kind == "lmtp", reader, writer).run()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            _log.info("mail conversation broke off")
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    return await asyncio.start_server(talk, host, port, limit=LONGEST_LINE)


class Conversation:
    """One connection of a mail server."""

    def __init__(self, lmtp: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lmtp, self._reader, self._writer = lmtp, reader, writer
        self._sender: str | None = None
        self._boxes: list[Mailbox] = []
        self._known = False
        self._words: dict[str, Callable[[str], Awaitable[None]]] = {
            "LHLO" if lmtp else "EHLO": self._hello,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
        }
        if not lmtp:
            self._words["HELO"] = self._hello

    async def run(self) -> None:
        """Talk until the other side leaves."""
        await self._say("220 Holdfast takes mail")
        while True:
            try:
                line = await asyncio.wait_for(self._reader.readline(), IDLE)
            except ValueError:
                await self._say("500 5.5.6 line too long")
                return
            if not line:
                return
            word, _, rest = line.decode("latin-1").strip().partition(" ")
            if word.upper() == "QUIT":
                await self._say("221 2.0.0 bye")
                return
            await self._words.get(word.upper(), self._unknown)(rest)

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()

    async def _hello(self, _: str) -> None:
        self._known = True
        self._forget()
        size = settings.MAIL_LIMIT
        await self._say(
            "250-holdfast", f"250-SIZE {size}", "250-8BITMIME", "250-PIPELINING", "250 ENHANCEDSTATUSCODES"
        )

    async def _mail(self, rest: str) -> None:
        match = _ADDRESS.fullmatch(rest)
        if not self._known or self._sender is not None:
            await self._say("503 5.5.1 first say hello, then one MAIL at a time")
        elif match is None:
            await self._say("501 5.5.4 MAIL FROM:<address>")
        elif (size := re.search(r"\bSIZE=(\d{1,18})", match[2], re.I)) and int(size[1]) > settings.MAIL_LIMIT:
            await self._say(
                f"552 5.3.4 larger than {settings.MAIL_LIMIT} bytes; send the evidence as an upload"
            )
        else:
            self._sender = match[1]
            await self._say("250 2.1.0 ok")

    async def _rcpt(self, rest: str) -> None:
        match = _ADDRESS.fullmatch(rest)
        if self._sender is None:
            await self._say("503 5.5.1 MAIL first")
        elif match is None:
            await self._say("501 5.5.4 RCPT TO:<address>")
        elif len(self._boxes) >= MOST_RECIPIENTS:
            await self._say("452 4.5.3 too many recipients")
        elif (box := await _asked(mailbox, match[1])) is None:
            await self._say("550 5.1.1 nobody here has this address")
        else:
            self._boxes.append(box)
            await self._say("250 2.1.5 ok")

    async def _data(self, _: str) -> None:
        if not self._boxes:
            await self._say("503 5.5.1 RCPT first")
            return
        await self._say("354 end with .")
        growing = uuid.uuid4()
        try:
            size = await self._write(growing)
            for answer in await self._answers(growing, size):
                await self._say(answer)
        finally:
            await _asked(storage.discard, growing)
            self._forget()

    async def _write(self, growing: uuid.UUID) -> int:
        """Write the mail to disk, never holding more than a batch; return its size, or -1 beyond the limit."""
        size, written, batch, whole = 0, 0, bytearray(), True
        file = await _asked(storage.arriving, growing)
        # One timer, moved on with each batch: a timer for each line takes longer than the mail itself.
        async with asyncio.timeout(IDLE) as idle:
            while True:
                line, ended = await self._line()
                over = whole and line == b".\r\n"
                if not over:
                    line = line[1:] if whole and line.startswith(b".") else line
                    whole = ended
                    size += len(line)
                    if size <= settings.MAIL_LIMIT:
                        batch += line
                if batch and (over or len(batch) >= _BATCH):
                    written = await asyncio.to_thread(file.grow, written, [bytes(batch)], settings.MAIL_LIMIT)
                    batch.clear()
                    idle.reschedule(asyncio.get_running_loop().time() + IDLE)
                if over:
                    return size if size <= settings.MAIL_LIMIT else -1

    async def _line(self) -> tuple[bytes, bool]:
        """Return a line, or a piece of one that is too long, and whether it ends with CRLF."""
        try:
            line = await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as long:
            # One byte stays, lest a CR be torn from its LF.
            return await self._reader.readexactly(max(1, long.consumed - 1)), False
        return line, True

    async def _answers(self, growing: uuid.UUID, size: int) -> list[str]:
        number = len(self._boxes) if self._lmtp else 1
        if size < 0:
            limit = f"552 5.3.4 larger than {settings.MAIL_LIMIT} bytes; send the evidence as an upload"
            return [limit] * number
        noted = [await self._noted(box, growing) for box in self._boxes]
        if self._lmtp:
            return noted
        # One answer for all: when one failed the server tries again, and the others are known by their key.
        return [next((one for one in noted if not one.startswith("250")), noted[0])]

    async def _noted(self, box: Mailbox, growing: uuid.UUID) -> str:
        try:
            arrival, created = await _asked(_note, box, growing, self._sender)
        except Exception:
            _log.exception("mail could not be noted")
            return "451 4.3.0 not noted, try again"
        return f"250 2.6.0 {'taken' if created else 'known'} as arrival {arrival.id}"

    async def _rset(self, _: str) -> None:
        self._forget()
        await self._say("250 2.0.0 ok")

    async def _noop(self, _: str) -> None:
        await self._say("250 2.0.0 ok")

    async def _unknown(self, _: str) -> None:
        await self._say("500 5.5.2 not known here")

    def _forget(self) -> None:
        self._sender, self._boxes = None, []


def mailbox(address: str) -> Mailbox | None:
    """Return the declared address, whatever stands after a plus in it."""
    name, _, domain = address.lower().rpartition("@")
    wanted = [address.lower(), f"{name.partition('+')[0]}@{domain}"]
    return Mailbox.objects.select_related("organisation").filter(address__in=wanted).first()


def _note(box: Mailbox, growing: uuid.UUID, sender: str | None) -> tuple[Arrival, bool]:
    kept = keeping.keep(box.organisation, storage.pieces(growing), settings.MAIL_LIMIT)
    return mail_arrived(box.organisation, kept, sender)


async def _asked(ask: Callable[..., Any], *words: Any) -> Any:
    """Ask the database in a thread of its own, with a connection that is alive."""

    def run() -> Any:
        close_old_connections()
        try:
            return ask(*words)
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)
