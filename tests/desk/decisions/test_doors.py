"""No door lets a deed pass that the table of decision rights forbids: every guarded deed, role and door is tried."""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from itertools import product

import httpx
import pytest
import typer
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from guarded import TRIALS, Trial
from holdfast.desk.cases import commands
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.decisions.guarding import Unguarded, guarded, guarded_deeds, nothing_to_do, require
from holdfast.desk.decisions.rights import DecisionRights, Right
from holdfast.desk.policies.commands import publish
from role_table import CAST

built = cache(typer.main.get_command)  # the commands are the same for everybody who calls one
pytestmark = pytest.mark.django_db
ROLES = tuple(role for role in CAST if role != "nobody")


@pytest.fixture
def stage(request, case, engineer, settings, tmp_path, monkeypatch):
    """The whole cast on a case; the command line is led to this desk."""
    settings.DATA = tmp_path
    people = {name: request.getfixturevalue(name) for name in ROLES}
    commands.join(case, people["developer"], "reads the change", by=engineer)
    commands.join(case, people["sre"], "watches the rollout", by=engineer)

    def answered(asked: httpx.Request) -> httpx.Response:
        names = {"Authorization": asked.headers["Authorization"]}
        kind = "application/json"
        said = Client().generic(asked.method, asked.url.path, asked.content, content_type=kind, headers=names)
        return httpx.Response(said.status_code, content=said.content)

    way = httpx.MockTransport(answered)
    monkeypatch.setattr("holdfast.web.sending.httpx.Client", partial(httpx.Client, transport=way))
    monkeypatch.setattr("typer.testing._get_command", built)
    return people | {
        "patch": monkeypatch,
        "case": Case.objects.select_related("organisation").get(id=case.id),
    }


def passes(trial: Trial, door: str, role: str, stage: dict) -> bool:
    """Whether somebody gets the deed done through a door; the scene is as it was afterwards."""
    with transaction.atomic():
        with suppress(Conflict, PermissionDenied, Case.DoesNotExist):
            trial.doors[door](stage[role], stage)
        done = trial.done(stage)
        transaction.set_rollback(True)
    return done


def test_every_guarded_deed_is_tried_through_every_door():
    assert get_resolver().url_patterns  # whose rooms register their deeds when they are loaded
    assert set(guarded_deeds()) == {name.partition(",")[0] for name in TRIALS}
    for name, trial in TRIALS.items():
        assert {"web", "api", "cli", "mail"} <= {door.partition(",")[0] for door in trial.doors}, name


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_nobody_passes_whom_the_table_forbids(name, stage):
    trial = TRIALS[name]
    trial.prepare(stage)
    rights = table(stage["case"].organisation)
    may = {role for role in ROLES if alone(stage["case"], stage["right"], stage[role], rights)}
    passed = {(role, door) for role, door in product(ROLES, trial.doors) if passes(trial, door, role, stage)}
    assert {role for role, _ in passed} <= may, sorted(passed)
    if may & {"engineer", "lead"}:
        assert {"web", "api"} <= {door for _, door in passed}
        assert {"cli", "cli, the decision"} & {door for _, door in passed}
    assert not {"mail", "line", "job"} & {door for _, door in passed}


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_nobody_passes_where_all_is_left_to_others(name, stage, lead):
    text = DecisionRights.shipped()["default"].replace("own: true", "own: false")
    text = text.replace("break_glass: true", "break_glass: false")
    publish(DecisionRights, stage["case"].organisation, text, by=lead, why="four eyes on everything")
    trial = TRIALS[name]
    trial.prepare(stage)
    # answering a decision is what approvers are for; all other doors stay shut
    direct = set(trial.doors) - {"web, the decision", "api, the decision", "cli, the decision"}
    assert [(role, door) for role, door in product(ROLES, direct) if passes(trial, door, role, stage)] == []


def test_a_deed_that_forgets_to_ask_is_undone(case, engineer, monkeypatch):
    from holdfast.desk.decisions import guarding

    monkeypatch.setattr(guarding, "_deeds", {})

    @guarded("say something in secret", Right.RISKY_CHANGE)
    def careless():
        commands.comment(case, "done", by=engineer)

    @guarded("say nothing", Right.RISKY_CHANGE)
    def idle():
        nothing_to_do()

    @guarded("say something", Right.COURSE)
    def careful():
        require(Case.objects.get(id=case.id), Right.COURSE, by=engineer, about="x")

    with pytest.raises(Unguarded, match="say something in secret did not ask"):
        careless()
    assert not case.entries.filter(text="done").exists()
    idle()
    careful()
    with pytest.raises(ValueError, match="two guarded deeds are called say nothing"):
        guarded("say nothing", Right.COURSE)(idle)
