"""A second factor: set up, asked for, required by role, lost and replaced. And the page of people."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from holdfast.desk.people import commands
from holdfast.desk.people.commands import issue_token, one_time_sign_in
from holdfast.desk.people.models import Person, RoleChange
from holdfast.desk.people.rights import Role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _forgetful():
    cache.clear()  # codes are good for one use, which is remembered there


def code(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def by_password(person):
    person.set_password(PASSWORD)
    person.save()
    browser = Client()
    return browser, browser.post("/sign-in/", {"login": person.username, "password": PASSWORD})


def set_up(browser):
    page = browser.get("/me/second-factor/new")
    if page.status_code == 302:  # it asks for the password once more
        browser.post(page.headers["Location"], {"password": PASSWORD})
        page = browser.get("/me/second-factor/new")
    secret = re.search(r'class="token">([A-Z2-7]+)<', page.content.decode())[1]
    assert browser.post("/me/second-factor/new", {"code": code(secret)}).status_code == 302
    cache.clear()
    return secret


def test_who_has_one_is_asked_for_it(lead):
    browser, _ = by_password(lead)
    secret = set_up(browser)
    again, answer = by_password(lead)
    assert answer.headers["Location"] == "/sign-in/code"
    assert again.get("/").headers["Location"].startswith("/sign-in/")
    assert again.post("/sign-in/code", {"code": "000000"}).status_code == 200
    assert again.post("/sign-in/code", {"code": code(secret)}).headers["Location"] == "/"
    assert again.get("/").status_code == 200


def test_its_secret_is_not_readable_in_the_database(lead):
    browser, _ = by_password(lead)
    secret = set_up(browser)
    assert secret not in str(Authenticator.objects.get(type="totp").data)


def test_a_recovery_code_signs_in_once(lead):
    browser, _ = by_password(lead)
    set_up(browser)
    page = browser.get("/me/second-factor/codes").content.decode()
    one = re.search(r'class="codes">(\w+)', page)[1]
    for status in (302, 200):
        again, _ = by_password(lead)
        assert again.post("/sign-in/code", {"code": one}).status_code == status


def test_a_one_time_address_is_no_way_around_it(lead):
    browser, _ = by_password(lead)
    set_up(browser)
    other = Client()
    answer = other.post(f"/sign-in/once/{one_time_sign_in(lead)}")
    assert answer.headers["Location"] == "/sign-in/code"
    assert other.get("/").status_code == 302


def test_a_role_that_must_have_one_gets_nowhere_without(organisation, lead, engineer, admin):
    commands.require_second_factor(organisation, ["lead", "admin"], by=admin)
    browser, _ = by_password(lead)
    assert browser.get("/").headers["Location"] == "/me/second-factor/new"
    assert browser.get("/me/tokens").status_code == 302
    refused = browser.get("/api/v1/me")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "second_factor")
    set_up(browser)
    again, _ = by_password(lead)
    secret_asked = again.get("/")
    assert secret_asked.status_code == 302
    free, _ = by_password(engineer)
    assert free.get("/").status_code == 200
    _, value = issue_token(lead, "laptop", "read")
    assert Client(headers={"Authorization": f"Bearer {value}"}).get("/api/v1/me").status_code == 200


def test_setting_it_up_is_enough_for_the_session_at_hand(organisation, lead, admin):
    commands.require_second_factor(organisation, ["lead"], by=admin)
    browser, _ = by_password(lead)
    secret = set_up(browser)
    asked = browser.get("/")
    assert asked.headers["Location"].startswith("/me/again/code?next=/")
    back = browser.post(asked.headers["Location"], {"code": code(secret)})
    assert back.headers["Location"] == "/"
    assert browser.get("/").status_code == 200


def test_a_lost_one_is_removed_by_an_admin_and_ends_the_sessions(lead, admin, signed_in):
    browser, _ = by_password(lead)
    set_up(browser)
    signed_in(admin).post(f"/people/ESC/{lead.id}/second-factor")
    assert browser.get("/").status_code == 302
    _, answer = by_password(Person.objects.get(id=lead.id))
    assert answer.headers["Location"] == "/"


def test_an_admin_lets_somebody_in_and_sends_them_an_address(admin, signed_in, organisation):
    browser = signed_in(admin)
    browser.post(
        "/people/ESC/admit", {"username": "nina", "name": "Nina New", "role": "sre", "email": "n@x.org"}
    )
    nina = Person.objects.get(username="nina")
    page = browser.post(f"/people/ESC/{nina.id}/sign-in").content.decode()
    address = re.search(r"/sign-in/once/[\w-]+", page)[0]
    hers = Client()
    assert hers.post(address).headers["Location"] == "/"
    assert hers.get("/").status_code == 200
    browser.post(f"/people/ESC/{nina.id}/role", {"role": "developer"})
    browser.post(f"/people/ESC/{nina.id}/end")
    assert hers.get("/").status_code == 302
    assert [(c.before, c.after, c.by) for c in RoleChange.objects.filter(person=nina)] == [
        ("", "sre", "admin"),
        ("sre", "developer", "admin"),
        ("developer", "", "admin"),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"username": "engineer", "role": "lead"}, b"is taken"),
        ({"username": "", "role": "lead"}, b"a name to sign in with"),
        ({"username": "x", "role": "king"}, b"there is no role"),
        ({"username": "x", "role": "customer"}, b"needs a customer"),
    ],
)
def test_what_cannot_be_is_refused_in_words(admin, engineer, signed_in, said, why):
    answer = signed_in(admin).post("/people/ESC/admit", said, follow=True)
    assert why in answer.content
    assert not Person.objects.filter(username="x").exists()


def test_the_last_admin_stays_one(admin, signed_in, organisation):
    browser = signed_in(admin)
    assert b"last admin" in browser.post(f"/people/ESC/{admin.id}/end", follow=True).content
    assert (
        b"last admin" in browser.post(f"/people/ESC/{admin.id}/role", {"role": "lead"}, follow=True).content
    )
    assert admin.memberships.get().role == "admin"


def test_an_admin_makes_no_address_for_somebody_who_is_more_elsewhere(admin, engineer, signed_in):
    commands.appoint(engineer, commands.found("Elsewhere", "ELS"), Role.ADMIN, by="test")
    answer = signed_in(admin).post(f"/people/ESC/{engineer.id}/sign-in", follow=True)
    assert b"sign-in/once" not in answer.content
    assert b"its admin has to do this" in answer.content
    assert (
        b"its admin" in signed_in(admin).post(f"/people/ESC/{engineer.id}/second-factor", follow=True).content
    )


def test_an_admin_of_one_organisation_is_nobody_at_another(admin, stranger, signed_in):
    browser = signed_in(admin)
    for address in (f"/people/ELS/{stranger.id}/end", "/people/ELS/admit", "/people/ELS/provisioning"):
        assert browser.post(address, {"username": "x", "role": "lead"}).status_code == 404
    assert browser.post(f"/people/ESC/{stranger.id}/role", {"role": "lead"}).status_code == 404


def test_a_directorys_token_is_shown_once_and_revoked(admin, signed_in, organisation):
    browser = signed_in(admin)
    value = re.search(rb"hf_[\w-]+", browser.post("/people/ESC/provisioning").content)[0].decode()
    assert value.encode() not in browser.get("/people/ESC/").content
    token = admin.tokens.get(scope="provision")
    browser.post(f"/people/ESC/provisioning/{token.id}/revoke")
    assert (
        Client(headers={"Authorization": f"Bearer {value}"}).get("/api/v1/scim/v2/Users").status_code == 401
    )
