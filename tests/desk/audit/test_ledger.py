"""What is done on the desk is in the log, in order, and an export of it holds."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from holdfast.desk.audit import queries
from holdfast.desk.audit.keeping import KeyMissing, signing_key, size
from holdfast.desk.audit.models import Leaf, Opening, SignedCheckpoint, Tile
from holdfast.desk.audit.sequencing import log_what_happened, sequence
from holdfast.desk.cases import commands
from holdfast.desk.outbox.append_only import protect, release
from holdfast.desk.outbox.commands import enqueue, publish
from holdfast.ledger.notes import Note
from holdfast.ledger.verifying import verify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_key(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path


def told() -> list[dict[str, Any]]:
    """What is logged but for the letting in of the cast."""
    found = [json.loads(leaf.entry) for leaf in Leaf.objects.order_by("index")]
    return [one for one in found if not one["deed"].startswith("person.")]


def test_deeds_are_logged_in_order_with_who_did_them_apart(case: Any, engineer: Any) -> None:
    commands.acknowledge(case, by=engineer)
    commands.comment(case, "looking at it", by=engineer)

    log_what_happened()

    assert [one["deed"] for one in told()] == ["case.declared", "case.acknowledged", "case.comment"]
    assert [one["entry"] for one in told()] == [1, 2, 3]
    assert not any(engineer.title in leaf.entry for leaf in Leaf.objects.all())
    assert Opening.objects.filter(path="by").last().value == engineer.title


def test_machinery_is_not_logged_and_holds_nothing_up(case: Any) -> None:
    with transaction.atomic():
        for number in range(30):
            enqueue("nothing", {"n": number})
            publish("room.here", organisation_id=case.organisation_id, case_id=case.id, person=number)
        publish("policy.published", organisation_id=case.organisation_id, policy="x", share=0.5)

    log_what_happened()

    assert [one["deed"] for one in told()] == ["case.declared", "policy.published"]
    assert Opening.objects.filter(path="data").last().value == {"policy": "x", "share": "0.5"}


def test_the_export_of_an_organisation_holds_and_has_its_own_only(
    case: Any, engineer: Any, auditor: Any, stranger: Any, declare: Any, tmp_path: Path
) -> None:
    commands.acknowledge(case, by=engineer)
    with transaction.atomic():
        publish("policy.published", organisation_id=stranger.standing[0].organisation_id, policy="theirs")
    log_what_happened()
    commands.comment(case, "more", by=engineer)
    log_what_happened()

    number = queries.export_for(auditor, tmp_path / "part.zip")
    verdict = verify(tmp_path / "part.zip", key=signing_key().verifier)

    theirs = Leaf.objects.exclude(organisation_id=case.organisation_id).count()
    assert theirs
    assert (number, verdict.faults, verdict.proven) == (size() - theirs, [], number)
    assert queries.export_all(tmp_path / "whole.zip") == size()
    whole = verify(
        tmp_path / "whole.zip",
        key=signing_key().verifier,
        held=[Note.parse(note) for note in SignedCheckpoint.objects.values_list("note", flat=True)],
    )
    assert (whole.faults, whole.proven, whole.checkpoints) == ([], size(), 2)


def test_erasing_what_is_personal_keeps_the_proof(
    case: Any, engineer: Any, auditor: Any, tmp_path: Path
) -> None:
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    Opening.objects.filter(path="by").delete()

    queries.export_for(auditor, tmp_path / "part.zip", case)
    verdict = verify(tmp_path / "part.zip", key=signing_key().verifier)

    assert (verdict.faults, verdict.proven, verdict.openings) == ([], 2, 2)


def test_a_row_changed_past_the_desk_shows(case: Any, engineer: Any, tmp_path: Path) -> None:
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    with pytest.raises(DatabaseError), transaction.atomic():
        Leaf.objects.filter(index=0).update(entry="{}")
    with connection.cursor() as cursor:
        past = SimpleNamespace(connection=connection, execute=cursor.execute)
        release(past, "audit_leaf")
        Leaf.objects.filter(index=0).update(entry='{"deed":"nothing"}')
        protect(past, "audit_leaf")

    queries.export_all(tmp_path / "whole.zip")

    faults = verify(tmp_path / "whole.zip", key=signing_key().verifier).faults
    assert f"the first {size()} entries do not have the root that was signed" in faults


def test_a_log_whose_key_is_gone_is_not_signed_with_another(case: Any, engineer: Any, tmp_path: Path) -> None:
    log_what_happened()
    before = size()
    (tmp_path / "ledger.key").unlink()
    commands.acknowledge(case, by=engineer)

    with pytest.raises(KeyMissing, match="backup"):
        sequence()

    assert size() == before


def test_many_events_take_several_transactions_and_tiles(
    case: Any, auditor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("holdfast.desk.audit.sequencing.BATCH", 200)
    with transaction.atomic():
        for number in range(700):
            publish("policy.published", organisation_id=case.organisation_id, number=number)

    log_what_happened()

    assert size() > 700
    assert Tile.objects.count() == 4
    queries.export_for(auditor, tmp_path / "part.zip")
    assert verify(tmp_path / "part.zip", key=signing_key().verifier).proven > 700


def test_who_may_not_read_the_ledger_reads_nothing(engineer: Any, tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied):
        queries.state(engineer)
    with pytest.raises(PermissionDenied):
        queries.export_for(engineer, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_the_page_shows_what_was_done_and_what_was_erased(
    case: Any, engineer: Any, auditor: Any, signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    commands.acknowledge(case, by=engineer)
    log_what_happened()
    Opening.objects.filter(path="by").first().delete()

    browser = signed_in(auditor)
    with django_assert_max_num_queries(9):
        page = browser.get("/ledger/").content.decode()

    assert "case.acknowledged" in page
    assert engineer.title in page
    assert "erased" in page
