"""The API answers as its document says, whatever it is sent."""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(engineer, signed_in):
    browser = signed_in(engineer)

    def called(method, address, body=None, **headers):
        options = {"content_type": "application/json"} if method != "get" else {}
        return getattr(browser, method)(f"/api/v1{address}", body, headers=headers, **options)

    return called


def test_a_case_from_arrival_to_resolution(call, organisation):
    said = {"title": "Search fails", "severity": 1, "customer": "Northline Rail"}
    first = call("post", "/cases", said, **{"Idempotency-Key": "mail-1"})
    again = call("post", "/cases", said, **{"Idempotency-Key": "mail-1"})
    assert (first.status_code, again.status_code, again.json()["key"]) == (201, 200, first.json()["key"])
    assert call("post", "/cases/ESC-1/acknowledge").json()["owner"] == "engineer"
    assert call("post", "/cases/ESC-1/comments", {"text": "looking"}).status_code == 201
    assert call("post", "/cases/ESC-1/severity", {"to": 2, "reason": "workaround"}).json()["severity"] == 2
    assert call("post", "/cases/ESC-1/state", {"to": "resolved"}).json()["closed_at"]
    kinds = [entry["kind"] for entry in call("get", "/cases/ESC-1/timeline").json()["items"]]
    assert kinds == ["state", "state", "comment", "decision", "state"]
    assert call("get", "/cases/ESC-1/timeline/check").json()["whole"]


def test_pages_of_a_list_join_without_gap_or_overlap(call, declare):
    keys = [declare().key for _ in range(5)]
    seen, before = [], ""
    while before is not None:
        page = call("get", f"/cases?limit=2{before and f'&before={before}'}").json()
        seen += [case["key"] for case in page["items"]]
        before = page["before"]
    assert seen == keys[::-1]


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "code"),
    [
        ("get", "/cases/ESC-9", None, 404, "not_found"),
        ("post", "/cases", {"title": "", "severity": 9}, 422, "invalid"),
        ("post", "/cases/ESC-1/state", {"to": "closed"}, 409, "conflict"),
        ("post", "/cases/ESC-1/investigations", {}, 409, "conflict"),
        ("post", "/cases/ESC-1/uploads", {"name": "x", "size": 10**15}, 413, "too_large"),
    ],
)
def test_errors_have_one_shape(call, case, method, address, body, status, code):
    answer = call(method, address, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "kept", "next", "request"}


def test_the_document_names_every_operation_for_people():
    from holdfast.web.api import api

    for methods in api.get_openapi_schema()["paths"].values():
        for operation in methods.values():
            assert operation["summary"][0].isupper()
            assert operation["description"]


def test_nothing_sent_breaks_the_server(case, engineer):
    """Bounded: a few generated requests an operation, valid and not."""
    from holdfast.desk.people.commands import issue_token
    from holdfast.web.api import api

    _, value = issue_token(engineer, "fuzz", "write")
    browser = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {value}"})
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    for operation in schema.get_all_operations():
        bombard(operation.ok(), browser)


def bombard(operation, browser):
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def one(case):
        sent = case.as_transport_kwargs(base_url="http://testserver")
        address = urlsplit(sent["url"]).path + "?" + urlencode(sent.get("params") or {}, doseq=True)
        data = json.dumps(sent["json"]) if "json" in sent else (sent.get("data") or b"")
        headers = {
            name: value for name, value in dict(sent.get("headers") or {}).items() if name != "Authorization"
        }
        answer = browser.generic(sent["method"], address, data, "application/json", headers=headers)
        assert answer.status_code < 500, (sent["method"], address, data)

    one()
