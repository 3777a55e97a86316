"""Reading a mailbox by IMAP, in pieces; a mail is marked as seen after it is kept."""

from __future__ import annotations

import imaplib
import logging
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from django.conf import settings

from holdfast.desk.arrival import keeping
from holdfast.desk.arrival.listening import mailbox
from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.arrival.taking import mail_arrived
from holdfast.desk.outbox.rounds import every

_log = logging.getLogger("holdfast.mail")
PIECE = 2**20
MOST = 50


@every(60, "mailbox")
def read_mailbox() -> None:
    """Read what is new in the mailbox of HOLDFAST_IMAP_URL."""
    if settings.IMAP_URL:
        box = mailbox(settings.IMAP_ADDRESS)
        if box is None:
            _log.error("HOLDFAST_IMAP_ADDRESS is declared at no organisation; its mail stays where it is")
            return
        poll(settings.IMAP_URL, box)


def poll(url: str, box: Mailbox) -> int:
    """Keep every unseen mail and mark it; return how many were new. Read twice, a mail is taken once."""
    parts = urlsplit(url)
    kind = imaplib.IMAP4_SSL if parts.scheme == "imaps" else imaplib.IMAP4
    with kind(
        parts.hostname or "", parts.port or (993 if parts.scheme == "imaps" else 143), timeout=30
    ) as server:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        server.select(parts.path.strip("/") or "INBOX")
        _, found = server.uid("SEARCH", "UNSEEN", "UNDELETED")
        taken = [_take(server, uid, box) for uid in found[0].split()[:MOST]]
    return sum(taken)


def _take(server: imaplib.IMAP4, uid: bytes, box: Mailbox) -> bool:
    number = uid.decode()
    try:
        kept = keeping.keep(box.organisation, _pieces(server, number), settings.MAIL_LIMIT)
    except ValueError:
        _log.error("a mail larger than HOLDFAST_MAIL_LIMIT stays in the mailbox", extra={"uid": number})
        server.uid("STORE", number, "+FLAGS", r"(\Flagged \Seen)")
        return False
    _, created = mail_arrived(box.organisation, kept, None)
    server.uid("STORE", number, "+FLAGS", r"(\Seen)")
    return created


def _pieces(server: imaplib.IMAP4, uid: str) -> Iterator[bytes]:
    """Return a mail in pieces of 1 MiB."""
    start = 0
    while True:
        _, answer = server.uid("FETCH", uid, f"(BODY.PEEK[]<{start}.{PIECE}>)")
        piece = next((one[1] for one in answer if isinstance(one, tuple)), b"")
        if piece:
            yield piece
        if len(piece) < PIECE:
            return
        start += PIECE
