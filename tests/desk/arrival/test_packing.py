"""The timeline says when the evidence pack became complete, and when it no longer is; F13 counts it."""

from __future__ import annotations

import pytest

from holdfast.desk.arrival import asking
from holdfast.desk.arrival.completeness import completeness
from holdfast.desk.arrival.intake import IntakeTemplate
from holdfast.desk.cases import commands as cases
from holdfast.desk.insight.models import Measure
from holdfast.desk.policies.commands import publish
from holdfast.desk.vault import commands as vault

pytestmark = pytest.mark.django_db
TEMPLATE = """title: Small
opening: please send
closing: Thank you.
areas: []
items:
  - {id: logs, asks: The logs, files: ["*.log"], severities: [1, 2]}
  - {id: limits, asks: What must not happen}
"""


def attach(case, name, by):
    upload = vault.begin(case, name, 3, by=by)
    vault.take(upload, 0, [b"abc"])
    return vault.complete(upload)


@pytest.fixture
def small(case, lead, settings, tmp_path):
    settings.DATA = tmp_path
    publish(IntakeTemplate, case.organisation, TEMPLATE, by=lead, why="less")
    return case


def packs(case):
    told = case.entries.filter(data__has_key="pack").order_by("position")
    return [(entry.data["pack"], entry.data["given"], entry.text) for entry in told]


def value(case):
    return Measure.objects.get(case=case, figure="evidence-pack").part


def test_becoming_complete_is_told_once_and_no_longer_being_so_too(small, engineer, signed_in):
    cases.acknowledge(small, by=engineer)
    assert value(small) == 0
    asking.mark(small, "limits", "given", by=engineer)
    assert packs(small) == []
    attach(small, "app.log", engineer)
    attach(small, "again.log", engineer)
    assert packs(small) == [(True, 2, "Evidence pack complete: 2 of 2")]
    assert value(small) == 1
    asking.mark(small, "limits", "missing", by=engineer)
    assert packs(small)[1:] == [(False, 1, "Evidence pack no longer complete: 1 of 2")]
    assert value(small) == 0
    page = signed_in(engineer).get("/cases/ESC-1/").content.decode()
    assert "1 of 2" in page[page.index('id="evidence"') :]


def test_a_milder_severity_asks_for_less(small, engineer):
    asking.mark(small, "limits", "given", by=engineer)
    cases.raise_severity(small, 3, by=engineer, reason="one user")
    assert packs(small) == [(True, 1, "Evidence pack complete: 1 of 1")]
    small.refresh_from_db()
    assert completeness(small).share == 1
