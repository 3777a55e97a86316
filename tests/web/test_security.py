"""What every answer carries, whatever it is."""

from __future__ import annotations

import json
import logging

import pytest

from holdfast.web.journal import JsonLines, masked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/", "/sign-in/", "/healthz", "/api/v1/me", "/nowhere", "/static/desk.css"]
)
def test_every_answer_is_hardened(client, address):
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Request-Id"]


def test_pages_are_kept_out_of_caches(client):
    assert "no-store" in client.get("/sign-in/").headers["Cache-Control"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client, engineer):
    from holdfast.desk.people.commands import one_time_sign_in

    client.post(f"/sign-in/once/{one_time_sign_in(engineer)}")
    cookie = client.cookies["holdfast_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_https_is_forced_where_the_desk_is_reached_by_it(client, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    from django.test import Client

    assert Client().get("/healthz").headers["Location"].startswith("https://")
    assert "max-age=31536000" in Client().get("/healthz", secure=True).headers["Strict-Transport-Security"]


def test_a_form_without_its_token_changes_nothing(case, engineer):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(engineer, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = browser.post("/cases/ESC-1/acknowledge")
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content
    assert browser.post("/api/v1/cases/ESC-1/acknowledge").status_code == 403
    case.refresh_from_db()
    assert case.acknowledged_at is None


def test_nobody_signs_up(client):
    for address in ("/sign-up/", "/signup/", "/accounts/signup/"):
        assert client.get(address).status_code == 404


def test_guessing_passwords_is_slowed_down(client, engineer):
    engineer.set_password("correct horse battery")
    engineer.save()
    for _ in range(4):
        answer = client.post("/sign-in/", {"login": "engineer", "password": "wrong"})
    right = client.post("/sign-in/", {"login": "engineer", "password": "correct horse battery"})
    assert b"Too many failed" in answer.content
    assert right.status_code == 200


@pytest.mark.parametrize(
    "secret",
    [
        "hf_" + "a1B2c3D4" * 4,
        "Authorization: Bearer abcdefghijklmnop",
        "postgresql://desk:hunter22@db/holdfast",
        "GET /sign-in/once/zyxwvutsrq HTTP/1.1",
    ],
)
def test_secrets_never_reach_the_log(secret):
    shown = masked(secret)
    assert "***" in shown
    for hidden in ("c3D4a1B2", "abcdefghijklmnop", "hunter22", "zyxwvutsrq"):
        assert hidden not in shown


def test_a_log_line_is_json_with_what_the_call_added():
    record = logging.makeLogRecord({"msg": "job failed", "levelname": "ERROR", "job": 7})
    line = json.loads(JsonLines().format(record))
    assert (line["message"], line["level"], line["job"]) == ("job failed", "error", 7)


def test_metrics_are_for_loopback_or_a_token(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403
    assert b"holdfast_request_seconds" in client.get("/metrics").content
    settings.METRICS_TOKEN = "t0ken"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200


def test_an_error_nobody_expected_gives_an_id_and_no_traceback(engineer, signed_in, monkeypatch):
    from holdfast.desk.queue import queries

    monkeypatch.setattr(queries, "counts", lambda person: 1 / 0)
    browser = signed_in(engineer)
    browser.raise_request_exception = False
    answer = browser.get("/")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"].encode() in answer.content
    assert b"ZeroDivision" not in answer.content
