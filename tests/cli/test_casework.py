"""`holdfast case` against a desk that runs: what is asked, what is shown, what a refusal says."""

from __future__ import annotations

import pytest

from holdfast.cli import casework
from holdfast.desk.people.commands import issue_token


@pytest.fixture
def run(desk, case, declare, engineer, lead, capsys):
    """Return what a function of `casework` printed, with its exit code."""
    declare("Checkout fails")
    token = issue_token(lead, "laptop", "write")[1]

    def called(do, *arguments, **more):
        code = do(*arguments, desk, token, **more)
        said = capsys.readouterr()
        return code, said.out, said.err

    return called


pytestmark = pytest.mark.django_db(transaction=True)


def test_links_are_made_listed_and_ended(run):
    code, out, _ = run(casework.links, "ESC-1", deed="links", said={"relation": "parent", "to": "ESC-2"})
    assert (code, out.split()[1:4]) == (0, ["Parent", "ESC-2", "Checkout"])
    number = out.split()[0]
    outside = {"relation": "change", "reference": "CHG-7", "url": "https://changes.example/7"}
    assert "CHG-7  https://changes.example/7" in run(casework.links, "ESC-1", deed="links", said=outside)[1]
    run(casework.links, "ESC-1", deed=f"links/{number}/end", said={})
    assert "Parent" not in run(casework.links, "ESC-1")[1]


def test_a_duplicate_is_merged_and_that_is_taken_back(run):
    said = {"into": "ESC-2", "reason": "one cause"}
    assert "merged" in run(casework.links, "ESC-1", deed="merge", said=said)[1]
    assert run(casework.links, "ESC-1", deed="unmerge", said={"reason": "two"})[1] == "no links\n"


def test_a_refusal_is_said_in_the_desks_words(run, capsys):
    code, out, err = run(casework.links, "ESC-1", deed="links", said={"relation": "parent", "to": "ESC-9"})
    assert (code, out) == (2, "")
    assert "no case 'ESC-9' that you may see. Nothing was changed." in err
    assert casework.links("ESC-1", "http://127.0.0.1:9", "x") == 2
    assert "does not answer" in capsys.readouterr().err


def test_impact_and_the_brief_are_printed(run):
    said = {"what": "users", "number": 1240, "source": "customer", "whole": 5000}
    assert "1240 of 5000" in run(casework.impact, "ESC-1", deed="impact/numbers", said=said)[1]
    told = {"text": "no restart before 18:00"}
    assert "no restart before 18:00" in run(casework.impact, "ESC-1", deed="constraints", said=told)[1]
    assert run(casework.impact, "ESC-2")[1] == "no numbers and no constraints\n"
    code, out, _ = run(casework.brief, "ESC-1", False)
    assert (code, out.splitlines()[0]) == (0, "# ESC-1 Ticket search fails")
    assert "no restart before 18:00. [said by the customer, entry 3](http://127.0.0.1:" in out
    assert '"entries": 3' in run(casework.brief, "ESC-1", True)[1]


def test_environments_are_recorded_and_compared(run, tmp_path):
    assert run(casework.environments, "ESC-1")[1] == "no environments\n"
    for number, pool in enumerate(("10", "40"), 1):
        (tmp_path / "app.env").write_text(f"POOL={pool}\nDB_PASSWORD=geheim{number}\nREGION=eu-1\n")
        said = {"name": f"prod {number}"}
        code, out, _ = run(casework.add_environment, "ESC-1", said, tmp_path / "app.env")
        assert (code, out) == (0, f"E{number} prod {number}: 3 settings, 1 masked\n")
    assert run(casework.environments, "ESC-1")[1].startswith("E1   prod 1")
    out = run(casework.diff_environments, "ESC-1", 1, 2)[1]
    assert "- POOL = 10\n+ POOL = 40" in out
    assert "geheim" not in out
    assert out.endswith("2 differ, 1 alike\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    code, _, err = run(casework.add_environment, "ESC-1", {"name": "x"}, tmp_path / "binary")
    assert (code, "cannot be read as text" in err) == (2, True)


def test_a_profile_is_shown_applied_and_asks_before_it_overtakes(run, organisation, lead):
    from holdfast.desk.policies.commands import publish
    from holdfast.desk.policies.kind import all_kinds

    assert "service-provider" in run(casework.profiles)[1]
    never = pytest.fail
    code, out, _ = run(casework.apply_profile, "start-up", "", True, never)
    assert (code, "+title: Clocks of a start-up" in out.replace("+ ", "+")) == (0, True)
    out = run(casework.apply_profile, "start-up", "ESC", False, never)[1]
    assert "published closure/default version 1" in out
    assert (
        run(casework.apply_profile, "start-up", "", False, never)[1] == "start-up holds, nothing to publish\n"
    )
    closure = all_kinds()["closure"]
    publish(closure, organisation, closure.shipped()["default"] + "# ours\n", by=lead, why="a note")
    code, out, _ = run(casework.apply_profile, "start-up", "", False, lambda own: own != ["closure default"])
    assert (code, out.splitlines()[-1]) == (1, "nothing was published")
    assert run(casework.apply_profile, "start-up", "", False, lambda own: True)[0] == 0
    assert run(casework.apply_profile, "none", "", False, never)[0] == 2
