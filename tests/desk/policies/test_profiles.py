"""A profile switches policies by publishing versions, twice is once, and it overtakes nobody unasked."""

from __future__ import annotations

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied

from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.kind import all_kinds
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.profiles import Overtakes, apply_profile, plan, profile, profiles
from holdfast.desk.policies.queries import current
from holdfast.desk.policies.reading import read, require_met

pytestmark = pytest.mark.django_db
NAMES = ["enterprise", "growth", "regulated", "service-provider", "start-up"]
SWITCHED = {"clock-policy", "severity-matrix", "closure", "intake-template", "decision-rights"}


def test_there_are_five_profiles_and_each_switches_what_decides(organisation):
    assert sorted(profiles()) == NAMES
    for one in profiles().values():
        assert {kind for kind, _ in one.texts} >= SWITCHED
    with pytest.raises(ObjectDoesNotExist):
        profile("none")


@pytest.mark.parametrize("name", NAMES)
def test_every_text_of_a_profile_can_be_published(name, organisation, lead):
    for (kind, _), text in profile(name).texts.items():
        read(all_kinds()[kind], text)
        require_met(all_kinds()[kind], text, organisation.id)
    for step in plan(profile(name), organisation):
        assert not step.own
    made = apply_profile(profile(name), organisation, by=lead)
    for (kind, policy), text in profile(name).texts.items():
        assert current(all_kinds()[kind], organisation, policy).text.rstrip() == text.rstrip()
    assert {version.why for version in made} <= {f"Profile {profile(name).title}"}
    assert apply_profile(profile(name), organisation, by=lead) == []
    assert Version.objects.count() == len(made)


def test_profiles_differ_from_each_other_in_every_policy():
    for kind in SWITCHED:
        texts = [one.texts[kind, "default"] for one in profiles().values()]
        assert len(set(texts)) == len(texts), kind


def test_one_profile_after_another_needs_no_confirmation_and_edits_nothing(organisation, lead):
    apply_profile(profile("start-up"), organisation, by=lead)
    before = list(Version.objects.order_by("id").values_list("text", flat=True))
    apply_profile(profile("regulated"), organisation, by=lead)
    apply_profile(profile("growth"), organisation, by=lead)
    kept = list(Version.objects.order_by("id").values_list("text", flat=True))
    assert kept[: len(before)] == before
    closure = all_kinds()["closure"]
    assert current(closure, organisation).text == closure.shipped()["default"]


def test_a_version_of_ones_own_is_overtaken_only_when_that_is_agreed(organisation, lead):
    closure = all_kinds()["closure"]
    mine = closure.shipped()["default"].replace("days: 10", "days: 11")
    publish(closure, organisation, mine, by=lead, why="holidays are long")
    with pytest.raises(Overtakes, match=r"Closing \(default\), version 1"):
        apply_profile(profile("enterprise"), organisation, by=lead)
    assert Version.objects.count() == 1
    apply_profile(profile("enterprise"), organisation, by=lead, overtake=True)
    assert current(closure, organisation).version == 2
    assert Version.objects.get(kind="closure", version=1).text == mine


def test_only_who_publishes_policies_applies_a_profile(organisation, engineer):
    with pytest.raises(PermissionDenied):
        apply_profile(profile("enterprise"), organisation, by=engineer)
    assert not Version.objects.exists()


def test_the_page_shows_what_would_change_and_asks_first(organisation, lead, engineer, signed_in):
    closure = all_kinds()["closure"]
    publish(closure, organisation, closure.shipped()["default"] + "# ours\n", by=lead, why="a note")
    browser = signed_in(lead)
    assert "Managed service provider" in browser.get("/policies/profiles/").content.decode()
    page = browser.get("/policies/profiles/enterprise").content.decode()
    assert "your own" in page
    assert "reopened_within_days: 30" in page
    asked = browser.post("/policies/profiles/enterprise", {}, follow=True)
    assert "would be overtaken" in asked.content.decode()
    done = browser.post("/policies/profiles/enterprise", {"overtake": "yes"}, follow=True)
    assert "policies were published" in done.content.decode()
    again = browser.post("/policies/profiles/enterprise", {"overtake": "yes"}, follow=True)
    assert "nothing was published" in again.content.decode()
    assert "Apply" not in signed_in(engineer).get("/policies/profiles/enterprise").content.decode()


def test_the_api_tells_the_plan_and_applies_it(organisation, lead, signed_in):
    browser = signed_in(lead)
    told = browser.get("/api/v1/profiles/start-up?organisation=ESC").json()
    assert [one["changes"] for one in told["steps"]] == [True] * len(told["steps"])
    address = "/api/v1/profiles/start-up/apply?organisation=ESC"
    made = browser.post(address, {}, content_type="application/json").json()
    assert len(made["published"]) == len(told["steps"])
    assert browser.post(address, {}, content_type="application/json").json() == {"published": []}


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_forgets_nothing_that_the_shipped_policies_have(name):
    for kind, fields in (("clock-policy", ["clocks"]), ("decision-rights", ["levels", "rights"])):
        shipped = read(all_kinds()[kind], all_kinds()[kind].shipped()["default"])
        mine = read(all_kinds()[kind], profile(name).texts[kind, "default"])
        for field in fields:
            assert set(getattr(shipped, field)) <= set(getattr(mine, field)), (kind, field)
