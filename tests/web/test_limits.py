"""Nobody may ask the API so often that others wait, and wrong tokens run out soon."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from holdfast.web import limits
from holdfast.web.limits import Buckets

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(monkeypatch, settings):
    settings.API_RATE = 5
    monkeypatch.setattr(limits, "buckets", Buckets())


def asked(client, token="", address="192.0.2.1"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.get("/api/v1/cases", headers=headers, REMOTE_ADDR=address)


def test_whoever_asks_too_often_is_told_how_long_to_wait_and_others_go_on(engineer, team_mate):
    mine, other = Client(), Client()
    mine.force_login(engineer, backend="allauth.account.auth_backends.AuthenticationBackend")
    other.force_login(team_mate, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert [asked(mine).status_code for _ in range(6)] == [200] * 5 + [429]
    refused = asked(mine)
    assert 1 <= int(refused["Retry-After"]) <= 12
    assert refused.json()["error"]["code"] == "too_often"
    assert refused["X-Frame-Options"] == "DENY"
    assert asked(other).status_code == 200
    assert mine.get("/").status_code == 200  # pages are no API


def test_wrong_tokens_from_one_address_run_out_though_each_is_another(settings):
    settings.API_RATE = 1000
    codes = [asked(Client(), f"hf_{n:040d}").status_code for n in range(40)]
    assert codes[:30] == [401] * 30
    assert set(codes[32:]) == {429}
    assert asked(Client(), "hf_other", address="192.0.2.2").status_code == 401


def test_no_limit_where_it_is_turned_off(settings):
    settings.API_RATE = 0
    assert {asked(Client()).status_code for _ in range(60)} == {401}


@given(st.lists(st.floats(0, 120), max_size=60), st.integers(1, 50))
def test_no_minute_lets_more_through_than_two_buckets(pauses, a_minute):
    clock = [0.0]
    kept, passed = Buckets(now=lambda: clock[0]), []
    for pause in pauses:
        clock[0] += pause
        if kept.wait("one", a_minute) == 0:
            passed.append(clock[0])
    for start in passed:
        assert sum(start <= at < start + 60 for at in passed) <= 2 * a_minute


def test_what_is_kept_of_those_who_asked_is_bounded():
    kept = Buckets(most=10)
    for number in range(100):
        kept.wait(str(number), 1)
    assert len(kept._kept) == 10
