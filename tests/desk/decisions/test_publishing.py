"""Who changes how everybody works needs the word of others where the decision rights say so, through every door."""

from __future__ import annotations

import json
from functools import partial

import httpx
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from guarded import api, cli, web
from holdfast.desk.clocks.policy import ClockPolicy
from holdfast.desk.decisions.commands import answer
from holdfast.desk.decisions.models import State
from holdfast.desk.decisions.publishing import Wanted, changes, propose
from holdfast.desk.decisions.rights import DecisionRights, Right
from holdfast.desk.people.commands import issue_token
from holdfast.desk.policies.commands import Withheld, publish
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.profiles import plan, profile
from holdfast.desk.policies.queries import current
from holdfast.desk.policies.reading import Unusable, read

pytestmark = pytest.mark.django_db
ROLES = (
    "customer",
    "tier1",
    "engineer",
    "sre",
    "lead",
    "manager",
    "admin",
    "executive",
    "auditor",
    "stranger",
)
CLOCKS = ClockPolicy.shipped()["default"] + "# agreed on after the outage\n"
LATER = CLOCKS + "# and once more\n"
WHY = "the outage has shown it"


@pytest.fixture
def four_eyes(organisation, admin):
    """One other lead has to agree before a policy is published."""
    text = DecisionRights.shipped()["default"]
    ours = text.replace("works\n    decides: lead\n    own: true\n", "works\n    decides: lead\n")
    assert ours != text
    return publish(DecisionRights, organisation, ours, by=admin, why="four eyes")


@pytest.fixture
def wanted():
    return Wanted(kind=ClockPolicy.kind, text=CLOCKS, after=0, why=WHY)


def published(organisation):
    return Version.objects.filter(organisation=organisation, kind=ClockPolicy.kind).count()


DOORS = {
    "web": web("/policies/clock-policy/default", {"text": CLOCKS, "why": WHY, "after": "0"}),
    "web, profile": web("/policies/profiles/start-up", {"overtake": "yes"}),
    "api": api("/policies/clock-policy/default", {"text": CLOCKS, "why": WHY, "after": 0}),
    "api, profile": api("/profiles/start-up/apply", {"overtake": True}),
    "cli, profile": cli("profile", "apply", "start-up", "--yes"),
}


@pytest.fixture
def led_here(monkeypatch):
    """Lead the command line to this desk."""

    def answered(asked: httpx.Request) -> httpx.Response:
        names = {"Authorization": asked.headers["Authorization"]}
        address, kind = asked.url.raw_path.decode(), "application/json"
        said = Client().generic(asked.method, address, asked.content, content_type=kind, headers=names)
        return httpx.Response(said.status_code, content=said.content)

    way = httpx.MockTransport(answered)
    monkeypatch.setattr("holdfast.web.sending.httpx.Client", partial(httpx.Client, transport=way))


@pytest.mark.parametrize("door", DOORS)
def test_nobody_publishes_alone_through_any_door(door, four_eyes, case, led_here, request):
    for role in ROLES:
        DOORS[door](request.getfixturevalue(role), {"case": case})
    assert list(Version.objects.all()) == [four_eyes]


@pytest.mark.parametrize("door", DOORS)
def test_where_a_lead_decides_it_alone_every_door_is_open_to_one(door, case, lead, led_here):
    DOORS[door](lead, {"case": case})
    assert Version.objects.exists()


def test_the_refusal_says_whose_word_it_takes_and_an_approval_publishes_exactly_what_was_asked(
    four_eyes, organisation, case, lead, admin, wanted
):
    with pytest.raises(Withheld, match=r"decided by lead \(admin, lead\); ask for it on the case"):
        publish(ClockPolicy, organisation, CLOCKS, by=lead, why=WHY)
    one = propose(case, wanted, by=lead)
    assert (one.state, published(organisation)) == (State.WAITING, 0)
    [(title, lines)] = changes(one)
    assert title == f"{ClockPolicy.title}: default"
    assert [(line.sign, line.text) for line in lines if line.sign == "+"] == [
        ("+", "# agreed on after the outage")
    ]
    answer(one, True, by=admin, text="seen")
    one.refresh_from_db()
    holds = current(ClockPolicy, organisation)
    assert (one.state, holds.text, holds.version) == (State.USED, CLOCKS, 1)
    made = Version.objects.get(kind=ClockPolicy.kind)
    assert (made.by, made.why) == (lead, WHY)
    assert "used: publish" in case.entries.order_by("-position").first().text


