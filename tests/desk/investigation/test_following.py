"""An id followed through the redacted evidence of a case, on its page and by API."""

from __future__ import annotations

import io
import os
import resource
import tarfile

import pytest

from holdfast.desk.investigation import commands, queries
from holdfast.desk.investigation.following import followed
from holdfast.desk.outbox import worker
from holdfast.desk.vault import commands as vault

CANARY = "AKIAQYLPMN5HFIQR7KXD"
APP = b"""2026-03-02 10:00:01.000 INFO app - order 1703 taken from ada.hollis@northline.example
2026-03-02 10:00:02.000 INFO app - order 1704 taken
2026-03-02 10:00:05.000 ERROR app - order 1703 lost
Traceback (most recent call last):
  File "app.py", line 7, in take: order 1703
"""
STOCK = f"2026-03-02 10:00:03.500 WARN stock - no place for order 1703 with key {CANARY}\n".encode()


@pytest.fixture
def read(case, engineer, settings, tmp_path):
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    for name, data in (
        ("app.log", APP),
        ("stock.log", STOCK),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(40)),
    ):
        upload = vault.begin(case, name, len(data), by=engineer)
        vault.take(upload, 0, [data])
        vault.complete(upload)
    commands.investigate(case, by=engineer)
    assert worker.work_once("w")
    return case


@pytest.mark.django_db(transaction=True)
def test_its_lines_stand_by_time_whatever_file_they_are_of(read, engineer, customer, signed_in):
    found = followed(queries.newest(read), "1703")
    assert [(line.name.rpartition("/")[2], line.line, line.since) for line in found.lines] == [
        ("app.log", 1, 0.0),
        ("stock.log", 1, 2.5),
        ("app.log", 3, 4.0),
        ("app.log", 5, 4.0),
    ]
    assert found.files == 2

    browser = signed_in(engineer)
    page = browser.get("/cases/ESC-1/follow?value=1703").content.decode()
    assert "4 lines in 2 of" in page
    assert "at=line:3#viewer" in page
    assert CANARY not in page
    assert "ada.hollis" not in page
    told = browser.get("/api/v1/cases/ESC-1/diagnosis/follow?value=1703").json()
    assert [line["level"] for line in told["lines"]][:3] == ["INFO", "WARN", "ERROR"]
    assert browser.get(f"/api/v1/cases/ESC-1/diagnosis/follow?value={CANARY}").json()["lines"] == []
    assert browser.get("/api/v1/cases/ESC-1/diagnosis/follow?value=17").status_code == 422
    assert "3 characters at least" in browser.get("/cases/ESC-1/follow?value=17").content.decode()
    assert "No line that may be shown" in browser.get("/cases/ESC-1/follow?value=9999").content.decode()
    assert signed_in(customer).get("/cases/ESC-1/follow?value=1703").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_case_of_very_many_files_holds_few_of_them_open(case, engineer, settings, tmp_path):
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    folder = io.BytesIO()
    with tarfile.open(fileobj=folder, mode="w") as tar:
        for number in range(120):
            member = tarfile.TarInfo(f"logs/app-{number}.log")
            member.size = len(APP)
            tar.addfile(member, io.BytesIO(APP))
    upload = vault.begin(case, "many.tar", len(folder.getvalue()), by=engineer)
    vault.take(upload, 0, [folder.getvalue()])
    vault.complete(upload)
    commands.investigate(case, by=engineer)
    assert worker.work_once("w")
    held, most = len(os.listdir("/proc/self/fd")), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (held + 200, most[1]))
    try:
        found = followed(queries.newest(case), "1703", patience=60.0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert (found.files, found.looked_at, len(found.lines)) == (120, 120, 360)
    assert all(line.time for line in found.lines)


@pytest.mark.django_db
def test_without_a_diagnosis_it_says_what_to_do(case, engineer, signed_in):
    assert "No diagnosis yet" in signed_in(engineer).get("/cases/ESC-1/follow?value=1703").content.decode()
