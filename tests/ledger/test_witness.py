"""A witness cosigns only what continues what it saw, by file and by HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from holdfast.ledger.checkpoints import Checkpoint, seen_at
from holdfast.ledger.merkle import consistency_proof
from holdfast.ledger.notes import COSIGNATURE, BadNote, Note, SigningKey
from holdfast.ledger.witness import Refused, Request, Witness, server
from small_log import Log

KEY = SigningKey.make("witness.example", COSIGNATURE)


@pytest.fixture
def witness(log: Log, tmp_path: Path) -> Witness:
    return Witness(KEY, log.key.verifier, tmp_path / "seen")


def asked(log: Log, old: int, new: int) -> Request:
    note = log.checkpoint(new).signed(log.key)
    return Request(old, tuple(consistency_proof(old, new, log.tiles)), note)


def test_a_log_that_goes_on_is_cosigned_each_time(log: Log, witness: Witness) -> None:
    for old, new in ((0, 7), (7, 100), (100, 300), (300, 300)):
        note = witness.cosign(Request.parse(str(asked(log, old, new))), when=1_790_000_000)
        assert seen_at(note, KEY.verifier) == 1_790_000_000

    assert witness.seen() == log.checkpoint(300)


def test_a_rewritten_log_is_refused_and_not_remembered(log: Log, witness: Witness) -> None:
    witness.cosign(asked(log, 0, 100))
    other = Log(key=log.key)
    other.append(300)

    with pytest.raises(Refused, match="rewritten"):
        witness.cosign(asked(other, 100, 300))
    with pytest.raises(Refused, match="saw 100") as behind:
        witness.cosign(asked(other, 0, 50))

    assert (behind.value.status, behind.value.size) == (409, 100)
    assert witness.seen() == log.checkpoint(100)


def test_a_stranger_signs_nothing_into_its_memory(log: Log, witness: Witness) -> None:
    stranger = SigningKey.make("desk.example/log")

    with pytest.raises(Refused, match="not signed"):
        witness.cosign(Request(0, (), Checkpoint("desk.example/log", 1, bytes(32)).signed(stranger)))
    assert witness.seen() is None


def test_a_damaged_memory_is_an_error_and_not_a_fresh_start(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    witness.cosign(asked(log, 0, 100))
    (tmp_path / "seen").write_text("something else")

    with pytest.raises(BadNote):
        witness.cosign(asked(log, 0, 300))


@pytest.mark.parametrize(
    "text", ["", "old", "old x\n\nnote", "old 1\nAAAA\n\na\n1\nb\n\n", "old 1\n" + "A\n" * 70 + "\nx\n\n"]
)
def test_a_request_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Request.parse(text)


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    with server(witness, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_it_answers_over_http_with_its_signature_alone(log: Log, address: str) -> None:
    answer = httpx.post(f"{address}/add-checkpoint", content=str(asked(log, 0, 100)))

    assert answer.status_code == 200
    mine = Note.parse(f"{log.checkpoint(100).text()}\n{answer.text}")
    assert seen_at(mine, KEY.verifier) is not None


def test_it_says_over_http_what_it_saw_and_what_is_wrong(log: Log, address: str) -> None:
    post = f"{address}/add-checkpoint"
    httpx.post(post, content=str(asked(log, 0, 100)))

    behind = httpx.post(post, content=str(asked(log, 7, 300)))
    assert (behind.status_code, behind.text, behind.headers["content-type"]) == (
        409,
        "100\n",
        "text/x.tlog.size",
    )
    assert httpx.post(post, content=b"\xff\x00").status_code == 400
    assert httpx.post(f"{address}/other", content=b"").status_code == 404
    assert httpx.post(post, content=b"x" * 70_000).status_code == 413
