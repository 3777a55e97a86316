"""The receiver of a case sees which ways to its evidence come along, which end, and what to ask for anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases.commands import assign
from holdfast.desk.decisions.commands import answer
from holdfast.desk.response.handing import hand_over
from holdfast.desk.response.moving import access_of
from holdfast.desk.vault import grants
from holdfast.desk.vault.grants import Wanted

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand(case, engineer, team_mate):
    owned = assign(case, engineer, by=engineer)
    return hand_over(owned, team_mate, timezone.now() + timedelta(minutes=30), by=engineer)


@pytest.fixture
def granted(case, engineer, manager):
    def make(what: str, to):
        grant = grants.request(case, Wanted(what, "the lines do not tell", to=to), by=engineer)
        answer(case.decisions.get(about=grants.about(grant)), True, by=manager)
        return grants.grant_of(case, grant.number)

    return make


def told(case, hand):
    return [(one.what, one.stands, one.grant and one.grant.number) for one in access_of(case, hand)]


def test_what_the_role_reads_moves_and_grants_do_not(case, hand, granted, engineer):
    grant = granted("raw", engineer)

    assert told(case, hand) == [
        ("Evidence with pseudonyms", "moves", None),
        ("War room and timeline", "moves", None),
        ("Evidence as it came", "anew", 1),
    ]
    assert access_of(case, hand)[2].until == grant.until


def test_what_was_asked_anew_waits_and_then_is_held(case, hand, granted, engineer, team_mate, manager):
    granted("raw", engineer)
    anew = grants.request(case, Wanted("raw", "taken over"), by=team_mate)
    assert told(case, hand)[2:] == [("Evidence as it came", "asked", anew.number)]

    answer(case.decisions.get(about=grants.about(anew)), True, by=manager)
    assert told(case, hand)[2:] == [("Evidence as it came", "held", anew.number)]


def test_a_grant_of_another_kind_or_of_less_does_not_stand_for_it(case, hand, granted, engineer, team_mate):
    granted("raw", engineer)
    granted("map", team_mate)

    assert told(case, hand)[2:] == [
        ("What pseudonyms stand for", "held", 2),
        ("Evidence as it came", "anew", 1),
    ]


def test_a_grant_that_is_over_is_not_shown(case, hand, granted, engineer):
    grants.end(granted("raw", engineer), by=engineer, reason="seen")

    assert len(told(case, hand)) == 2


def test_page_and_api_say_it(case, hand, granted, engineer, team_mate, signed_in):
    granted("raw", engineer)

    page = signed_in(team_mate).get(f"/cases/{case.key}/handover").content.decode()
    assert "Access that moves along" in page
    assert "Ask anew" in page
    said = signed_in(team_mate).get(f"/api/v1/cases/{case.key}/hand-overs/1").json()["access"]
    assert [one["stands"] for one in said] == ["moves", "moves", "anew"]
