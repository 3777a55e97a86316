"""A ticket's fault is shown by a command that the desk runs itself, and what it saw counts in the gate."""

from __future__ import annotations

import json

import pytest

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.engineering import commands, quality
from holdfast.desk.engineering.models import Ticket
from holdfast.desk.engineering.printing import leaving, markdown
from holdfast.desk.engineering.reproducing import Steps, reproduce, typed
from holdfast.desk.outbox.worker import work_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(settings, tmp_path):
    """Write a program into the desk's folder."""
    settings.PROBE_COMMANDS = str(tmp_path)

    def write(text: str, name: str = "check") -> None:
        there = tmp_path / name
        there.write_text(f"#!/bin/sh\n{text}\n")
        there.chmod(0o755)

    return write


def ran(ticket, said, by):
    made = reproduce(ticket, said, by=by)
    while work_once("bench"):
        pass
    made.refresh_from_db()
    return made


def gate(ticket, by):
    fresh = Ticket.objects.select_related("case__organisation", "case__customer").get(id=ticket.id)
    rows = quality.look(quality.Subject(fresh, by)).rows
    return next(row.looked for row in rows if row.check.name == "reproduction")


def test_what_shows_the_fault_is_kept_with_its_exit_codes_and_environment(whole, engineer, program):
    ticket = whole()
    program('echo "route $1: no line 53"; exit 1')

    run = ran(ticket, typed("check seven --twice", "no line 53", 2), engineer)

    assert (run.outcome, run.hits, run.codes) == ("reproduced", 2, [1, 1])
    assert run.output == "route seven: no line 53\n"
    assert run.environment == "E1 prod 1.0.2, eu-1"
    assert gate(ticket, engineer) == quality.Looked(
        quality.Verdict.MET, "check seven --twice: 2 of 2 times, ended with 1, in E1 prod 1.0.2, eu-1"
    )
    entry = ticket.case.entries.order_by("-position")[0]
    assert entry.text.startswith("T-1 reproduced: check seven --twice, 2 of 2 times")
    text = markdown(leaving(ticket))
    assert "$ check seven --twice\n# 2 of 2 times, ended with 1" in text
    assert "route seven: no line 53" in text


def test_one_command_that_shows_it_is_reproduction_enough(whole, engineer, program):
    ticket = whole(steps="")
    program("echo no line 53; exit 1")

    ran(ticket, Steps("check", times=1), engineer)

    fresh = Ticket.objects.select_related("case__organisation", "case__customer").get(id=ticket.id)
    assert not {"reproduction", "minimal"} & set(quality.look(quality.Subject(fresh, engineer)).open)
    assert leaving(fresh)["parts"]["steps"].startswith("$ check\n# 1 of 1 times, ended with 1")


def test_without_a_text_the_exit_code_tells(whole, engineer, program):
    ticket = whole()
    program("exit 0")
    assert ran(ticket, Steps("check", times=1), engineer).outcome == "not"
    program("exit 3")
    assert ran(ticket, Steps("check", times=1), engineer).outcome == "reproduced"


def test_a_run_that_does_not_show_it_keeps_the_ticket(whole, engineer, program):
    ticket = whole()
    program("echo all is well")

    ran(ticket, Steps("check", shows="no line 53"), engineer)

    looked = gate(ticket, engineer)
    assert looked.verdict == quality.Verdict.OPEN
    assert "check did not show the fault: not reproduced, 0 of 3 times, ended with 0" in looked.gaps[0].says
    with pytest.raises(NeedsApproval, match="although checks of its gate are open"):
        commands.file(ticket, by=engineer)


def test_one_that_does_not_end_is_killed_and_says_nothing(whole, engineer, program):
    program("sleep 30")

    run = ran(whole(), Steps("check", times=1, seconds=1), engineer)

    assert (run.outcome, run.codes) == ("inconclusive", [None])


def test_what_it_prints_is_kept_without_secrets(whole, engineer, program):
    program("echo 'password=hunter2secretX9'; exit 1")

    run = ran(whole(), Steps("check", times=1), engineer)

    assert "hunter2secretX9" not in run.output


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Steps("nothing-there"), "no program nothing-there"),
        (Steps("../../bin/sh"), "command"),
        (Steps("check", times=11), "times"),
    ],
)
def test_only_programs_of_the_desk_are_run(whole, engineer, program, said, why):
    program("exit 1")

    with pytest.raises(Conflict, match=why):
        reproduce(whole(), said, by=engineer)


@pytest.mark.parametrize("line", ["", "check 'open"])
def test_a_line_that_cannot_be_read_is_refused(line):
    with pytest.raises(Conflict):
        typed(line)


def test_two_do_not_wait_at_once(whole, engineer, program):
    ticket = whole()
    program("exit 1")
    reproduce(ticket, Steps("check"), by=engineer)

    with pytest.raises(Conflict, match="is being run"):
        reproduce(ticket, Steps("check"), by=engineer)


def test_page_and_api_have_it_run_and_show_it(whole, engineer, program, signed_in, case):
    whole()
    program("echo no line 53; exit 1")
    browser = signed_in(engineer)
    said = {"command": "check", "shows": "no line 53", "times": 1}
    asked = browser.post(
        f"/api/v1/cases/{case.key}/tickets/1/reproduce", json.dumps(said), content_type="application/json"
    )
    assert asked.status_code == 202
    assert asked.json()["reproductions"][0]["outcome"] == "waiting"
    while work_once("bench"):
        pass

    assert "no line 53" in browser.get(f"/cases/{case.key}/tickets").content.decode()
    browser.post(f"/cases/{case.key}/tickets/1/reproduce", {"line": "check --again", "times": "1"})
    found = browser.get(f"/api/v1/cases/{case.key}/tickets/1").json()["reproductions"]
    assert [one["line"] for one in found] == ["check --again", "check"]
