"""A mitigation needs its decision, holds only when it was seen to, expires aloud, and stops the clock when it holds."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from holdfast.cli import mitigating
from holdfast.desk.cases import lines
from holdfast.desk.cases.clockwork import clocks_of, steps_of
from holdfast.desk.cases.commands import Conflict, acknowledge
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.decisions.commands import answer
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.insight.figures.time_to_mitigation import TimeToMitigation
from holdfast.desk.insight.measuring import as_told
from holdfast.desk.investigation.commands import keep
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable, read
from holdfast.desk.response import asking, jobs, probing, queries, watching
from holdfast.desk.response.effect import effect
from holdfast.desk.response.mitigations import (
    Proposal,
    decision_for,
    extend,
    judge,
    live_on,
    propose,
    replace,
    roll_back,
    set_probe,
    start,
    verify,
)
from holdfast.desk.response.models import Mitigation, Sample
from holdfast.desk.response.patterns import MitigationPatterns

pytestmark = pytest.mark.django_db
FLAG = Proposal("flag", "switch route.batch-lookup off")
TEXT = MitigationPatterns.shipped()["default"]


def nothing() -> None:
    return None


def now_(one):
    return Mitigation.objects.select_related("owner", "case__organisation").get(id=one.id)


def last(case):
    return case.entries.order_by("-position").first()


def look(said, case=None, since=None):
    return probing.run(probing.probe_from(said), case, since, nothing)


def test_a_low_risk_is_the_engineers_and_a_high_one_needs_a_lead(case, engineer, lead):
    flag = propose(case, FLAG, by=engineer)
    assert decision_for(flag) is None
    assert start(flag, by=engineer).state == "started"
    back = propose(case, Proposal("rollback", "to 4.2"), by=engineer)
    with pytest.raises(NeedsApproval, match=r"decided by lead \(lead\); D-1 waits for it"):
        start(back, by=engineer)
    assert now_(back).state == "proposed"
    answer(decision_for(back), True, by=lead)
    assert start(back, by=engineer).state == "started"
    assert last(case).data["decision"] == 1


def test_an_approval_is_of_the_words_that_were_approved(case, engineer, lead):
    back = propose(case, Proposal("rollback", "to 4.2"), by=engineer)
    answer(decision_for(back), True, by=lead)
    Mitigation.objects.filter(id=back.id).update(what="to 3.0, and drop the table")
    with pytest.raises(NeedsApproval, match="of something else"):
        start(now_(back), by=engineer)


def test_what_cannot_be_proposed_says_why(case, engineer):
    with pytest.raises(Conflict, match="no pattern reboot; restart, flag, config"):
        propose(case, Proposal("reboot", "all"), by=engineer)
    with pytest.raises(Conflict, match="the risk of rollback is high; name a higher one"):
        propose(case, Proposal("rollback", "to 4.2", risk="low"), by=engineer)
    with pytest.raises(Conflict, match="the probe's url"):
        propose(case, Proposal("flag", "off", probe={"kind": "http", "url": "ftp://x"}), by=engineer)
    with pytest.raises(Conflict, match="say what the number has to be"):
        propose(case, Proposal("flag", "off", probe={"kind": "log", "text": "error"}), by=engineer)
    with pytest.raises(Conflict, match="there is no program rm"):
        propose(case, Proposal("flag", "off", probe={"kind": "command", "command": "rm"}), by=engineer)
    assert not Mitigation.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("rollback: [set the noted value again]", "rollback: []", "flag is reversible, and no step says how"),
        ("    risk: low\n    steps: [note the present value, switch",
         "    risk: low\n    reversible: false\n    steps: [note the present value, switch",
         "flag cannot be undone; its risk is high"),
    ],
)  # fmt: skip
def test_a_library_that_contradicts_itself_is_refused(before, after, reason):
    assert shipped(MitigationPatterns).value.patterns.keys() >= {"restart", "flag", "limit"}
    with pytest.raises(Unusable, match=reason):
        read(MitigationPatterns, TEXT.replace(before, after, 1))


def test_the_first_that_holds_mitigates_the_case_and_stops_its_clock(case, engineer):
    acknowledge(case, by=engineer)
    failing = start(propose(case, FLAG, by=engineer), by=engineer)
    judge(failing, False, "still 7 of 31", by=engineer)
    assert Case.objects.get(id=case.id).state == "diagnosing"
    roll_back(now_(failing), True, "flag on again", by=engineer)
    holding = start(propose(case, Proposal("limit", "pool to 20"), by=engineer), by=engineer)
    judge(holding, True, "0 of 40 fail", by=engineer)
    case = Case.objects.get(id=case.id)
    assert case.state == "mitigated"
    clock = next(one for one in clocks_of(case) if one.rule.name == "mitigate")
    assert clock.status == "met"
    figure = TimeToMitigation()
    value = figure.of(as_told(case, steps_of(case), clocks_of(case)), timezone.now())
    assert not value.running
    roll_back(now_(holding), True, "pool as it was", by=engineer)
    assert Case.objects.get(id=case.id).state == "diagnosing"


def test_a_rollback_that_fails_is_shouted_and_stays_in_the_register(case, engineer, lead, manager):
    one = start(propose(case, FLAG, by=engineer), by=engineer)
    roll_back(one, False, "the flag service does not answer", by=engineer)
    one = now_(one)
    assert (one.state, one.live) == ("stuck", True)
    for person in (engineer, lead, manager):
        assert Notice.objects.filter(
            person=person, text__startswith="ALARM ESC-1 M-1 ROLLBACK FAILED"
        ).exists()
    roll_back(one, False, "nor does the second", by=lead)
    assert live_on(case) == [one]
    roll_back(now_(one), True, "set by hand in the database", by=lead)
    assert live_on(case) == []


def test_what_expired_is_told_once_and_stays_until_somebody_acts(case, engineer, lead):
    one = start(propose(case, FLAG, by=engineer), by=engineer)
    now = timezone.now()
    Mitigation.objects.update(expires_at=now + timedelta(minutes=30))
    watching.watch()
    watching.watch()
    assert Notice.objects.filter(person=engineer, text__contains="M-1 may stay until").count() == 1
    Mitigation.objects.update(expires_at=now - timedelta(minutes=1))
    watching.watch()
    watching.watch()
    assert case.entries.filter(text__contains="longer than it may be").count() == 1
    assert Notice.objects.filter(person=lead, text__contains="longer than it may be").count() == 1
    [row] = queries.register(lead)
    assert row.overdue
    with pytest.raises(Conflict, match="up to 90 days"):
        extend(one, now + timedelta(days=400), "later", by=engineer)
    with pytest.raises(Conflict, match="say until when"):
        extend(one, None, "later", by=engineer)
    assert not extend(one, now + timedelta(days=2), "the fix is in review", by=engineer).overdue
    replace(now_(one), "4.3 is out", by=engineer)
    assert queries.register(lead) == []
    dropped = propose(case, FLAG, by=engineer)
    assert replace(dropped, "not needed", by=engineer).state == "dropped"
    for deed in (verify, lambda one, by: roll_back(one, True, "x", by=by)):
        with pytest.raises(Conflict, match="is dropped"):
            deed(dropped, by=engineer)


def probed(case, engineer, shop, **more):
    probe = {"kind": "http", "url": shop["url"], "times": 2, "pause": 0, "seconds": 2, **more}
    one = propose(case, Proposal("flag", "off", probe=probe), by=engineer)
    while work_once("test"):
        pass
    one = start(one, by=engineer)
    verify(one, by=engineer)
    assert verify(one, by=engineer).id == verify(one, by=engineer).id
    while work_once("test"):
        pass
    return now_(one)


def test_a_probe_that_passes_as_often_as_wanted_holds(case, engineer, shop):
    one = probed(case, engineer, shop, contains="well")
    assert one.state == "held"
    assert "held: 2 of 2: answered 200 in" in case.entries.filter(data__held=True).get().text
    seen = effect(one)
    assert (seen.passed, seen.of, seen.unit) == (2, 2, "ms")
    assert seen.before is not None
    assert len(seen.dots) == 3


def test_a_probe_that_fails_says_what_it_saw(case, engineer, shop):
    shop["status"] = 503
    one = probed(case, engineer, shop)
    assert one.state == "failed"
    assert "answered 503, wanted 200" in Notice.objects.get(person=engineer).text


def test_a_probe_that_never_answers_is_inconclusive_and_never_held(case, engineer, shop):
    shop["wait"] = 3.5
    one = probed(case, engineer, shop, seconds=1)
    assert one.state == "started"
    assert "probe inconclusive: no answer within 1 s. It is not known to hold" in last(case).text
    assert Case.objects.get(id=case.id).state != "mitigated"


def test_a_server_that_takes_the_call_and_says_nothing_is_inconclusive(settings):
    settings.PROBE_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        started = time.monotonic()
        seen = look({"kind": "http", "url": url, "seconds": 1})
    assert (seen.outcome, time.monotonic() - started < 8) == ("inconclusive", True)


def test_nobody_there_is_a_failure(settings):
    settings.PROBE_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    seen = look({"kind": "http", "url": f"http://127.0.0.1:{port}/", "seconds": 5})
    assert (seen.outcome, "nobody answers" in seen.text) == ("failed", True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]"]
)
def test_private_addresses_are_not_asked_unless_the_desk_allows_it(host):
    with pytest.raises(asking.Unreachable, match="a private address"):
        asking.address_of(host.strip("[]"), 80, private=False)
    order = {
        "kind": "http",
        "url": f"http://{host}/",
        "seconds": 2,
        "private": False,
        "status": 200,
        "contains": "",
    }
    assert asking.look(order)["outcome"] == "inconclusive"


def test_redirects_are_followed_three_times_and_looked_at_each_time(shop):
    shop["status"], shop["to"] = 302, shop["url"]
    assert "more than 3 redirects" in look({"kind": "http", "url": shop["url"]}).text
    shop["to"] = "file:///etc/passwd"
    assert look({"kind": "http", "url": shop["url"]}).outcome == "inconclusive"


def test_an_endless_answer_is_cut(shop):
    shop["body"] = b"x" * 3_000_000
    status, body, took = asking.get(shop["url"], 5, private=True)
    assert (status, len(body), took > 0) == (200, asking.MOST, True)


@pytest.mark.parametrize(
    ("body", "most", "outcome", "text"),
    [
        (b'{"data":{"resultType":"vector","result":[{"value":[1,"0.02"]}]}}', 0.05, "passed", "0.02"),
        (b'{"data":{"resultType":"scalar","result":[1,"0.2"]}}', 0.05, "failed", "0.2, wanted at most 0.05"),
        (b'{"data":{"resultType":"vector","result":[]}}', 0.05, "inconclusive", "no number"),
        (b'{"data":{"resultType":"scalar","result":[1,"NaN"]}}', 0.05, "inconclusive", "not a number"),
        (b"<html>", 0.05, "inconclusive", "no number"),
    ],
)
def test_a_metric_is_where_it_has_to_be(shop, body, most, outcome, text):
    shop["body"] = body
    seen = look({"kind": "metric", "url": shop["url"], "query": "up", "most": most})
    assert seen.outcome == outcome
    assert text in seen.text


def test_evidence_says_something_only_when_read_since_the_start(
    case, engineer, diagnosis, settings, tmp_path
):
    settings.DATA = tmp_path
    since = timezone.now()
    said = {"kind": "evidence", "component": "route", "signal": "failed", "most": 0.01}
    assert "no evidence was read since" in look(said, case, since).text
    level = {
        "calls": 40,
        "rate_per_minute": 40.0,
        "failed": 0.0,
        "median_ms": 3.0,
        "p95_ms": 9.0,
        "waited": 0.1,
    }
    folder = tmp_path / "readings" / "kept"
    folder.mkdir(parents=True)
    for form in ("data", "redacted"):
        (folder / f"A1.{form}").write_bytes(b"ERROR one\nfine\nerror two\n")
    golden = [{"component": "route", "before": level, "after": level | {"failed": 0.2}}]
    keep(case, diagnosis | {"golden": golden}, artefacts=[], folder="kept")
    assert look(said, case, since).outcome == "failed"
    assert look(said | {"most": 0.5}, case, since).outcome == "passed"
    assert "no golden signals of seat" in look(said | {"component": "seat"}, case, since).text
    lines_ = {"kind": "log", "text": "error", "most": 1}
    assert look(lines_, case, since).text.startswith("2 lines hold “error”")
    assert look(lines_ | {"most": 2}, case, since).outcome == "passed"
    assert look(lines_, case, timezone.now()).outcome == "inconclusive"


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_command_runs_under_limits_and_is_killed_with_all_it_started(settings, tmp_path):
    settings.PROBE_COMMANDS = str(tmp_path)
    program(tmp_path, "well", 'echo "$1 $HOME"; exit 0')
    program(tmp_path, "sick", "echo no; exit 3")
    program(tmp_path, "hangs", f"sleep 30 & echo $! > {tmp_path}/child; wait")
    program(tmp_path, "large", "head -c 5000000 /dev/zero > out && echo written")
    seen = look({"kind": "command", "command": "well", "arguments": ["a; rm -rf /"]})
    assert (seen.outcome, seen.text) == ("passed", "ended with 0: a; rm -rf /")
    assert look({"kind": "command", "command": "sick"}).text == "ended with 3: no"
    assert "written" not in look({"kind": "command", "command": "large"}).text
    seen = look({"kind": "command", "command": "hangs", "seconds": 1})
    assert (seen.outcome, "was killed" in seen.text) == ("inconclusive", True)
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("the command's child lives on")
    (tmp_path / "well").unlink()
    assert probing.run({"kind": "command", "command": "well"}, None, None, nothing).outcome == "inconclusive"


def test_a_probe_is_chosen_before_its_result_is_known(case, engineer):
    one = start(propose(case, FLAG, by=engineer), by=engineer)
    with pytest.raises(Conflict, match="has no probe; set one"):
        verify(one, by=engineer)
    set_probe(one, {"kind": "http", "url": "https://shop.example/"}, by=engineer)
    judge(now_(one), True, "all is well", by=engineer)
    with pytest.raises(Conflict, match="its probe stays as it was"):
        set_probe(now_(one), {"kind": "http", "url": "https://shop.example/other"}, by=engineer)


def test_a_live_mitigation_is_looked_at_again_and_again_without_being_judged(case, engineer, shop):
    one = probed(case, engineer, shop)
    shop["status"] = 500
    Mitigation.objects.update(next_sample_at=timezone.now())
    watching.watch()
    while work_once("test"):
        pass
    assert Sample.objects.order_by("-id")[0].outcome == "failed"
    assert now_(one).state == "held"
    assert now_(one).next_sample_at > timezone.now()
    old = timezone.now() + timedelta(days=2)
    assert [jobs.next_look(now_(one)), jobs.next_look(now_(one), old)] == [60.0, 1800.0]


def test_the_line_proposes_and_says_before_who_has_to_approve(case, engineer):
    assert "needs lead" in lines.read(case, "/mitigate rollback to 4.2", by=engineer)
    assert "yours to start" in lines.read(case, "/mitigate flag off", by=engineer)
    assert "still missing" in lines.read(case, "/mitigate flag", by=engineer)
    assert "name the pattern first" in lines.read(case, "/mitigate", by=engineer)
    assert "there is no /dance" in lines.read(case, "/dance", by=engineer)
    assert lines.read(case, "hello", by=engineer).startswith("chat")
    assert not Mitigation.objects.exists()
    lines.write(case, "/mitigate flag switch it off", by=engineer)
    assert Mitigation.objects.get().what == "switch it off"


def test_the_page_leads_from_proposal_to_held(case, engineer, signed_in, shop):
    browser = signed_in(engineer)
    form = {"pattern": "flag", "what": "off in eu-1", "kind": "http", "url": shop["url"], "times": "1"}
    browser.post("/cases/ESC-1/mitigations/propose", form)
    for deed in ("start", "verify"):
        browser.post(f"/cases/ESC-1/mitigations/1/{deed}")
    while work_once("test"):
        pass
    page = browser.get("/cases/ESC-1/mitigations").text
    assert "off in eu-1" in page
    assert '<polyline points="' in page
    assert "held" in page
    assert "off in eu-1" in browser.get("/mitigations/").text
    told = browser.post("/cases/ESC-1/mitigations/1/extend", {"until": "soon", "reason": "x"}, follow=True)
    assert "is no time" in told.text


def test_the_command_line_refuses_what_is_no_mitigation(capsys):
    assert mitigating.act("ESC-1", "x", "start", "", "http://x", "") == 2
    assert mitigating.propose("ESC-1", {}, "{", "http://x", "") == 2
    assert "no JSON" in capsys.readouterr().err
