"""Witnesses are told, followed up, and heard when they refuse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.desk.audit.keeping import signing_key, size
from holdfast.desk.audit.models import SignedCheckpoint, Witness
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.audit.witnessing import tell_witnesses
from holdfast.desk.cases import commands
from holdfast.ledger import witness as ledger
from holdfast.ledger.checkpoints import seen_at
from holdfast.ledger.notes import COSIGNATURE, Note, SigningKey

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
