"""Arrivals by form, API, command line and webhook: kept first, taken once, and visible when they cannot be."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from holdfast.desk.arrival import hooks, intake, keeping
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.models import Case
from holdfast.desk.people.commands import issue_token
from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def call(engineer, client):
    _, value = issue_token(engineer, "laptop", "write")

    def called(method, address, body=None, raw=None, **headers):
        headers = {"Authorization": f"Bearer {value}"} | headers
        data = raw if raw is not None else body
        options = {"content_type": "application/json"} if method != "get" else {}
        return getattr(client, method)(f"/api/v1{address}", data, headers=headers, **options)

    return called


def test_the_form_is_kept_raw_and_taken_once(engineer, signed_in, organisation):
    browser = signed_in(engineer)
    said = {"organisation": organisation.id, "title": "Search fails", "severity": "1", "key": "k1"}
    for _ in range(2):
        assert browser.post("/cases/new", said).headers["Location"] == "/cases/ESC-1/"
    arrival = Arrival.objects.get()
    assert (arrival.source, arrival.state, arrival.case.key) == ("web", "taken", "ESC-1")
    assert json.loads(keeping.whole(arrival))["title"] == "Search fails"
    assert Case.objects.count() == 1


def test_a_form_with_a_mistake_comes_back_with_what_was_written(engineer, signed_in, organisation):
    answer = signed_in(engineer).post(
        "/cases/new", {"title": "", "impact": "all orders fail", "severity": "1"}
    )
    assert answer.status_code == 400
    assert b"all orders fail" in answer.content


def test_the_api_keeps_what_it_was_sent_byte_for_byte(call):
    raw = b'{"title": "Search fails",   "severity": 2}'
    assert call("post", "/cases", raw=raw).status_code == 201
    assert keeping.whole(Arrival.objects.get()) == raw


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"title": "Search fails", "severity": 9}', "severity"),
        (b"{not json", "Invalid JSON"),
        (b"[]", "Field required"),
    ],
)
def test_what_the_api_cannot_read_waits_in_the_tray_and_a_person_takes_it(call, raw, said):
    for _ in range(2):
        answer = call("post", "/cases", raw=raw)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    arrival = Arrival.objects.get()
    assert (arrival.state, said in arrival.reason) == ("waiting", True)
    assert call("get", f"/arrivals/{arrival.id}/raw").json()["text"] == raw.decode()
    taken = call("post", f"/arrivals/{arrival.id}/take", {"title": "Search fails", "severity": 2})
    assert taken.json()["title"] == "Search fails"
    assert call("get", f"/arrivals/{arrival.id}").json()["state"] == "taken"


def test_the_same_key_with_other_words_is_a_conflict(call):
    call("post", "/cases", {"title": "a", "severity": 2}, **{"Idempotency-Key": "k"})
    answer = call("post", "/cases", {"title": "b", "severity": 2}, **{"Idempotency-Key": "k"})
    assert (answer.status_code, "as ESC-1" in answer.json()["error"]["message"]) == (409, True)


def test_two_people_with_one_key_do_not_meet(call, team_mate, client):
    call("post", "/cases", {"title": "a", "severity": 2}, **{"Idempotency-Key": "k"})
    _, value = issue_token(team_mate, "x", "write")
    headers = {"Authorization": f"Bearer {value}", "Idempotency-Key": "k"}
    answer = client.post("/api/v1/cases", {"title": "b", "severity": 2}, "application/json", headers=headers)
    assert answer.status_code == 201


def test_an_impossible_time_is_refused_in_words(call):
    for when in ("2031-01-01T00:00:00Z", "2026-03-01T10:00:00"):
        answer = call("post", "/cases", {"title": "a", "severity": 2, "reported_at": when})
        assert answer.status_code in (409, 422)
    assert not Case.objects.exists()


# --- the tray


@pytest.fixture
def waiting(organisation, engineer):
    kept = keeping.keep(organisation, [b"<script>alert(1)</script> help"], 1000)
    arrival, _ = keeping.receive(
        organisation, "mail", "<1@x>", kept, sender="x@y.example", subject="<b>Help</b>"
    )
    Arrival.objects.filter(id=arrival.id).update(state="waiting", reason="x@y.example is not known here")
    arrival.refresh_from_db()
    return arrival


def test_the_tray_shows_what_waits_with_its_reason_and_as_text(waiting, engineer, signed_in):
    browser = signed_in(engineer)
    page = browser.get("/arrivals/").content
    assert b"&lt;b&gt;Help&lt;/b&gt;" in page
    assert b"is not known here" in page
    one = browser.get(f"/arrivals/{waiting.id}/").content
    assert b"&lt;script&gt;alert(1)" in one
    assert b"<script>alert" not in one


def test_it_is_set_aside_with_a_reason_and_can_still_be_taken(waiting, engineer, signed_in):
    browser = signed_in(engineer)
    browser.post(f"/arrivals/{waiting.id}/aside", {"reason": ""})
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    browser.post(f"/arrivals/{waiting.id}/aside", {"reason": "advertising"})
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.settled_by) == ("aside", "advertising", engineer)
    answer = browser.post(f"/arrivals/{waiting.id}/take", {"title": "Help", "severity": "3"})
    assert answer.headers["Location"] == "/cases/ESC-1/"
    browser.post(f"/arrivals/{waiting.id}/take", {"title": "Help", "severity": "3"})
    assert Case.objects.count() == 1


def test_it_is_put_on_a_case_with_whose_words_they_are(case, customer, engineer, signed_in, organisation):
    kept = keeping.keep(organisation, [b"From: x@y.example\nSubject: Re\n\nit works again\n"], 1000)
    arrival, _ = keeping.receive(organisation, "mail", "<2@x>", kept, sender="x@y.example")
    browser = signed_in(engineer)
    assert (
        b"there is no case"
        in browser.post(f"/arrivals/{arrival.id}/put-on", {"case": "ESC-9"}, follow=True).content
    )
    shared = {"case": "ESC-1", "shared": "on"}
    assert (
        b"no address of this case"
        in browser.post(f"/arrivals/{arrival.id}/put-on", shared, follow=True).content
    )
    customer.email = "x@y.example"
    customer.save()
    browser.post(f"/arrivals/{arrival.id}/put-on", shared)
    entry = case.entries.get(kind="comment")
    assert (entry.text, entry.shared) == ("From x@y.example:\nit works again", True)


def test_a_tray_is_its_organisations_alone(waiting, stranger, signed_in):
    browser = signed_in(stranger)
    assert b"Help" not in browser.get("/arrivals/").content
    assert browser.get(f"/arrivals/{waiting.id}/").status_code == 404
    assert browser.post(f"/arrivals/{waiting.id}/take", {"title": "mine", "severity": "1"}).status_code == 404
    assert browser.get(f"/api/v1/arrivals/{waiting.id}/raw").status_code == 404


# --- webhooks


@pytest.fixture
def hook(organisation, admin, engineer):
    made, secret = hooks.make_hook(organisation, "tracker", mapping="default", person=engineer, by=admin)
    return made, secret


@pytest.fixture
def send(hook, client):
    import base64

    value = base64.b64decode(hook[1].removeprefix("whsec_"))

    def sent(body, identity="msg_1", at=None, signature=None, name="tracker"):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(at if at is not None else time.time()))
        headers = {
            "webhook-id": identity,
            "webhook-timestamp": stamp,
            "webhook-signature": signature or hooks.sign(value, identity, stamp, raw),
        }
        return client.post(f"/api/v1/hooks/{name}", raw, "application/json", headers=headers)

    return sent


PAYLOAD = {
    "title": "Search fails",
    "severity": "critical",
    "description": "all of it",
    "customer": "Northline Rail",
}


def test_a_signed_payload_becomes_a_case_once(send, northline, hook):
    first, again = send(PAYLOAD), send(PAYLOAD)
    assert (first.status_code, again.status_code) == (202, 200)
    case = Case.objects.get()
    assert (first.json()["case"], again.json()["case"]) == (case.key, case.key)
    assert (case.severity, case.customer, case.source, case.impact) == (1, northline, "hook", "all of it")


def test_a_secret_is_not_readable_in_the_database(hook):
    assert hook[1].removeprefix("whsec_") not in hook[0].secret


def test_the_signature_is_that_of_the_published_specification():
    import base64

    value = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = hooks.sign(value, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "v1,AAAA"},
        {"signature": "v1,ü"},
        {"at": 0},
        {"at": time.time() + 3600},
        {"name": "other"},
        {"identity": ""},
    ],
)
def test_what_is_not_proven_is_refused_and_not_kept(send, change, tmp_path):
    answer = send(PAYLOAD, **change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed")
    assert not Arrival.objects.exists()
    assert not (tmp_path / "vault").exists()


def test_an_ended_hook_is_refused(send, hook, admin):
    hooks.end_hook(hook[0], by=admin)
    assert send(PAYLOAD).status_code == 401


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no json", "no JSON"),
        ({}, "there is no title"),
        (PAYLOAD | {"severity": "enormous"}, "'enormous', not 1, 2, 3 or 4"),
        (PAYLOAD | {"reported_at": "2026-03-01T10:00:00"}, "has no zone"),
        (PAYLOAD | {"reported_at": "yesterday"}, "is no time"),
        (PAYLOAD | {"reported_at": "2099-01-01T00:00:00Z"}, "future"),
    ],
)
def test_a_signed_payload_nobody_can_read_waits_with_the_reason(send, body, why):
    answer = send(body)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert why in answer.json()["reason"]
    assert not Case.objects.exists()


def test_fields_are_found_by_data_an_organisation_can_change(send, organisation, lead):
    fields = "  title: {path: data.0.name}\n  severity: {path: data.0.p, values: {P1: 1}, usual: 4}\n"
    text = f"title: Nested\nfields:\n{fields}"
    publish(intake.WebhookMapping, organisation, text, by=lead, why="our tracker")
    send({"data": [{"name": "Down", "p": "P1"}]})
    send({"data": [{"name": "Odd"}]}, identity="msg_2")
    assert list(Case.objects.order_by("id").values_list("title", "severity")) == [("Down", 1), ("Odd", 4)]


KEYS = ("issue", "fields", "summary", "priority", "name", "components", "0")


@profile(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_payload_is_read_or_lacks_fields(payload):
    found = intake.read_payload(shipped(intake.WebhookMapping, "issue-tracker").value, payload)
    assert all(isinstance(value, str | int) for value in found.values())


# --- sources


def test_an_admin_declares_where_things_arrive(admin, signed_in, organisation):
    browser = signed_in(admin)
    browser.post("/sources/ESC/mailbox", {"address": "Help@Desk.example"})
    assert (
        b"declared already"
        in browser.post("/sources/ESC/mailbox", {"address": "help@desk.example"}, follow=True).content
    )
    assert (
        b"write an address" in browser.post("/sources/ESC/mailbox", {"address": "help"}, follow=True).content
    )
    made = browser.post("/sources/ESC/hook", {"name": "tracker", "mapping": "default", "person": "admin"})
    assert b"whsec_" in made.content
    page = browser.get("/sources/ESC/").content
    assert b"help@desk.example" in page
    assert b"whsec_" not in page
    assert (
        b"no field mapping"
        in browser.post("/sources/ESC/hook", {"name": "b", "mapping": "x"}, follow=True).content
    )


# --- policies

HEAD = "title: T\nopening: a\nclosing: b\nitems:\n"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (intake.IntakeTemplate, f"{HEAD}- {{id: a, asks: what}}\n- {{id: a, asks: what else}}\n", "line 6: a is asked"),
        (intake.IntakeTemplate, f"{HEAD}- {{id: a, asks: what, sign: moon}}\n", "there is no sign 'moon'"),
        (intake.IntakeRubric, "title: T\ngood: 7\ncriteria:\n- {sign: steps, points: 60, advice: Goo}\n", "up 60"),
        (intake.WebhookMapping, "title: T\nfields:\n  colour: {path: a}\n  title: {path: b}\n", "no field 'colour'"),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_refused_with_its_line(organisation, lead, kind, text, said):
    with pytest.raises(Unusable, match=said):
        publish(kind, organisation, text, by=lead, why="test")


@pytest.mark.parametrize("kind", [intake.IntakeTemplate, intake.IntakeRubric, intake.WebhookMapping])
def test_what_is_shipped_can_be_used(kind):
    for name in kind.shipped():
        assert shipped(kind, name).value.title


def test_a_form_with_a_mistake_is_kept_raw_until_it_is_sent_again(engineer, signed_in, organisation):
    browser = signed_in(engineer)
    wrong = {
        "organisation": organisation.id,
        "title": "",
        "impact": "all orders fail",
        "severity": "9",
        "key": "k1",
    }
    page = browser.post("/cases/new", wrong)
    arrival = Arrival.objects.get()
    assert f"arrival {arrival.id}" in page.content.decode()
    assert (arrival.source, arrival.state, arrival.person) == ("web", "waiting", engineer)
    assert "title:" in arrival.reason
    assert "severity:" in arrival.reason
    assert json.loads(keeping.whole(arrival))["impact"] == "all orders fail"
    browser.post("/cases/new", wrong)
    assert Arrival.objects.count() == 1
    assert "all orders fail" in browser.get(f"/arrivals/{arrival.id}/").content.decode()
    browser.post("/cases/new", wrong | {"title": "Orders fail", "severity": "1"})
    arrival.refresh_from_db()
    assert (arrival.state, arrival.case.key) == ("taken", "ESC-1")
    assert "corrected by its sender" in arrival.reason
    assert Arrival.objects.filter(state="waiting").count() == 0


def test_an_empty_form_is_nobodys_arrival(engineer, signed_in, organisation):
    signed_in(engineer).post("/cases/new", {"organisation": organisation.id, "title": " ", "key": "k"})
    assert not Arrival.objects.exists()


def test_a_corrected_mapping_reads_what_waits_again(send, admin, organisation):
    from holdfast.desk.outbox import worker

    send({"ticket": {"headline": "Search is down"}}, identity="msg_1")
    send({"ticket": {}}, identity="msg_2")
    assert set(Arrival.objects.values_list("state", flat=True)) == {"waiting"}
    text = shipped(intake.WebhookMapping).text
    publish(
        intake.WebhookMapping,
        organisation,
        text.replace("path: title", "path: ticket.headline"),
        by=admin,
        why="they moved the title",
    )
    while worker.work_once("w"):
        pass
    states = dict(Arrival.objects.values_list("key", "state"))
    assert sorted(states.values()) == ["taken", "waiting"]
    assert Case.objects.get().title == "Search is down"
    publish(intake.WebhookMapping, organisation, text, by=admin, why="back")
    while worker.work_once("w"):
        pass
    assert Case.objects.count() == 1