def test_who_asks_does_not_approve_and_a_refusal_publishes_nothing(
    four_eyes, organisation, case, lead, admin, wanted
):
    one = propose(case, wanted, by=lead)
    with pytest.raises(Exception, match="your own request"):
        answer(one, True, by=lead)
    answer(one, False, by=admin, text="the nights are not staffed")
    assert published(organisation) == 0


def test_what_was_published_meanwhile_is_not_overtaken(four_eyes, organisation, case, lead, admin, wanted):
    first, second = propose(case, wanted, by=lead), propose(case, wanted_again(), by=lead)
    answer(first, True, by=admin)
    answer(second, True, by=admin)
    second.refresh_from_db()
    assert (second.state, current(ClockPolicy, organisation).text) == (State.WITHDRAWN, CLOCKS)
    assert "published nothing: version 1 was published" in case.entries.order_by("-position").first().text


def wanted_again():
    return Wanted(kind=ClockPolicy.kind, text=LATER, after=0, why=WHY)


def test_who_has_lost_the_role_publishes_nothing_by_an_earlier_question(
    four_eyes, organisation, case, lead, admin, wanted
):
    one = propose(case, wanted, by=lead)
    lead.memberships.update(role="engineer")
    answer(one, True, by=admin)
    one.refresh_from_db()
    assert (one.state, published(organisation)) == (State.WITHDRAWN, 0)


def test_a_whole_profile_is_asked_for_at_once(four_eyes, organisation, case, lead, admin):
    one = propose(case, Wanted(profile="enterprise", overtake=True), by=lead)
    assert len(changes(one)) == len(one.details["policies"]) > 1
    answer(one, True, by=admin)
    assert not any(step.changes for step in plan(profile("enterprise"), organisation))


def test_only_who_publishes_policies_asks_and_only_for_what_can_be_published(
    four_eyes, case, engineer, lead, wanted
):
    with pytest.raises(PermissionDenied):
        propose(case, wanted, by=engineer)
    with pytest.raises(Unusable):
        propose(case, Wanted(kind=ClockPolicy.kind, text="title: 3", why=WHY), by=lead)
    with pytest.raises(Unusable, match="say why"):
        propose(case, Wanted(kind=ClockPolicy.kind, text=CLOCKS), by=lead)


def test_a_question_that_only_calls_itself_so_publishes_nothing(four_eyes, organisation, case, lead, admin):
    _, token = issue_token(lead, "x", "write")
    for right in (Right.POLICY, Right.COURSE):
        said = {"right": right, "what": "publish it", "about": f"policies/{ClockPolicy.kind}/default"}
        made = Client().post(
            f"/api/v1/cases/{case.key}/decisions",
            json.dumps(said),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert made.status_code == 201
    answer(case.decisions.get(right=Right.POLICY), True, by=admin)
    assert published(organisation) == 0


def test_it_is_asked_for_on_the_page_that_refused_it(four_eyes, organisation, case, lead, admin):
    browser = Client()
    browser.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = f"/policies/{ClockPolicy.kind}/default"
    refused = browser.post(address, {"text": CLOCKS, "why": WHY, "after": "0"})
    assert refused.status_code == 409
    assert "Ask for it there" in refused.content.decode()
    fields = {"organisation": "ESC", "kind": ClockPolicy.kind, "name": "default", "after": "0"}
    asked = browser.post("/decisions/policies", fields | {"text": CLOCKS, "why": WHY, "case": case.key})
    assert asked.headers["Location"] == f"/cases/{case.key}/decisions#D-1"
    browser.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "# agreed on after the outage" in browser.get(f"/cases/{case.key}/decisions").content.decode()
    browser.post(f"/cases/{case.key}/decisions/1/answer", {"answer": "approve"})
    assert current(ClockPolicy, organisation).text == CLOCKS


def test_a_profile_is_asked_for_from_the_command_line(four_eyes, case, lead, led_here, organisation, admin):
    cli("profile", "apply", "start-up", "--yes", "--ask", case.key)(lead, {})
    one = case.decisions.get()
    assert (one.right, one.about) == (Right.POLICY, "policies/start-up")


def test_a_desk_without_a_case_is_still_being_set_up(four_eyes, organisation, lead):
    publish(ClockPolicy, organisation, CLOCKS, by=lead, why=WHY)
    assert published(organisation) == 1


def test_glass_is_not_broken_for_a_policy():
    text = DecisionRights.shipped()["default"]
    broken = text.replace("works\n    decides: lead\n", "works\n    decides: lead\n    break_glass: true\n")
    assert broken != text
    with pytest.raises(Unusable, match="not for a policy"):
        read(DecisionRights, broken)
