"""Every request gets an id, is logged in one line, and counted."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from holdfast.web import metrics

request_id: ContextVar[str] = ContextVar("request_id", default="")
_log = logging.getLogger("holdfast.requests")
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def identify(get_response: Sync | Async) -> Sync | Async:
    """Give the request its id, and log and count the answer."""

    async def in_async(request: HttpRequest) -> HttpResponseBase:
        started = _begin(request)
        return _end(request, await get_response(request), started)  # type: ignore[misc]

    def in_sync(request: HttpRequest) -> HttpResponseBase:
        started = _begin(request)
        return _end(request, get_response(request), started)  # type: ignore[arg-type]

    return in_async if iscoroutinefunction(get_response) else in_sync


def _begin(request: HttpRequest) -> float:
    given = request.headers.get("X-Request-Id", "")
    request_id.set(given if _ID.fullmatch(given) else uuid.uuid4().hex[:16])
    return time.perf_counter()


def _end(request: HttpRequest, response: HttpResponseBase, started: float) -> HttpResponseBase:
    took = time.perf_counter() - started
    match = request.resolver_match
    route = match.route if match else "-"  # the route, not the path: paths may carry one-time values
    response["X-Request-Id"] = request_id.get()
    metrics.requests.count(took, method=request.method or "", route=route, status=str(response.status_code))
    _log.info(
        "request",
        extra={
            "method": request.method,
            "route": route,
            "case": match.kwargs.get("key", "") if match else "",
            "status": response.status_code,
            "ms": round(1000 * took, 1),
            "person": getattr(getattr(request, "user", None), "pk", None),
        },
    )
    return response
