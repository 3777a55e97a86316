"""Sign-in, one-time addresses and tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from holdfast.desk.people import commands
from holdfast.desk.people.models import Token
from holdfast.desk.people.rights import REACH, RIGHTS, Role

pytestmark = pytest.mark.django_db


def call(client, value, method="get", address="/api/v1/me"):
    return getattr(client, method)(address, headers={"Authorization": f"Bearer {value}"})


def test_every_role_has_its_rights_and_its_reach():
    assert set(RIGHTS) == set(REACH) == set(Role)


def test_a_token_acts_for_its_person_and_only_its_digest_is_kept(client, engineer):
    token, value = commands.issue_token(engineer, "laptop", "read")
    assert call(client, value).json()["username"] == "engineer"
    assert value not in str(Token.objects.filter(id=token.id).values().get())


def test_a_token_that_reads_does_not_write(client, case, engineer):
    _, value = commands.issue_token(engineer, "laptop", "read")
    answer = call(client, value, "post", "/api/v1/cases/ESC-1/acknowledge")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("end", ["revoke", "expire", "disable"])
def test_a_token_that_ended_opens_nothing(client, engineer, end):
    token, value = commands.issue_token(engineer, "laptop", "write")
    if end == "revoke":
        commands.revoke_token(token)
    elif end == "expire":
        Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        engineer.is_active = False
        engineer.save()
    answer = call(client, value)
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"code", "message", "kept", "next", "request"}


def test_a_one_time_address_signs_in_once_and_only_when_pressed(client, engineer):
    address = f"/sign-in/once/{commands.one_time_sign_in(engineer)}"
    assert client.get(address).status_code == 200
    assert client.get("/").headers["Location"].startswith("/sign-in/")
    assert client.post(address).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post(address).status_code == 410


def test_a_sign_in_value_is_no_token(client, engineer):
    assert call(client, commands.one_time_sign_in(engineer)).status_code == 401


def test_a_token_is_shown_once(engineer, signed_in):
    browser = signed_in(engineer)
    assert b"hf_" in browser.post("/me/tokens", {"name": "ci", "scope": "write"}).content
    assert b"hf_" not in browser.get("/me/tokens").content


def test_nobody_ends_the_token_of_another(engineer, team_mate, signed_in):
    token, _ = commands.issue_token(engineer, "laptop", "read")
    assert signed_in(team_mate).post(f"/me/tokens/{token.id}/revoke").status_code == 404


def test_somebody_in_a_hurry_signs_in_by_name_or_e_mail(client, engineer):
    cache.clear()  # failed attempts of other tests are counted there
    engineer.email = "e1@example.org"
    engineer.set_password("correct horse battery")
    engineer.save()
    for login in ("engineer", "e1@example.org"):
        answer = client.post("/sign-in/", {"login": login, "password": "correct horse battery"})
        assert answer.headers["Location"] == "/"
        client.logout()
