"""A diagnosis is kept with its case, told on the timeline, and every claim opens at its proof."""

from __future__ import annotations

import json

import pytest

from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation import commands, jobs, lanes, queries
from holdfast.desk.investigation.kept import page_of
from holdfast.desk.investigation.story import changes, ruled_out
from holdfast.desk.outbox import worker
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault import spool

pytestmark = pytest.mark.django_db
LINES = [f"2023-01-29 10:{55 + n // 60:02d}:{n % 60:02d}.000 INFO route - line {n}" for n in range(120)]


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def kept(case, diagnosis, folder):
    reading = folder / "readings" / "kept"
    reading.mkdir(parents=True)
    for form in ("data", "redacted"):
        (reading / f"A1.{form}").write_text("\n".join(LINES) + "\n")
    return commands.keep(case, diagnosis, artefacts=[], folder="kept")


def attach(case, person, name, data):
    upload = vault.begin(case, name, len(data), by=person)
    vault.take(upload, 0, [data])
    return vault.complete(upload)


def test_what_was_found_is_told_on_the_timeline_by_the_engine(case, kept):
    texts = [entry.text for entry in case.entries.filter(author="engine").order_by("position")]
    assert texts[0] == "route stopped writing its line."
    assert texts[1] == "Onset between 10:56:07.322 UTC and 10:56:13.256 UTC."
    case = Case.objects.select_related("organisation").get(id=case.id)
    assert case.component == "route"
    assert verify(case) == ""


def test_a_second_reading_is_a_second_version(case, kept, diagnosis):
    assert commands.keep(case, diagnosis, artefacts=[]).version == 2
    assert queries.newest(case).version == 2
    assert queries.newest(case, 1) == kept


def test_there_is_nothing_to_read_without_evidence(case, engineer):
    with pytest.raises(commands.Conflict, match="attach"):
        commands.investigate(case, by=engineer)


def test_asking_twice_is_one_reading(case, engineer):
    attach(case, engineer, "a.log", b"x\n")
    assert commands.investigate(case, by=engineer) == commands.investigate(case, by=engineer)


def test_the_page_shows_the_argument_and_the_picture(case, kept, engineer, signed_in):
    page = signed_in(engineer).get("/cases/ESC-1/diagnosis").content.decode()
    for shown in (
        "Onset 10:56:07.322 to 10:56:13.256 UTC",
        "29 of 29",
        "0 of 60",
        "gone: 0 for 60 calls",
        "C-1",
    ):
        assert shown in page


def test_changes_and_what_is_ruled_out_are_read_from_the_report(diagnosis):
    assert [(c.word, c.before, c.after) for c in changes(diagnosis)] == [("gone", "29 of 29", "0 of 60")]
    assert [candidate["name"] for candidate, _ in ruled_out(diagnosis)] == ["seat"]


def test_the_picture_has_its_onset_inside_its_axis(kept):
    picture = lanes.draw(kept)
    assert lanes.LEFT <= picture.band[0] < picture.band[1] <= lanes.RIGHT
    assert picture.lanes[0].gone_from == picture.band[1]


def test_a_locator_opens_at_its_line(case, kept, engineer, signed_in):
    address = "/api/v1/cases/ESC-1/diagnosis/artefacts/A1/place"
    found = signed_in(engineer).get(address, {"sort": "line", "at": "54"}).json()
    cited = found["rows"][found["cited"] - found["start"]]
    assert (cited["line"], cited["text"]) == (54, LINES[53])


def test_a_text_is_found_with_where_to_go_on(case, kept, engineer, signed_in):
    address = "/api/v1/cases/ESC-1/diagnosis/artefacts/A1/search"
    assert signed_in(engineer).get(address, {"text": "LINE 77"}).json() == {"lines": [78], "next": None}


@pytest.mark.parametrize("artefact", ["A9", "..", "A1.data", "%2e%2e"])
def test_an_artefact_that_is_none_is_not_found(case, kept, engineer, signed_in, artefact):
    address = f"/api/v1/cases/ESC-1/diagnosis/artefacts/{artefact}/rows"
    assert signed_in(engineer).get(address).status_code == 404


def test_evidence_is_laid_out_under_safe_names_and_cleared_away(case, engineer):
    artefact = attach(case, engineer, "../../etc/passwd\n", b"abc")
    with spool.spooled() as place:
        evidence, baseline = jobs.laid_out([artefact], place)
        assert [path.name for path in evidence] == ["passwd_"]
        assert evidence[0].read_bytes() == b"abc"
        assert baseline == []
    assert not place.exists()


@pytest.mark.django_db(transaction=True)
def test_real_evidence_is_read_by_the_job_and_stays_open(case, engineer, folder):
    attach(case, engineer, "app.log", ("\n".join(LINES) + "\n").encode())
    job = commands.investigate(case, by=engineer)
    assert worker.work_once("w")
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    kept = queries.newest(case)
    assert json.dumps(kept.report)
    assert kept.report["artefacts"][0]["name"].endswith("app.log")
    assert [row.text for row in page_of(kept, "A1").rows(0, 200)] == LINES
    for path in folder.rglob("*"):  # nothing of it lies open any more, in whatever folder
        assert not path.is_file() or b"route - line" not in path.read_bytes()
