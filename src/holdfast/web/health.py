"""Whether the desk is alive, ready, and what it counts."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.models import Job
from holdfast.web import metrics

_LOOPBACK = {"127.0.0.1", "::1"}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Say that the process answers."""
    return JsonResponse({"status": "alive", "version": settings.VERSION})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Say whether the database answers and its schema is this version's."""
    try:
        executor = MigrationExecutor(connection)
        behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except Exception as error:
        return JsonResponse({"status": "no database", "error": type(error).__name__}, status=503)
    status = "schema is behind, run `holdfast migrate`" if behind else "ready"
    return JsonResponse({"status": status}, status=503 if behind else 200)


@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """Return the metrics to who may have them."""
    if not _may_read(request):
        return JsonResponse({"status": "refused"}, status=403)
    lines = [*metrics.requests.lines(), *_gauges()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    return request.META.get("REMOTE_ADDR") in _LOOPBACK


def _gauges() -> Iterator[str]:
    yield "# TYPE holdfast_jobs gauge"
    for row in Job.objects.filter(state__in=["queued", "running"]).values("state").annotate(n=Count("id")):
        yield f'holdfast_jobs{{state="{row["state"]}"}} {row["n"]}'
    oldest = Job.objects.filter(state="queued").order_by("id").values_list("created_at", flat=True).first()
    waited = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield "# TYPE holdfast_oldest_job_seconds gauge"
    yield f"holdfast_oldest_job_seconds {waited:.1f}"
    yield "# TYPE holdfast_open_cases gauge"
    yield f"holdfast_open_cases {Case.objects.filter(closed_at=None).count()}"
