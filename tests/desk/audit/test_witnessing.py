"""Witnesses are told, followed up, and heard when they refuse."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from holdfast.desk.audit.keeping import signing_key, size
from holdfast.desk.audit.models import SignedCheckpoint, Witness
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.audit.witnessing import tell_witnesses
from holdfast.desk.cases import commands
from holdfast.desk.outbox.models import Letter
from holdfast.ledger import witness as ledger
from holdfast.ledger.checkpoints import seen_at
from holdfast.ledger.notes import COSIGNATURE, Note, SigningKey
from holdfast.ledger.timestamps import stamped_at
from small_authority import Authority

pytestmark = pytest.mark.django_db
KEY = SigningKey.make("witness.example", COSIGNATURE)


@pytest.fixture
def watcher(settings: Any, tmp_path: Path) -> Iterator[ledger.Witness]:
    """A real witness listening, and the desk told of it."""
    settings.DATA = tmp_path
    watcher = ledger.Witness(KEY, signing_key().verifier, tmp_path / "seen")
    with ledger.server(watcher, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        settings.WITNESSES = [f"http://127.0.0.1:{running.server_port}#{KEY.verifier}"]
        yield watcher
        running.shutdown()
        thread.join()


def test_a_witness_follows_and_its_signature_is_kept(
    case: Any, engineer: Any, watcher: ledger.Witness
) -> None:
    log_what_happened()
    tell_witnesses()
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    tell_witnesses()

    known = Witness.objects.get()
    assert (known.size, known.failure) == (size(), "")
    seen = watcher.seen()
    assert seen is not None
    assert seen.size == size()
    for row in SignedCheckpoint.objects.all():
        assert seen_at(Note.parse(row.note), KEY.verifier) is not None


def test_a_witness_that_knows_more_or_less_than_the_desk_thinks_is_asked_again(
    case: Any, engineer: Any, watcher: ledger.Witness
) -> None:
    log_what_happened()
    tell_witnesses()
    Witness.objects.update(size=0)
    commands.acknowledge(case, by=engineer)
    log_what_happened()

    tell_witnesses()

    assert Witness.objects.get().size == size()


def test_a_witness_that_refuses_is_shown_and_the_desk_goes_on(
    case: Any, watcher: ledger.Witness, tmp_path: Path
) -> None:
    (tmp_path / "seen").write_text("damaged")
    log_what_happened()

    tell_witnesses()

    known = Witness.objects.get()
    assert known.size == 0
    assert "400" in known.failure


def test_nobody_there_is_a_failure_with_its_reason_and_a_file_is_a_witness_too(
    case: Any, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    settings.WITNESSES = [f"http://127.0.0.1:9#{KEY.verifier}", f"file:{tmp_path}/held", "gopher:x"]
    log_what_happened()

    tell_witnesses()

    failures = {one.address.partition(":")[0]: one.failure for one in Witness.objects.all()}
    assert failures["http"]
    assert failures["file"] == ""
    assert "no way" in failures["gopher"]
    held = Note.parse((tmp_path / "held").read_text().rstrip("\n") + "\n")
    assert held.text.startswith(f"holdfast\n{size()}\n")


class Stamps(NamedTuple):
    authority: Authority
    address: str
    asked: list[int]
    """How often, in its one place."""
    instead: list[bytes]
    """What it answers instead, if anything."""


@pytest.fixture
def stamps(tmp_path: Path) -> Iterator[Stamps]:
    """A time-stamping authority that answers over HTTP."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    authority, asked, instead = Authority(tmp_path / "authority"), [0], list[bytes]()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked[0] += 1
            answer = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(instead[0] if instead else answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Stamps(authority, f"rfc3161+http://127.0.0.1:{server.server_port}/tsr", asked, instead)
        server.shutdown()
        thread.join()


def test_an_authority_stamps_a_checkpoint_a_day_and_the_token_is_kept(
    case: Any, engineer: Any, settings: Any, stamps: Stamps
) -> None:
    authority, address, asked, _ = stamps
    settings.WITNESSES = [address]
    log_what_happened()
    tell_witnesses()
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    tell_witnesses()

    assert asked == [1]
    assert Witness.objects.get().failure == ""
    (row,) = [row for row in SignedCheckpoint.objects.all() if row.timestamps]
    token = base64.b64decode(row.timestamps[0])
    assert stamped_at(token, Note.parse(row.note), authority.roots).year >= 2026

    Witness.objects.update(told_at=timezone.now() - timedelta(days=1))
    tell_witnesses()
    assert asked == [2]
    assert SignedCheckpoint.objects.get(size=size()).timestamps


def test_a_stamp_of_something_else_is_not_kept(case: Any, settings: Any, stamps: Stamps) -> None:
    authority, address, _, instead = stamps
    settings.WITNESSES = [address]
    log_what_happened()
    note = Note.parse(SignedCheckpoint.objects.get().note)
    instead.append(authority.stamp(note))
    tell_witnesses()
    assert "answers another query" in Witness.objects.get().failure
    instead[0] = b"<html>no"
    tell_witnesses()
    assert "no time-stamp" in Witness.objects.get().failure
    assert not SignedCheckpoint.objects.get().timestamps


def test_a_person_gets_the_checkpoint_by_mail_once_a_day_as_they_can_hold_it_against_the_log(
    case: Any, engineer: Any, settings: Any
) -> None:
    settings.WITNESSES = ["mailto:auditor@example.org?from=ledger@desk.example.org"]
    log_what_happened()
    tell_witnesses()
    assert "HOLDFAST_MAIL_URL" in Witness.objects.get().failure

    settings.MAIL_URL = "smtp://127.0.0.1:9"
    tell_witnesses()
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    tell_witnesses()
    (letter,) = Letter.objects.all()
    assert (letter.to, letter.sender) == ("auditor@example.org", "ledger@desk.example.org")
    held = Note.parse(letter.text)
    assert held.text == Note.parse(SignedCheckpoint.objects.order_by("size").first().note).text
    assert held.signatures


@pytest.mark.parametrize("address", ["mailto:nobody", "mailto:a@b", "ftp://x/y"])
def test_an_address_nobody_can_be_told_at_says_why(case: Any, settings: Any, address: str) -> None:
    settings.WITNESSES, settings.MAIL_URL = [address], "smtp://127.0.0.1:9"
    log_what_happened()
    tell_witnesses()
    assert "mailto:" in Witness.objects.get().failure or "these are" in Witness.objects.get().failure
