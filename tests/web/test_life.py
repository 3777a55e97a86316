"""The whole life of a case by API alone: arrives, is triaged, diagnosed, resolved, closed, and reopened; and a Sev 1
with a war room, a mitigation that fails, one that holds, three updates, a ticket, two hand-overs, a broken promise."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from holdfast.desk.arrival.models import Mailbox
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.commands import keep
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.updates.watching import watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(signed_in, settings, tmp_path):
    """Return what calls an operation as somebody and insists that it is done."""
    settings.DATA = tmp_path

    def called(person, method, address, body=None, *, refused=False):
        client = signed_in(person)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(client, method)(f"/api/v1{address}", **more)
        assert (answer.status_code >= 400) == refused, answer.content
        return answer.json()

    return called


def test_the_whole_life_of_a_case(call, engineer, customer, northline):
    said = {
        "title": "Checkout fails",
        "severity": 2,
        "customer": "Northline Rail",
        "impact": "cards are refused",
    }
    assert call(engineer, "post", "/cases", said)["key"] == "ESC-1"
    at = "/cases/ESC-1"

    # triaged
    assert call(engineer, "post", f"{at}/acknowledge", {})["owner"] == "engineer"
    answers = {"impact": "broken", "workaround": "none", "confirm": True}
    graded = call(engineer, "post", f"{at}/severity/answers", answers)
    assert (graded["severity"], graded["recommended"], graded["confirmed_at"] is None) == (2, 2, False)

    # diagnosed
    claim = {
        "claim": "one bank refuses",
        "prediction": "only its cards fail",
        "refutation": "another fails too",
    }
    call(engineer, "post", f"{at}/hypotheses", claim)
    call(
        engineer, "post", f"{at}/hypotheses/1/tests", {"setting": "three other banks", "expected": "all pass"}
    )
    call(engineer, "post", f"{at}/tests/1/finish", {"outcome": "supports", "observed": "all passed"})
    verdict = {"verdict": "confirmed", "not_checked": "cards of abroad"}
    call(engineer, "post", f"{at}/hypotheses/1/verdict", verdict)

    # resolved, with the customer's word
    call(engineer, "post", f"{at}/updates", {"text": "The bank renews its certificate."})
    assert call(engineer, "post", f"{at}/state", {"to": "resolved"})["state"] == "resolved"
    call(customer, "post", f"{at}/judge", {"solved": True})

    # closed
    missing = call(engineer, "get", f"{at}/closing")["missing"]
    assert missing
    for item in missing:
        call(engineer, "post", f"{at}/learned", {"item": item, "text": "the bank's certificate had ended"})
    assert call(engineer, "post", f"{at}/close", {})["state"] == "closed"

    # reopened
    again = call(engineer, "post", f"{at}/reopen", {"reason": "another bank now"})
    assert (again["state"], again["closed_at"]) == ("diagnosing", None)

    told = call(engineer, "get", f"{at}/timeline?limit=200")["items"]
    states = [one["data"]["to"] for one in told if one["data"].get("field") == "state"]
    assert states == ["new", "diagnosing", "resolved", "closed", "diagnosing"]
    clocks = {one["clock"]: one for one in call(engineer, "get", f"{at}/clocks")["clocks"]}
    assert (clocks["acknowledge"]["status"], clocks["diagnose"]["status"]) == ("met", "met")
    assert call(engineer, "get", f"{at}/timeline/check")["whole"] is True


# --- a Sev 1, acted on

AT = "/cases/ESC-1"
DOWN, WELL = 503, 200


def ahead(**span):
    return (timezone.now() + timedelta(**span)).isoformat()


def worked():
    while work_once("life"):
        pass


class Life:
    """A Sev 1 as it is lived through: who does what, by API."""

    def __init__(self, call, cast, shop, diagnosis):
        self.call, self.shop, self.diagnosis = call, shop, diagnosis
        self.engineer, self.team_mate, self.developer, self.sre, self.lead, self.manager, self.customer = cast

    def do(self, person, path, body=None, method="post"):
        return self.call(person, method, f"{AT}{path}", {} if body is None and method == "post" else body)

    def refused(self, person, path, body):
        """Try what takes somebody else's decision, and return what the desk says."""
        return self.call(person, "post", f"{AT}{path}", body, refused=True)["error"]["message"]

    def decided(self, person, what):
        """Answer the one decision that waits for somebody's word."""
        [waiting] = [one for one in self.call(person, "get", "/decisions")["items"] if what in one["what"]]
        return self.do(person, f"/decisions/{waiting['number']}/answer", {"approve": True, "text": "agreed"})

    def arrives(self):
        said = {
            "title": "Search is down",
            "severity": 2,
            "customer": "Northline Rail",
            "impact": "7 of 31 searches fail",
        }
        assert self.call(self.engineer, "post", "/cases", said)["key"] == "ESC-1"
        keep(
            Case.objects.select_related("organisation").get(), self.diagnosis, artefacts=[]
        )  # it is read elsewhere
        self.do(self.engineer, "/acknowledge")
        for person, what in (("developer", "technical lead"), ("sre", "scribe")):
            self.do(self.engineer, "/people", {"person": person, "what": what})

    def is_disputed(self):
        self.do(self.team_mate, "/severity/dispute", {"to": 1, "reason": "no train can be searched"})
        assert self.do(self.engineer, "/triage", method="get")["severity"] == 2
        self.decided(self.lead, "Sev 1 instead of Sev 2")
        assert self.do(self.engineer, "/triage", method="get")["severity"] == 1

    def meets(self):
        self.do(self.engineer, "/room")
        for duty, person in (
            ("commander", "lead"),
            ("technical", "developer"),
            ("communications", "engineer"),
            ("scribe", "sre"),
        ):
            self.do(self.engineer, "/room/duty", {"duty": duty, "person": person})
        for person in (self.lead, self.developer, self.engineer, self.sre, self.manager):
            self.do(person, "/room/line", {"text": f"{person.username} is here"})
        self.do(self.lead, "/room/line", {"text": "/action @sre 15m watch the error rate"})
        self.do(self.sre, "/actions/1/end", {"how": "done", "text": "7 of 31 still fail"})

    def mitigates(self, pattern, what, *, holds):
        probe = {"kind": "http", "url": self.shop["url"], "times": 2, "pause": 0, "seconds": 2}
        self.shop["status"] = WELL if holds else DOWN
        made = self.do(self.developer, "/mitigations", {"pattern": pattern, "what": what, "probe": probe})
        at = f"/mitigations/{made['number']}"
        if made["risk"] == "high":
            self.decided(self.lead, what)
        worked()
        self.do(self.engineer, f"{at}/start")
        self.do(self.engineer, f"{at}/verify")
        worked()
        found = self.do(self.engineer, at, method="get")
        assert found["state"] == ("held" if holds else "failed")
        if not holds:
            self.do(self.engineer, f"{at}/roll-back", {"worked": True, "text": "the flag is on again"})
            assert self.do(self.engineer, at, method="get")["state"] == "rolled_back"

    def diagnoses(self):
        claim = {
            "claim": "release 4.3 drops the batch lookup",
            "prediction": "no line 53",
            "refutation": "line 53",
        }
        self.do(self.developer, "/hypotheses", claim | {"component": "route"})
        test = {
            "setting": "call it on 4.3",
            "expected": "no line 53",
            "command": "curl -sX POST http://route/byIds",
        }
        self.do(self.developer, "/hypotheses/1/tests", test)
        self.do(
            self.developer,
            "/tests/1/finish",
            {"outcome": "supports", "observed": "5 of 5 calls write no line"},
        )
        self.do(
            self.developer, "/hypotheses/1/verdict", {"verdict": "confirmed", "not_checked": "other regions"}
        )

    def writes(self, known, **more):
        """Draft, check and send an update by the engineer; return it as it was sent."""
        number = self.do(self.engineer, "/drafts", {"audience": "customer"})["number"]
        said = {
            "headline": "Search is down",
            "known": known,
            "doing": "We test one cause.",
            "next_at": ahead(hours=1),
        }
        checked = self.do(self.engineer, f"/drafts/{number}", said | more, method="put")
        assert checked["hits"] == []
        if said.get("commitments") or more.get("commitments"):
            self.do(self.engineer, f"/drafts/{number}/ask")
            self.decided(self.manager, "Send U-")
        sent = self.do(self.engineer, f"/drafts/{number}/send")
        assert sent["delivered"]
        worked()
        return sent

    def hands_over(self, giver, receiver):
        number = self.do(giver, "/hand-overs", {"to": receiver.username})["number"]
        at = f"/hand-overs/{number}"
        self.do(giver, f"{at}/items", {"title": "Do not", "text": "restart the index before 18:00"})
        asked = self.do(receiver, f"{at}/questions", {"text": "who may restart it then?"})
        [question] = asked["questions"]
        self.do(giver, f"{at}/answers", {"question": question["id"], "text": "the lead"})
        read = self.do(receiver, at, method="get")
        for item in read["items"]:
            if item["must"]:
                assert self.do(receiver, at, method="get")["owner"] == giver.username
                self.do(receiver, f"{at}/read", {"item": item["key"], "seen": item["text"]})
        assert self.do(receiver, f"{at}/take-over")["owner"] == receiver.username

    def files_a_ticket(self):
        self.do(
            self.engineer,
            "/impact/numbers",
            {"what": "requests", "number": 7, "whole": 31, "source": "customer"},
        )
        self.do(self.engineer, "/severity/answers", {"workaround": "none", "revenue_at_risk": 60_000})
        self.do(
            self.engineer,
            "/environments",
            {"name": "prod", "version": "4.3", "region": "eu-1", "text": "image: 4.3\nnode: n-3\n"},
        )
        number = self.do(self.engineer, "/tickets", {})["number"]
        at = f"/tickets/{number}"
        self.do(self.engineer, at, {"parts": {"risk": "Regression risk low: one log line."}}, method="put")
        self.do(self.engineer, f"{at}/file", {})
        asked = {"word": "sent_back", "lacks": "environment", "text": "which node does it run on?"}
        self.call(self.developer, "post", f"/tickets/ESC-1/{number}/outcome", asked)
        self.do(self.engineer, f"{at}/answer", {"text": "on n-3, the image is 4.3"})
        self.call(self.developer, "post", f"/tickets/ESC-1/{number}/outcome", {"word": "accepted"})

    def breaks_and_mends_a_promise(self):
        """The build that was promised does not come in time: it breaks aloud, and another time is decided and told."""
        [promise] = [
            one for one in self.do(self.engineer, "/promises", method="get") if one["about"] == "fix"
        ]
        left = datetime.fromisoformat(promise["due_at"]) - timezone.now()
        time.sleep(max(0.0, left.total_seconds() + 0.1))
        watch()
        later = {"said": "the build failed its tests", "due": ahead(days=1)}
        said = self.refused(self.engineer, f"/promises/{promise['number']}", later)
        assert f"P-{promise['number']} moves when it is approved" in said
        self.decided(self.manager, "a build with the fix")
        states = {one["number"]: one["state"] for one in self.do(self.engineer, "/promises", method="get")}
        assert states[promise["number"]] == "moved"
        self.writes("The build that was due has failed its tests. We were wrong about the date.")

    def ends(self):
        self.do(self.engineer, "/state", {"to": "resolved"})
        self.do(self.customer, "/judge", {"solved": True})
        for item in self.do(self.engineer, "/closing", method="get")["missing"]:
            self.do(self.engineer, "/learned", {"item": item, "text": "the release dropped the lookup"})
        assert self.do(self.engineer, "/close")["state"] == "closed"


