"""Who had evidence in hand is told with its place in the ledger, as JSON and as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.desk.audit.printing import pdf
from holdfast.desk.audit.queries import custody
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.vault import commands
from holdfast.desk.vault.models import Artefact

pytestmark = pytest.mark.django_db


@pytest.fixture
def artefact(case: Any, engineer: Any, settings: Any, tmp_path: Path) -> Artefact:
    settings.DATA = tmp_path
    upload = commands.begin(case, "#strong[evil] $x$ \u202e.log", 5, by=engineer)
    commands.take(upload, 0, [b"12345"])
    return commands.complete(upload)


def test_every_hand_has_its_place_in_the_ledger(artefact: Artefact, engineer: Any) -> None:
    commands.note_custody(artefact, "handed out", engineer)
    before = custody(artefact)["hands"]
    log_what_happened()

    hands = custody(artefact)["hands"]

    assert [hand["deed"] for hand in hands] == ["received", "handed out"]
    assert [hand["ledger_entry"] for hand in before] == [None, None]
    assert all(isinstance(hand["ledger_entry"], int) for hand in hands)
    assert {hand["sha256"] for hand in hands} == {artefact.sha256}


def test_the_report_is_a_pdf_whatever_the_name_is(artefact: Artefact, engineer: Any, signed_in: Any) -> None:
    made = signed_in(engineer).get(f"/api/v1/cases/ESC-1/evidence/{artefact.id}/custody.pdf")

    assert made.status_code == 200
    assert made.content.startswith(b"%PDF-")
    told = custody(artefact)
    assert pdf(told | {"artefact": '#read("/etc/passwd")'}).startswith(b"%PDF-")
