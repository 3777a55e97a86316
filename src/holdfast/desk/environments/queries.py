"""Reading environments."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from django.db.models import QuerySet

from holdfast.desk.cases.models import Case
from holdfast.desk.environments.models import Environment
from holdfast.desk.investigation.models import Diagnosis

_ENDINGS = {".json", ".yaml", ".yml", ".env", ".ini", ".cfg", ".conf", ".properties"}


def environments(case: Case) -> QuerySet[Environment]:
    """Return the environments that were not withdrawn, in the order they were recorded."""
    return Environment.objects.filter(case=case, withdrawn_at=None).order_by("number")


def environment_of(case: Case, number: int) -> Environment:
    """Return E1, E2, ... of a case."""
    return environments(case).get(number=min(number, 2**31 - 1))


def readable(case: Case, kept: Diagnosis | None) -> list[tuple[str, str]]:
    """Return the files of the evidence that look like configuration, by what they are asked for and name."""
    found = [(str(one.id), one.name) for one in case.artefacts.all()[:200]]
    listed: list[dict[str, Any]] = kept.report["artefacts"] if kept and kept.folder else []
    found += [(one["id"], one["name"]) for one in listed]
    return [(key, name) for key, name in found if PurePosixPath(name.lower()).suffix in _ENDINGS][:200]
