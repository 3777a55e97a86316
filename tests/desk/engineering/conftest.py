"""The cast, a case that knows enough for a ticket, and a ticket that passes the gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from cast import *  # noqa: F403
from holdfast.desk.engineering import commands
from holdfast.desk.engineering.models import Ticket
from holdfast.desk.environments.commands import Described, record
from holdfast.desk.impact.commands import Counted, count
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, finish_test, plan_test, propose, rule
from holdfast.desk.triage.commands import Answers, answer

Whole = Callable[..., Ticket]
SUPPORTS = "5 of 5 calls write no line"


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path


@pytest.fixture
def known(case: Any, engineer: Any, diagnosis: Any) -> Any:
    """A case with a diagnosis, numbers, an environment, a confirmed hypothesis and a test that shows it."""
    keep(case, diagnosis, artefacts=[])
    count(case, Counted("requests", 7, "customer", whole=31), by=engineer)
    answer(case, Answers(workaround="none", revenue_at_risk=60_000), by=engineer)
    record(case, Described("prod", "image: 1.0.2\nnode: n-3\n", version="1.0.2", region="eu-1"), by=engineer)
    made = propose(
        case, Claim("route drops the log line", "the line is gone", "the line is there", "route"), by=engineer
    )
    test = plan_test(
        made, Plan("flag at 100 %", "no line", command="curl -sX POST http://route/byIds"), by=engineer
    )
    finish_test(test, "supports", SUPPORTS, by=engineer)
    rule(made, "confirmed", "other regions", by=engineer)
    return type(case).objects.select_related("organisation", "customer").get(id=case.id)


@pytest.fixture
def whole(known: Any, engineer: Any) -> Whole:
    """Write a ticket that passes the gate, but for the parts that are told otherwise."""

    def write(case: Any = None, by: Any = None, **parts: str) -> Ticket:
        draft = commands.draft(case or known, by=by or engineer)
        said = {"risk": "Regression risk low: one log line."} | parts
        return commands.write(draft, commands.Said(parts=said), by=by or engineer)

    return write


@pytest.fixture
def filed(whole: Whole, engineer: Any, developer: Any) -> Ticket:
    """A ticket with its owner, for whom the developer answers."""
    return commands.file(whole(), by=engineer)


@pytest.fixture
def later() -> Callable[[float], Any]:
    """Return a moment so many minutes ahead."""
    return lambda minutes: timezone.now() + timedelta(minutes=minutes)
