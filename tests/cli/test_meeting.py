"""War rooms and hand-overs from the command line, on a desk that runs."""

from __future__ import annotations

import re

import pytest

from holdfast.cli import meeting
from holdfast.desk.cases.commands import assign
from holdfast.desk.people.commands import issue_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tokens(case, engineer, team_mate):
    assign(case, engineer, by=engineer)
    return {who.username: issue_token(who, "shell", "write")[1] for who in (engineer, team_mate)}


def test_a_room_is_opened_spoken_in_and_closed(desk, tokens, capsys):
    mine = tokens["engineer"]
    for line in ("open", "/role commander @engineer", "/action @team_mate 15m read the dump", ""):
        assert meeting.room("ESC-1", line, desk, mine) == 0
    said = capsys.readouterr().out
    assert "commander      engineer" in said
    assert "A-1  team_mate, until" in said
    assert meeting.reading("ESC-1", "/action @team_mate 15m", desk, mine) == 0
    assert "still missing" in capsys.readouterr().out
    assert meeting.room("ESC-1", "/dance", desk, mine) == 2
    assert "there is no /dance" in capsys.readouterr().err


def test_a_case_is_handed_over_item_by_item(desk, tokens, case, capsys):
    mine, theirs = tokens["engineer"], tokens["team_mate"]
    assert meeting.hand_over("ESC-1", "team_mate", "", desk, mine) == 0
    assert meeting.handing("ESC-1", "HO-1", "add", "Do not", "restart the index", desk, mine) == 0
    assert meeting.handing("ESC-1", "HO-1", "ask", "state", "since when?", desk, theirs) == 0
    asked = re.search(r"(\d+)\. team_mate asks: since when\?", capsys.readouterr().out)
    assert asked
    assert meeting.handing("ESC-1", "HO-1", "answer", "x", "since 10:56", desk, mine) == 2
    assert meeting.handing("ESC-1", "HO-1", "answer", asked[1], "since 10:56 UTC", desk, mine) == 0
    assert meeting.handing("ESC-1", "HO-1", "take-over", "", "", desk, theirs) == 2
    assert meeting.handing("ESC-1", "HO-1", "read", "nothing", "", desk, theirs) == 2
    capsys.readouterr()
    assert meeting.handing("ESC-1", "HO-1", "show", "", "", desk, theirs) == 0
    shown = capsys.readouterr().out
    for item in [line.split()[1] for line in shown.splitlines() if line.startswith("must ")]:
        assert meeting.handing("ESC-1", "HO-1", "read", item, "", desk, theirs) == 0
    assert "acknowledged; 0 to go" in capsys.readouterr().out
    assert meeting.handing("ESC-1", "HO-1", "take-over", "", "", desk, theirs) == 0
    assert "answers for the case: team_mate" in capsys.readouterr().out
    assert meeting.handing("ESC-1", "1x", "show", "", "", desk, mine) == 2
