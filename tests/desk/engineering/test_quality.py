"""A draft from the case, the gate it is held against, and what repairs it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.marks import Overtaken
from holdfast.desk.engineering import commands
from holdfast.desk.engineering.parts import PARTS
from holdfast.desk.engineering.quality import Subject, Verdict, all_checks, look

pytestmark = pytest.mark.django_db


def test_a_draft_says_what_the_case_holds_with_its_places(known: Any, engineer: Any) -> None:
    draft = commands.draft(known, by=engineer)

    assert draft.summary == "route drops the log line"
    assert (draft.component, draft.owner, draft.priority) == ("route", "ENG", 2)
    assert (
        draft.parts["expected"]
        == "route, line “line 53”: in 29 of 29 calls before 10:56:07.322 UTC (F-01, route.log:54)."
    )
    assert draft.parts["actual"].startswith(
        "route, line “line 53”: in 0 of 60 calls since 10:56:07.322 UTC (F-01, route.log:54)."
    )
    assert "7 of 31 requests failed" in draft.parts["impact"]
    assert "Revenue at risk: 60\u202f000 a month." in draft.parts["impact"]
    assert "Workaround: none." in draft.parts["impact"]
    assert draft.parts["steps"].splitlines()[1] == "$ curl -sX POST http://route/byIds"
    assert "(T1)" in draft.parts["steps"]
    assert "E1 prod: version 1.0.2, eu-1, image=1.0.2, node=n-3" in draft.parts["environment"]
    assert "seat: completed 164 of 164 (F-01)" in draft.parts["excluded"]
    assert "route, line “line 53”: in 29 of 29 calls again (F-01)" in draft.parts["acceptance"]
    assert draft.parts["priority"].startswith("P2 because Sev 2, 7 of 31 requests failed")
    assert draft.parts["risk"] == ""  # nobody has judged it
    assert commands.draft(known, by=engineer) == draft  # gone on with, not begun twice


def test_the_gate_says_what_is_missing_at_its_place_and_why(known: Any, engineer: Any) -> None:
    draft = commands.draft(known, by=engineer)
    quality = look(Subject(draft, engineer))

    assert quality.open == ["priority"]
    assert quality.gaps("risk") == ["Not judged; say low, medium or high, and where"]
    assert quality.met == len(quality.rows) - 1
    assert all(row.looked.says and row.check.why for row in quality.rows)


def test_a_case_that_knows_nothing_opens_every_check_it_should(case: Any, engineer: Any) -> None:
    draft = commands.draft(case, by=engineer)
    quality = look(Subject(draft, engineer))

    assert {
        "observations",
        "reproduction",
        "minimal",
        "impact",
        "acceptance",
        "evidence",
        "environment",
    } <= set(quality.open)
    told = {row.check.name: row.looked.verdict for row in quality.rows}
    assert told["fault_domain"] == Verdict.WARNS
    assert told["duplicate"] == told["redacted"] == Verdict.MET
    for row in quality.rows:
        if row.open and row.check.name != "minimal":
            assert quality.gaps(row.check.part), row.check.name


SPOILED = {
    "observations": {"expected": "it should work"},
    "reproduction": {"steps": ""},
    "minimal": {"steps": "\n".join(f"{n}. press {n}" for n in range(1, 12)) + "\n5 of 5"},
    "impact": {"impact": "it is bad"},
    "acceptance": {"acceptance": "it works well again"},
    "evidence": {"evidence": "see F-77"},
    "redacted": {"actual": "line 53 (F-01): password=hunter2secretX9 is refused"},
    "environment": {"environment": "production"},
    "priority": {"priority": "soon", "risk": "Regression risk low."},
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_check_finds_what_it_is_for_and_repairs_what_the_case_knows(
    whole: Any, engineer: Any, name: str
) -> None:
    ticket = whole(**SPOILED[name])
    row = next(row for row in look(Subject(ticket, engineer)).rows if row.check.name == name)
    assert row.open
    assert row.looked.gaps
    if not row.looked.repair:
        assert name in ("minimal", "evidence")
        with pytest.raises(Conflict, match="nothing here"):
            commands.repair(ticket, name, by=engineer)
        return
    ticket = commands.repair(ticket, name, by=engineer)
    assert name not in look(Subject(ticket, engineer)).open


def test_without_a_confirmed_hypothesis_a_cause_is_not_told_as_one(case: Any, engineer: Any) -> None:
    draft = commands.draft(case, by=engineer)
    said = commands.Said(parts={"actual": "The outage was caused by a broken cache key."})
    draft = commands.write(draft, said, by=engineer)
    assert "fault_domain" in look(Subject(draft, engineer)).open


def test_there_are_about_ten_checks_each_with_its_place(db: None) -> None:
    checks = all_checks()
    assert 10 <= len(checks) <= 12
    assert len({check.place for check in checks}) == len(checks)
    assert {check.part for check in checks} <= set(PARTS)


def test_filling_anew_keeps_what_people_wrote_and_offers_the_news(known: Any, engineer: Any) -> None:
    from holdfast.desk.impact.commands import Counted, count

    draft = commands.draft(known, by=engineer)
    draft = commands.write(draft, commands.Said(parts={"expected": "every call writes line 53"}), by=engineer)
    count(known, Counted("requests", 9, "customer", whole=44), by=engineer)
    draft = commands.refill(draft, by=engineer)

    assert draft.parts["expected"] == "every call writes line 53"
    assert "9 of 44" in draft.parts["impact"]
    assert commands.written_by_hand(draft) == {"expected"}
    draft = commands.refill(draft, by=engineer, take="expected")
    assert draft.parts["expected"].startswith("route, line “line 53”: in 29 of 29 calls")


def test_two_who_write_at_once_lose_nothing(known: Any, engineer: Any, team_mate: Any) -> None:
    draft = commands.draft(known, by=engineer)
    seen = dict(draft.parts)
    commands.write(draft, commands.Said(parts={"risk": "low"}), by=engineer, before=seen)
    commands.write(draft, commands.Said(parts={"expected": "a line"}), by=team_mate, before=seen)
    with pytest.raises(Overtaken, match=r"“low”, yours was “high”"):
        commands.write(draft, commands.Said(parts={"risk": "high"}), by=team_mate, before=seen)
    draft.refresh_from_db()
    assert (draft.parts["risk"], draft.parts["expected"]) == ("low", "a line")


def test_what_does_not_fit_a_ticket_is_refused(known: Any, engineer: Any) -> None:
    draft = commands.draft(known, by=engineer)
    for said, match in (
        (commands.Said(parts={"colour": "red"}), "no part"),
        (commands.Said(owner="NOBODY"), "no owner"),
        (commands.Said(priority=9), "1, 2, 3 or 4"),
        (commands.Said(parts={"steps": "x" * 20_001}), "20000"),
        (commands.Said(patch="x" * 100_001), "100000"),
        (commands.Said(summary=" "), "nothing in it"),
    ):
        with pytest.raises(Conflict, match=match):
            commands.write(draft, said, by=engineer)
    draft.refresh_from_db()
    assert draft.edits == 0
