"""Environments of a case are recorded, compared, read out of the evidence, and withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from holdfast.desk.brief.writing import brief
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.environments.commands import Described, record, text_of, withdraw
from holdfast.desk.environments.models import Environment
from holdfast.desk.environments.queries import environment_of, environments
from holdfast.desk.investigation.commands import keep
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault.models import Custody

pytestmark = pytest.mark.django_db
YAML = "pool:\n  size: 10\n  password: geheim\n"


@pytest.fixture(autouse=True)
def _here(settings, tmp_path):
    settings.DATA = tmp_path


def attach(case, name, data, by):
    upload = vault.begin(case, name, len(data), by=by)
    vault.take(upload, 0, [data])
    return vault.complete(upload)


def test_a_secret_is_masked_before_anything_is_kept(case, engineer):
    made = record(case, Described("customer prod", YAML, version="4.2", region="eu-1"), by=engineer)
    assert made.settings["pool.size"] == "10"
    assert made.masked == 1
    entry = case.entries.order_by("-position").first()
    assert entry.text == "Environment E1 customer prod, 4.2, eu-1, 2 settings from pasted"
    assert "geheim" not in str(made.settings) + entry.text + str(entry.data)
    again = record(case, Described("reference", YAML), by=engineer)
    assert again.settings["pool.password"] == made.settings["pool.password"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Described(" ", YAML), "nothing in it"),
        (Described("prod"), "a name alone says nothing"),
        (Described("prod", "x: [1"), "not YAML"),
        (Described("x" * 121, YAML), "120 characters"),
        (Described("prod", YAML, at=datetime(2026, 1, 1)), "no zone"),  # noqa: DTZ001
        (Described("prod", YAML, at=timezone.now() + timedelta(days=1)), "as it was"),
    ],
)
def test_what_is_no_environment_is_refused(said, reason, case, engineer):
    with pytest.raises(Conflict, match=reason):
        record(case, said, by=engineer)
    assert not Environment.objects.exists()


def test_a_file_of_the_evidence_is_read_and_custody_noted(case, engineer, diagnosis, tmp_path):
    kept = attach(case, "app.yaml", YAML.encode(), engineer)
    assert text_of(case, str(kept.id), by=engineer) == ("app.yaml", YAML)
    assert Custody.objects.filter(artefact=kept, deed="read", person=engineer).exists()
    folder = tmp_path / "readings" / "kept"
    folder.mkdir(parents=True)
    for form in ("data", "redacted"):
        (folder / f"A1.{form}").write_text(YAML)
    keep(case, diagnosis, artefacts=[], folder="kept")
    assert text_of(case, "A1", by=engineer) == ("bundle.tar/logs/route.log", YAML)
    binary = attach(case, "b.json", b"\xff\xfe", engineer)
    for artefact, reason in (("999", "no evidence"), ("A9", "read nothing"), (str(binary.id), "not text")):
        with pytest.raises(Conflict, match=reason):
            text_of(case, artefact, by=engineer)


def test_the_evidence_is_read_only_by_who_may(case, manager):
    with pytest.raises(PermissionDenied):
        text_of(case, "1", by=manager)


def test_a_withdrawn_one_is_gone_from_the_page_and_stays_on_the_timeline(case, engineer):
    record(case, Described("prod", YAML), by=engineer)
    withdraw(case, 1, by=engineer, reason="another customer's")
    withdraw(case, 1, by=engineer, reason="again")
    assert not environments(case).exists()
    assert case.entries.order_by("-position").first().text == "E1 prod withdrawn: another customer's"
    with pytest.raises(ObjectDoesNotExist):
        environment_of(case, 1)
    assert record(case, Described("prod", YAML), by=engineer).number == 2


def test_the_page_records_compares_and_shows(case, engineer, customer, signed_in):
    browser = signed_in(engineer)
    said = {"name": "prod today", "version": "4.2", "text": YAML, "at": "2026-03-01T10:56:00Z"}
    browser.post("/cases/ESC-1/environments/record", said)
    file = SimpleUploadedFile("app.env", b"POOL_SIZE=40\nDB_PASSWORD=geheim\n")
    browser.post("/cases/ESC-1/environments/record", {"name": "reference", "file": file})
    made = environment_of(case, 1)
    assert (made.at, environment_of(case, 2).source) == (datetime(2026, 3, 1, 10, 56, tzinfo=UTC), "app.env")
    page = browser.get("/cases/ESC-1/environments").content.decode()
    assert "4 differ, 0 alike" in page
    assert "geheim" not in page
    alone = browser.get("/cases/ESC-1/environments?e=1").content.decode()
    assert "pool.size" in alone
    refused = browser.post(
        "/cases/ESC-1/environments/record",
        {"name": "x", "file": SimpleUploadedFile("x", b"\xff\xfe")},
        follow=True,
    )
    assert "not text in UTF-8" in refused.content.decode()
    assert "prod today" in browser.get("/cases/ESC-1/").content.decode()
    assert "prod today" not in signed_in(customer).get("/cases/ESC-1/").content.decode()
    said = [one.text for section in brief(engineer, case).sections for one in section.sentences]
    assert "From E1 to E2 4 settings differ, 0 are alike." in said


def test_the_api_compares_two(case, engineer, signed_in):
    browser = signed_in(engineer)
    for text in ("a: 1\nb: 2\n", "b: 3\nc: 4\n"):
        body = {"name": "prod", "text": text}
        assert (
            browser.post(
                "/api/v1/cases/ESC-1/environments", body, content_type="application/json"
            ).status_code
            == 201
        )
    found = browser.get("/api/v1/cases/ESC-1/environments/1/diff/2").json()
    assert found["changed"] == [{"path": "b", "before": "2", "after": "3"}]
    assert found["added"] == [{"path": "c", "value": "4"}]
    assert found["removed"] == [{"path": "a", "value": "1"}]
    both = {"name": "x", "text": "a: 1", "artefact": "1"}
    refused = browser.post("/api/v1/cases/ESC-1/environments", both, content_type="application/json")
    assert refused.status_code == 409
