"""The whole life of a case by API alone: arrives, is triaged, diagnosed, resolved, closed, and reopened."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(signed_in, settings, tmp_path):
    """Return what calls an operation as somebody and insists that it is done."""
    settings.DATA = tmp_path

    def called(person, method, address, body=None):
        client = signed_in(person)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(client, method)(f"/api/v1{address}", **more)
        assert answer.status_code < 300, answer.content
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
