"""The life of a ticket through pages, through the API and on the command line; and what each reader gets to see."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import httpx
import pytest
from django.test import Client
from typer.testing import CliRunner

from holdfast.cli.application import app
from holdfast.desk.brief.writing import brief
from holdfast.desk.cases.commands import join
from holdfast.desk.cases.models import Entry
from holdfast.desk.closure.checks.ticket_unanswered import HOURS
from holdfast.desk.closure.commands import learn, learned
from holdfast.desk.closure.hygiene import untidy
from holdfast.desk.engineering import commands, outcomes
from holdfast.desk.engineering.models import Exchange, Ticket
from holdfast.desk.people.commands import issue_token

pytestmark = pytest.mark.django_db
ONE = "/cases/ESC-1/tickets"
OWNED = "/tickets/ESC-1/1"


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_ticket_lives_through_pages(
    known: Any, engineer: Any, lead: Any, developer: Any, signed_in: Any
) -> None:
    team, owner = signed_in(engineer), signed_in(developer)
    assert "No ticket yet" in said(team.get(ONE))
    team.post(f"{ONE}/begin", {"component": ""})
    page = said(team.get(ONE))
    assert "10 of 11" in page
    assert "Not judged; say low, medium or high" in page
    assert (
        'href="/cases/ESC-1/diagnosis?version=1&amp;artefact=A1&amp;at=line%3A54#viewer">route.log:54</a>'
        in page
    )
    assert "File ticket</button>" in page  # there, and not to be pressed
    team.post(f"{ONE}/1/file", {"act": "file", "despite": "on"})
    assert Ticket.objects.get().state == "draft"
    team.post(f"{ONE}/1/write", {"part": "risk", "text": "Low: one line.", "before": ""})
    assert "all 11 passed" in said(team.get(ONE))
    team.post(f"{ONE}/1/file", {"act": "file"})
    assert Ticket.objects.get().reference == "ENG-1"

    assert "ENG-1" in said(owner.get("/tickets/"))
    page = said(owner.get(OWNED))
    assert "route, line “line 53”: in 0 of 60 calls" in page
    assert "/cases/ESC-1/tickets" not in page  # the case is not theirs to open
    owner.post(f"{OWNED}/outcome", {"word": "sent_back", "text": "Which <flag>?", "lacks": "steps"})
    page = said(team.get(ONE))
    assert "Which &lt;flag&gt;?" in page
    assert "Sent back: no minimal case" in page
    team.post(
        f"{ONE}/1/write",
        {
            "part": "steps",
            "text": "1. route.batch-lookup at 100 %\n5 of 5",
            "before": Ticket.objects.get().parts["steps"],
        },
    )
    team.post(f"{ONE}/1/answer", {"text": "route.batch-lookup"})
    owner.post(f"{OWNED}/outcome", {"word": "accepted"})
    owner.post(f"{OWNED}/fix", {"version": "1.0.3", "line": "1.0", "released_at": "2026-03-01T10:00:00Z"})
    page = said(team.get("/tickets/matrix"))
    assert "fix is out" in page
    assert "install 1.0.3" in page
    row = Ticket.objects.get().customers.get().id
    team.post(f"{OWNED}/customers", {"row": row, "act": "tell", "how": "U-1"})
    team.post(f"{OWNED}/customers", {"row": row, "act": "place", "version": "1.0.3", "affected": "yes"})
    team.post(f"{OWNED}/customers", {"row": row, "act": "verify", "how": "by phone"})
    assert "Nothing open" in said(team.get("/tickets/matrix"))
    assert "verified" in said(team.get("/tickets/matrix?all=1&customer=north"))
    text = team.get(f"{OWNED}/export?as=md").content.decode()
    assert text.startswith("# route drops the log line\n")
    assert json.loads(team.get(f"{OWNED}/export?as=json").content)["reference"] == "ENG-1"


def test_two_who_write_one_part_on_the_page_are_told(known: Any, engineer: Any, signed_in: Any) -> None:
    commands.draft(known, by=engineer)
    browser = signed_in(engineer)
    form = {"part": "risk", "before": ""}
    browser.post(f"{ONE}/1/write", form | {"text": "low"})
    told = said(browser.post(f"{ONE}/1/write", form | {"text": "high"}, follow=True))
    assert "it is “low”, yours was “high”" in told


def test_hostile_text_stays_text(
    known: Any, whole: Any, engineer: Any, developer: Any, signed_in: Any
) -> None:
    bad = "<script>alert(1)</script> F-01 ```\n``` javascript:alert(1)"
    ticket = whole(suggestion=bad, steps=f"1. {bad}\n5 of 5")
    commands.write(ticket, commands.Said(summary=bad.partition("\n")[0], patch=bad), by=engineer)
    assert "<script>" not in said(signed_in(engineer).get(ONE)).replace("<script defer", "")
    commands.file(ticket, by=engineer)
    for address in (OWNED, "/tickets/", "/tickets/matrix"):
        assert "<script>alert" not in said(signed_in(developer).get(address))
    text = signed_in(developer).get(f"{OWNED}/export").content.decode()
    assert "\n````\n" in text  # the fence is longer than any in the text


def test_canaries_planted_everywhere_leave_by_no_door(
    known: Any, whole: Any, engineer: Any, developer: Any, signed_in: Any, settings: Any
) -> None:
    mail, token = "canary.bird@example.org", "AKIAIOSFODNN7EXAMPLQ"
    planted = {name: f"{text}\n1 of 1 {mail} F-01" for name, text in whole().parts.items()}
    ticket = commands.write(
        whole(**planted), commands.Said(summary=f"{mail} fails", patch=f"+ {mail}"), by=engineer
    )
    ticket = commands.file(ticket, by=engineer)
    outcomes.answer_for_owner(ticket, "sent_back", "who?", by=developer, lacks="other")
    outcomes.answer(ticket, f"ask {mail}, the key is {token}", by=engineer)
    owner = signed_in(developer)
    doors = [
        OWNED,
        "/tickets/",
        f"{OWNED}/export?as=md",
        f"{OWNED}/export?as=json",
        f"{OWNED}/export?as=patch",
    ]
    doors += ["/api/v1/tickets", "/api/v1/tickets/ESC-1/1", "/tickets/matrix?all=1"]
    for door in doors:
        text = owner.get(door).content.decode()
        assert mail not in text, door
        assert token not in text, door
    document = signed_in(engineer).get("/api/v1/cases/ESC-1/tickets/1/document").content.decode()
    assert mail not in document


def test_the_brief_and_the_war_room_tell_of_tickets(
    known: Any, filed: Ticket, engineer: Any, developer: Any, signed_in: Any
) -> None:
    outcomes.answer_for_owner(filed, "sent_back", "which flag?", by=developer, lacks="steps")
    known = type(known).objects.select_related("organisation", "customer", "owner").get(id=known.id)
    told = {one.title: one for one in brief(engineer, known).sections}["With engineering"]
    assert told.sentences[0].text.startswith("ENG-1 is sent back, unanswered: “which flag?”")
    assert signed_in(engineer).get(told.sentences[0].address).status_code == 200
    room = said(signed_in(engineer).get("/cases/ESC-1/room"))
    assert "ENG-1 sent back (no minimal case): which flag?" in room


def test_who_answers_for_a_component_reads_no_name_that_did_not_pass_the_gate(
    known: Any, engineer: Any, developer: Any, whole: Any
) -> None:
    draft = commands.write(
        whole(), commands.Said(summary="canary.bird@example.org cannot search"), by=engineer
    )
    commands.file(draft, by=engineer)
    noted = commands.note(known, "ENG-5521", by=engineer, title="canary.bird@example.org cannot search")
    told = [one.text for one in developer.notices.all()]
    assert len(told) == 2
    assert "canary" not in f"{told} {noted.sent}"


def test_a_filed_ticket_is_one_that_need_not_be_written_down_at_closing(
    known: Any, filed: Ticket, engineer: Any
) -> None:
    assert learned(known)["ticket"].data["reference"] == "ENG-1"
    outcomes.withdraw(filed, "it was the proxy", by=engineer)
    assert "ticket" not in learned(known)
    learn(known, "ticket", "ENG-9, by mail", by=engineer)
    assert learned(known)["ticket"].data["learned"] == "ticket"


def test_a_ticket_that_waits_offers_the_one_filed_meanwhile(
    known: Any,
    whole: Any,
    engineer: Any,
    team_mate: Any,
    developer: Any,
    declare: Any,
    signed_in: Any,
    lead: Any,
) -> None:
    filed = commands.file(whole(), by=engineer)
    other = declare("Search fails too")
    waits = commands.draft(other, by=engineer)
    Ticket.objects.filter(id=waits.id).update(
        state="queued", parts=filed.parts, summary=filed.summary, component="route", sent=filed.sent
    )
    browser = signed_in(engineer)
    page = said(browser.get("/cases/ESC-2/tickets"))
    assert "It is the same: link it" in page
    found = browser.get("/api/v1/cases/ESC-2/tickets/1").json()["alike"]
    assert (found[0]["case"], found[0]["reference"]) == ("ESC-1", "ENG-1")
    assert found[0]["score"] > 0.9
    browser.post("/cases/ESC-2/tickets/1/same", {"case": "ESC-1", "number": "1"})
    assert "The same as" in said(browser.get("/cases/ESC-2/tickets?t=1"))


def test_a_ticket_filed_elsewhere_is_answered_without_a_gate(
    known: Any, engineer: Any, signed_in: Any
) -> None:
    noted = commands.note(known, "ENG-5521", by=engineer, url="javascript:alert(1)")
    outcomes.answer_for_owner(noted, "sent_back", "which flag?", by=engineer, lacks="steps")
    page = said(signed_in(engineer).get(ONE))
    assert "Answer ENG" in page
    assert "Quality gate" not in page
    assert "javascript" not in page


def test_a_question_nobody_answers_is_untidy(
    known: Any, filed: Ticket, developer: Any, engineer: Any
) -> None:
    from datetime import timedelta

    def found() -> set[str]:
        return {check.name for check in untidy(known)}

    outcomes.answer_for_owner(filed, "disputed", "it is the proxy", by=developer)
    assert "ticket-unanswered" not in found()
    Exchange.objects.update(at=Entry.objects.latest("id").recorded_at - timedelta(hours=HOURS + 1))
    assert "ticket-unanswered" in found()
    outcomes.answer(filed, "it is not, see F-01", by=engineer)
    assert "ticket-unanswered" not in found()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command line as somebody, against this desk."""

    def answered(asked: httpx.Request) -> httpx.Response:
        names = {"Authorization": asked.headers["Authorization"]}
        url = f"{asked.url.path}?{asked.url.query.decode()}"
        kind = "application/json"
        got = Client().generic(asked.method, url, asked.content, content_type=kind, headers=names)
        return httpx.Response(got.status_code, content=got.content)

    way = httpx.MockTransport(answered)
    monkeypatch.setattr("holdfast.web.sending.httpx.Client", partial(httpx.Client, transport=way))

    def called(person: Any, *arguments: str) -> tuple[int, str]:
        token = issue_token(person, "laptop", "write")[1]
        env = {"HOLDFAST_TOKEN": token, "HOLDFAST_URL": "http://testserver"}
        done = CliRunner().invoke(app, ["case", "ticket", *arguments], env=env)
        return done.exit_code, done.output

    return called


