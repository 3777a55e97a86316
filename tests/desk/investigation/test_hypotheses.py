"""A hypothesis says what would refute it, is tested, and gets a verdict that says what was not checked."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.marks import Overtaken
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.candidates import candidates, next_tests
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import (
    Claim,
    Plan,
    adopt,
    experiment_of,
    finish_test,
    hypothesis_of,
    plan_test,
    propose,
    reword,
    rule,
    weigh_evidence,
)
from holdfast.desk.investigation.models import Hypothesis
from holdfast.desk.investigation.story import cite
from holdfast.desk.outbox.models import Event

pytestmark = pytest.mark.django_db
CLAIM = Claim(
    "route leaves before line 53", "line 53 is back with the flag off", "line 53 stays away", "route"
)
PLAN = Plan("switch the flag off on one pod", "line 53 is back", environment="staging", minutes=10)


@pytest.fixture
def first(case, engineer):
    return propose(case, CLAIM, by=engineer)


@pytest.fixture
def second(case, engineer, first):
    return propose(
        case, Claim("the seat cache is stale", "seat lacks it", "seat has it", "seat"), by=engineer
    )


def fresh(case):
    return Case.objects.select_related("organisation").get(id=case.id)


def newest_text(case):
    return case.entries.order_by("-position").first().text


def prove(one, by, outcome="supports", **more):
    plan = Plan(**{"setting": "flag off", "expected": "it is back"} | more)
    return finish_test(plan_test(one, plan, by=by), outcome, "5 of 5 calls", by=by)


def test_a_hypothesis_is_numbered_told_and_published(case, first, second, engineer):
    assert [str(first), str(second)] == ["H1", "H2"]
    entry = case.entries.get(text__startswith="H1 proposed")
    assert entry.data["from"] is None
    assert entry.data["to"] == CLAIM.claim
    assert not entry.shared
    assert Event.objects.filter(kind="case.hypothesis", case_id=case.id).count() == 2
    assert verify(fresh(case)) == ""


def test_the_same_claim_again_is_the_one_that_is_there(case, first, engineer):
    assert propose(case, CLAIM, by=engineer) == first
    assert case.hypotheses.count() == 1


@pytest.mark.parametrize("missing", ["claim", "prediction", "refutation"])
def test_a_claim_that_nothing_could_refute_is_no_hypothesis(case, engineer, missing):
    said = {"claim": "a", "prediction": "b", "refutation": "c"} | {missing: "  "}
    with pytest.raises(Conflict, match="write"):
        propose(case, Claim(**said), by=engineer)
    assert not case.hypotheses.exists()


def test_only_those_who_record_write_in_the_ledger(case, first, customer, stranger):
    with pytest.raises(PermissionDenied):
        weigh_evidence(first, "+", "we saw it", by=customer)
    with pytest.raises(ObjectDoesNotExist):
        weigh_evidence(first, "+", "we saw it", by=stranger)
    assert not first.evidence.exists()


def test_confirming_waits_for_a_test_that_could_have_refuted_it(case, first, engineer):
    with pytest.raises(Conflict, match="one test that could have refuted it, finished; you wrote “nothing”"):
        rule(first, "confirmed", "nothing", by=engineer)
    prove(first, engineer, could_refute=False)
    running = plan_test(first, PLAN, by=engineer)
    with pytest.raises(Conflict, match="could have refuted"):
        rule(first, "confirmed", "nothing", by=engineer)
    finish_test(running, "supports", "line 53 is back in 5 of 5", by=engineer)
    assert rule(first, "confirmed", "episodes 2 and 3", by=engineer).state == "confirmed"
    assert hypothesis_of(case, 1).not_checked == "episodes 2 and 3"


def test_a_test_that_did_not_run_is_neither_for_nor_against(case, first, engineer):
    prove(first, engineer, "did_not_run")
    with pytest.raises(Conflict, match="could have refuted"):
        rule(first, "confirmed", "nothing", by=engineer)
    with pytest.raises(Conflict, match="nothing stands against H1"):
        rule(first, "refuted", "nothing", by=engineer)
    assert rule(first, "inconclusive", "the pod was gone", by=engineer).state == "inconclusive"


def test_what_a_test_contradicts_cannot_be_confirmed(case, first, engineer):
    prove(first, engineer)
    prove(first, engineer, "contradicts")
    with pytest.raises(Conflict, match="T2 contradicts H1"):
        rule(first, "confirmed", "nothing", by=engineer)
    assert rule(first, "refuted", "nothing", by=engineer).state == "refuted"


def test_a_verdict_says_what_was_not_checked(case, first, engineer):
    with pytest.raises(Conflict, match="what was not checked"):
        rule(first, "inconclusive", " ", by=engineer)
    with pytest.raises(Conflict, match="a verdict is"):
        rule(first, "open", "nothing", by=engineer)


def diagnose_clock(case):
    return next(one for one in clocks_of(fresh(case)) if one.rule.name == "diagnose")


def test_confirming_stops_the_clock_of_the_initial_diagnosis_and_taking_it_back_runs_it(
    case, first, engineer
):
    cases.acknowledge(case, by=engineer)
    assert diagnose_clock(case).status == "running"
    prove(first, engineer)
    rule(first, "confirmed", "nothing", by=engineer)
    entry = case.entries.get(data__diagnosed=True)
    assert entry.text == "Diagnosed: route"
    assert entry.data["proof"] == "H1"
    assert diagnose_clock(case).status == "met"
    rule(first, "inconclusive", "the flag was off before", by=engineer)
    assert diagnose_clock(case).status == "running"
    assert diagnose_clock(case).used < timedelta(minutes=5)


def test_a_second_confirmation_is_not_a_second_diagnosis(case, first, second, engineer):
    for one in (first, second):
        prove(one, engineer)
        rule(one, "confirmed", "nothing", by=engineer)
    rule(first, "inconclusive", "nothing", by=engineer)
    assert case.entries.filter(data__diagnosed=True).count() == 1
    assert not case.entries.filter(data__diagnosed=False).exists()


def test_a_test_ends_once(case, first, engineer):
    test = plan_test(first, PLAN, by=engineer)
    finish_test(test, "supports", "5 of 5", by=engineer)
    before = case.entries.count()
    finish_test(test, "supports", "5 of 5", by=engineer)
    assert case.entries.count() == before
    with pytest.raises(Conflict, match="5 of 5; plan another, you wrote “0 of 5”"):
        finish_test(test, "contradicts", "0 of 5", by=engineer)
    assert experiment_of(case, 1).outcome == "supports"
    with pytest.raises(Conflict, match="ends as one of"):
        finish_test(test, "maybe", "5 of 5", by=engineer)


def test_two_who_narrow_a_claim_at_once_lose_no_text(case, first, engineer, lead):
    reword(first, "since the flag is on, route leaves early", by=engineer, before=CLAIM.claim)
    with pytest.raises(Overtaken) as told:
        reword(first, "route leaves early for batches", by=lead, before=CLAIM.claim)
    assert "since the flag is on" in str(told.value)
    assert "for batches" in str(told.value)
    entry = case.entries.get(text__startswith="H1 narrowed")
    assert entry.data["from"] == CLAIM.claim
    rule(first, "inconclusive", "all", by=engineer)
    with pytest.raises(Conflict, match="propose a new one"):
        reword(first, "again", by=lead, before="since the flag is on, route leaves early")


def test_evidence_keeps_the_place_it_was_seen_at(case, first, engineer, diagnosis):
    keep(case, diagnosis, artefacts=[])
    found = weigh_evidence(first, "+", "gone in 60 of 60", by=engineer, weight="strong", proof="f-01")
    assert (found.finding, found.version) == ("F-01", 1)
    place = {"artefact": "A1", "name": "route.log", "place": "line", "at": "54"}
    assert found.locators == [place]
    against = weigh_evidence(first, "-", "no call took longer", by=engineer, proof="route.log:12")
    assert against.locators == [place | {"at": "12"}]
    assert newest_text(case) == "Evidence against H1: no call took longer"
    with pytest.raises(Conflict, match="is for"):
        weigh_evidence(first, "?", "odd", by=engineer)


@pytest.mark.parametrize(
    "proof", ["F-99", "route.log", "other.log:3", "route.log:", ":54", "route.log:x", "::"]
)
def test_a_proof_that_is_nowhere_is_refused(diagnosis, proof):
    with pytest.raises(Conflict, match="neither a finding"):
        cite(diagnosis, proof)
    with pytest.raises(Conflict, match="neither a finding"):
        cite(None, proof)


@given(st.text(max_size=60))
def test_any_text_is_a_proof_or_refused(text):
    report = {"findings": [], "artefacts": [{"id": "A1", "name": "x/a.log"}]}
    try:
        finding, places = cite(report, text)
    except Conflict:
        return
    assert finding == ""
    assert [one["artefact"] for one in places] == ["A1"]


def test_the_diagnosis_offers_hypotheses_with_their_evidence_and_one_press_adopts(case, diagnosis, engineer):
    kept = keep(case, diagnosis, artefacts=[])
    assert [one.component for one in candidates(kept)] == ["route", "seat"]
    assert candidates(kept)[0].claim == "route is where it starts: line 53 gone while calls doubled."
    made = adopt(case, "route", by=engineer)
    evidence = made.evidence.get()
    assert (evidence.sign, evidence.weight, evidence.finding, evidence.person) == (
        "+",
        "strong",
        "F-01",
        None,
    )
    assert evidence.locators[0]["at"] == "54"
    assert adopt(case, "route", by=engineer) == made
    assert [one.component for one in queries.ledger(case, kept).offered] == ["seat"]
    assert adopt(case, "seat", by=engineer).evidence.get().sign == "-"


def test_nothing_is_offered_where_nothing_is_abnormal(case, diagnosis, engineer):
    kept = keep(case, diagnosis | {"verdict": "nothing_abnormal"}, artefacts=[])
    assert candidates(kept) == []
    with pytest.raises(Conflict, match="does not name route"):
        adopt(case, "route", by=engineer)


def test_the_next_test_is_the_one_that_separates_the_open_hypotheses(case, first, second, engineer):
    plan_test(first, Plan("replay", "fails", predictions={2: "Fails "}, minutes=1), by=engineer)
    plan_test(first, Plan("flag off", "back", predictions={2: "stays away"}, minutes=30), by=engineer)
    asked = [
        {"title": "changes of route", "command": "kubectl rollout history", "separates": []},
        {"title": "a thread dump", "command": "kill -QUIT 1", "separates": ["route", "seat"]},
    ]
    hypotheses = list(case.hypotheses.all())
    experiments = [test for one in hypotheses for test in one.experiments.all()]
    found = next_tests(hypotheses, experiments, asked)
    assert [one.title for one in found] == ["flag off", "a thread dump", "replay", "changes of route"]
    assert [one.separates for one in found] == [1, 1, 0, 0]
    assert found[1].request.endswith("This collects it: kill -QUIT 1")
    rule(second, "inconclusive", "all", by=engineer)
    assert all(not one.separates for one in next_tests(list(case.hypotheses.all()), experiments, asked))


def test_nobody_expects_anything_who_is_not_in_the_ledger(first, engineer):
    with pytest.raises(Conflict, match="there is no H9"):
        plan_test(first, Plan("flag off", "back", predictions={9: "no"}), by=engineer)


@given(st.lists(st.lists(st.sampled_from(["a", "A ", "b", "c"]), min_size=3, max_size=3), max_size=5))
def test_a_test_of_which_all_expect_the_same_stands_last(rows):
    live = [Hypothesis(number=n, state="open") for n in (1, 2, 3)]
    tests = [
        SimpleNamespace(
            hypothesis=live[0],
            number=n,
            setting=str(n),
            command="",
            minutes=None,
            expected=row[0],
            predictions={"2": row[1], "3": row[2]},
            finished_at=None,
        )
        for n, row in enumerate(rows, 1)
    ]
    found = next_tests(live, tests, [])
    assert len(found) == len(rows)
    numbers = [one.separates for one in found]
    assert numbers == sorted(numbers, reverse=True)
    for one in found:
        words = {text.strip().lower() for text in one.cells.values()}
        assert one.separates == {1: 0, 2: 2, 3: 3}[len(words)]


def test_the_page_shows_the_ledger_one_hypothesis_and_what_is_offered(case, diagnosis, engineer, signed_in):
    keep(case, diagnosis, artefacts=[])
    browser = signed_in(engineer)
    page = browser.get("/cases/ESC-1/hypotheses").content.decode()
    assert "No hypothesis yet." in page
    assert "Offered by diagnosis 1" in page
    answer = browser.post("/cases/ESC-1/hypotheses/adopt", {"component": "route"})
    assert answer.headers["Location"] == "/cases/ESC-1/hypotheses?h=1"
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "route is where it starts: line 53 gone while calls doubled." in page
    assert "version=1&amp;artefact=A1&amp;at=line:54#viewer" in page
    assert "Confirming H1 needs one test" in page
    assert "route is where it starts" in browser.get("/cases/ESC-1/").content.decode()


def test_the_whole_way_on_pages(case, first, second, engineer, signed_in):
    browser = signed_in(engineer)
    ledger = "/cases/ESC-1/hypotheses"
    sent = {"setting": "flag off", "expected": "back", "h2": "away", "could_refute": "on", "minutes": "10"}
    browser.post(f"{ledger}/1/tests", sent)
    assert experiment_of(case, 1).predictions == {"2": "away"}
    assert "separates 1, 10 min" in browser.get(ledger).content.decode()
    browser.post(f"{ledger}/1/evidence", {"sign": "-", "text": "<b>no</b> time-out", "weight": "weak"})
    refused = browser.post(f"{ledger}/1/verdict", {"verdict": "confirmed", "not_checked": "n"}, follow=True)
    assert "Nothing was changed: confirming H1 needs one test" in refused.content.decode()
    browser.post("/cases/ESC-1/tests/1/finish", {"outcome": "supports", "observed": "5 of 5"})
    browser.post(f"{ledger}/1/verdict", {"verdict": "confirmed", "not_checked": "the other episodes"})
    page = browser.get(f"{ledger}?h=1").content.decode()
    assert "the other episodes" in page
    assert "&lt;b&gt;no&lt;/b&gt; time-out" in page
    assert browser.get(f"{ledger}?h=99999999999999999999").status_code == 200
    assert browser.post(f"{ledger}/99999999999999999999/verdict", {"verdict": "refuted"}).status_code == 404


def test_the_whole_way_by_api(case, diagnosis, engineer, signed_in):
    keep(case, diagnosis, artefacts=[])
    browser, way = signed_in(engineer), "/api/v1/cases/ESC-1"

    def post(path, said):
        return browser.post(way + path, said, content_type="application/json")

    assert post("/hypotheses/adopt", {"component": "route"}).json()["evidence"][0]["by"] == "engine"
    claim = {"claim": "seat is full", "prediction": "no seats", "refutation": "a seat"}
    assert post("/hypotheses", claim).json()["number"] == 2
    assert (
        post("/hypotheses/2/claim", {"claim": "seat is overfull", "before": "seat is full"}).status_code
        == 200
    )
    said = {"sign": "+", "text": "gone", "proof": "route.log:54"}
    assert post("/hypotheses/1/evidence", said).json()["locators"][0]["at"] == "54"
    test = post("/hypotheses/1/tests", {"setting": "off", "expected": "back", "predictions": {"2": "away"}})
    assert test.json()["predictions"] == {"2": "away"}
    assert browser.get(f"{way}/hypotheses").json()["tests"][0]["separates"] == 1
    refused = post("/hypotheses/1/verdict", {"verdict": "confirmed", "not_checked": "none"})
    assert refused.status_code == 409
    assert "could have refuted" in refused.json()["error"]["message"]
    assert post("/tests/1/finish", {"outcome": "supports", "observed": "5 of 5"}).status_code == 200
    ruled = post("/hypotheses/1/verdict", {"verdict": "confirmed", "not_checked": "none"})
    assert ruled.json()["state"] == "confirmed"
    assert post(
        "/hypotheses/99999999999999999999/verdict", {"verdict": "refuted", "not_checked": "x"}
    ).status_code in (404, 422)
    assert post("/hypotheses/1/evidence", said | {"text": "\u0000"}).status_code == 422