@pytest.fixture
def life(call, engineer, team_mate, developer, sre, lead, manager, customer, shop, diagnosis, organisation):
    Mailbox.objects.create(organisation=organisation, address="help@acme.example")
    type(customer).objects.filter(id=customer.id).update(email="ops@northline.example")
    return Life(call, (engineer, team_mate, developer, sre, lead, manager, customer), shop, diagnosis)


def test_a_sev_1_is_acted_on_to_its_end(life, call, lead, mail_server):
    life.arrives()
    life.is_disputed()
    life.meets()
    life.writes("7 of 31 searches fail since 10:56 UTC.")
    life.mitigates("flag", "switch the batch lookup off", holds=False)
    life.hands_over(life.engineer, life.team_mate)
    life.mitigates("rollback", "back to 4.2", holds=True)
    life.diagnoses()
    build = {"about": "fix", "text": "a build with the fix", "due": ahead(seconds=4)}
    life.writes("Searches work since the release was rolled back.", commitments=[build])
    life.files_a_ticket()
    life.breaks_and_mends_a_promise()
    life.hands_over(life.team_mate, life.engineer)
    life.ends()

    told = call(lead, "get", f"{AT}/timeline?limit=200")["items"]
    assert call(lead, "get", f"{AT}/timeline/check")["whole"] is True
    changes = [(one["data"]["field"], one["data"]["to"]) for one in told if "field" in one["data"]]

    def of(field):
        return [to for name, to in changes if name == field]

    assert of("severity") == [1]
    assert of("state") == ["new", "diagnosing", "mitigated", "resolved", "closed"]
    assert of("M-1") == ["proposed", "started", "failed", "rolled_back"]
    assert of("M-2") == ["proposed", "started", "held"]
    assert of("HO-1") == of("HO-2") == ["open", "taken"]
    assert of("owner") == ["team_mate", "engineer"]
    assert of("T-1") == ["draft", "queued", "filed", "sent_back", "filed", "accepted"]
    assert of("P-3") == ["broken", "moved"]
    assert of("D-2") == ["waiting", "withdrawn"]  # the engineer needed no decision to switch a flag
    duties = {name for name, _ in changes} & {"commander", "technical lead", "communications", "scribe"}
    assert len(duties) == 4
    here = {one["author"] for one in told if one["text"].endswith("is here")}
    assert here == {"lead", "developer", "engineer", "sre", "manager"}
    assert [one["data"]["update"] for one in told if one["kind"] == "update"] == [1, 2, 3]
    assert [one["data"]["decision"] for one in told if one["kind"] == "update"] == [None, 4, None]

    post = b"".join(mail_server.caught).replace(b"=\r\n", b"").decode()
    for words in ("7 of 31 searches fail", "a build with the fix", "We were wrong about the date"):
        assert words in post
    assert [one["state"] for one in life.do(lead, "/promises", method="get") if one["about"] == "fix"] == [
        "open",
        "moved",
    ]

    clocks = [one for one in call(lead, "get", f"{AT}/clocks")["clocks"] if one["clock"] != "review"]
    assert {one["status"] for one in clocks} <= {"met", "ended"}, clocks
    for figure in ("time-to-mitigation", "time-to-diagnosis", "time-to-acknowledge", "time-to-resolution"):
        [behind] = call(lead, "get", f"/figures/{figure}/cases?group=1")
        assert (behind["key"], behind["running"]) == ("ESC-1", False)
    [cadence] = call(lead, "get", "/figures/update-cadence/cases?group=1")
    assert cadence["part"] == cadence["whole"] >= 3