def test_a_ticket_lives_on_the_command_line(
    known: Any, engineer: Any, developer: Any, run: Any, tmp_path: Any, declare: Any
) -> None:
    declare("Search fails too")
    code, out = run(engineer, "draft", "ESC-1")
    assert (code, "gate  10 of 11" in out) == (0, True)
    assert "open  priority: risk: not judged" in out
    code, out = run(engineer, "file", "ESC-1", "T-1")
    assert (code, "decided by lead" in out) == (2, True)
    risk = tmp_path / "risk.txt"
    risk.write_text("Low: one log line.")
    patch = tmp_path / "a.patch"
    patch.write_text("-a\n+b\n")
    assert (
        "gate  11 of 11" in run(engineer, "write", "ESC-1", "T-1", f"risk=@{risk}", "--patch", str(patch))[1]
    )
    assert "ENG-1  filed" in run(engineer, "file", "ESC-1", "T-1")[1]
    assert "ENG-1" in run(developer, "list")[1]
    assert run(developer, "outcome", "ESC-1", "T-1", "sent_back", "--text", "which?")[0] == 2
    assert (
        "sent_back"
        in run(developer, "outcome", "ESC-1", "T-1", "sent_back", "--text", "which?", "--lacks", "steps")[1]
    )
    assert "answered" in run(engineer, "answer", "ESC-1", "T-1", "route.batch-lookup")[1]
    assert "accepted" in run(developer, "outcome", "ESC-1", "T-1", "accepted")[1]
    assert (
        "1.0.3 has the fix for 1.0, not out"
        in run(developer, "fix", "ESC-1", "T-1", "1.0.3", "--line", "1.0")[1]
    )
    assert "ENG-1" in run(engineer, "share", "ESC-1", "T-1", "ESC-2")[1]
    assert "runs 1.0.2: fix is built, not told" in run(engineer, "matrix")[1]
    moved = run(engineer, "customer", "ESC-1", "T-1", "northline rail", "--version", "1.0.3", "--told", "U-1")
    assert "runs 1.0.3: has the fix, told" in moved[1]
    assert run(engineer, "customer", "ESC-1", "T-1", "nobody", "--version", "1")[0] == 2
    assert run(engineer, "export", "ESC-1", "T-1")[1].startswith("# route drops the log line")
    place = tmp_path / "ticket.json"
    run(engineer, "export", "ESC-1", "T-1", "--json", "-o", str(place))
    assert json.loads(place.read_text())["patch"] == "-a\n+b"
    assert "ENG-5521" in run(engineer, "note", "ESC-2", "ENG-5521")[1]
    assert run(engineer, "show", "ESC-1", "one")[0] == 2
    assert "withdrawn" in run(engineer, "withdraw", "ESC-2", "T-1", "--reason", "filed twice")[1]


def test_who_may_see_the_case_reads_the_draft_and_others_what_was_filed(
    known: Any, whole: Any, engineer: Any, developer: Any, signed_in: Any
) -> None:
    ticket = commands.file(whole(), by=engineer)
    join(known, developer, "reads the change", by=engineer)
    assert signed_in(developer).get(ONE).status_code == 200
    read = signed_in(developer).get("/api/v1/tickets/ESC-1/1").json()
    assert (read["reference"], read["parts"]) == ("ENG-1", ticket.sent["parts"])
