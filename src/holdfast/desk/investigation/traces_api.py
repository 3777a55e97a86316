"""Traces worth looking at, over REST."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from holdfast.desk.investigation.api import Version, diagnosis_of
from holdfast.desk.investigation.kept import traces_of
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.investigation.traces import named
from holdfast.desk.people.api import Words

router = Router(tags=["investigation"])


class TraceOut(Schema):
    """A trace that was kept, without its spans. Times in milliseconds."""

    trace: str
    sort: str
    """`failed`, `slow` or `good`."""
    baseline: bool
    request: str
    time: str
    """When it began, ISO 8601."""
    spans: int
    components: int
    ms: float
    odd: list[str]
    """What good traces of its request do otherwise."""


class TracesOut(Schema):
    """How many traces were sampled since the onset, and those that were kept."""

    all: int
    failed: int
    slow: int
    requests: list[dict[str, Any]]
    traces: list[TraceOut]


class WaterfallOut(TraceOut):
    """A trace with its spans, callers first."""

    good: dict[str, float]
    origin: dict[str, Any] | None
    path: list[dict[str, Any]]
    left_out: int
    rows: list[dict[str, Any]]


@router.get("/cases/{key}/traces", response=TracesOut, summary="List traces worth looking at")
def traces(request: HttpRequest, key: str, version: Version) -> dict[str, Any]:
    """Return the failed and slow traces that were kept of a diagnosis, and good ones beside them."""
    return _kept(request, key, version)


@router.get("/cases/{key}/traces/{trace}", response=WaterfallOut, summary="Read a trace")
def trace(request: HttpRequest, key: str, trace: Words, version: Version) -> dict[str, Any]:
    """Return a kept trace: its spans, what it waited for, where its error comes from."""
    found = named(_kept(request, key, version)["traces"], trace)
    if found is None:
        raise Diagnosis.DoesNotExist
    return found


def _kept(request: HttpRequest, key: str, version: int | None) -> dict[str, Any]:
    found = traces_of(diagnosis_of(request, key, version))
    return found or {"all": 0, "failed": 0, "slow": 0, "requests": [], "traces": []}
