"""How often the API may be asked: so many requests a minute for each token or session, fewer wrong ones for each
address. Signing in has limits of its own (`ACCOUNT_RATE_LIMITS`)."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import sync_and_async_middleware

from holdfast.web.errors import Said

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
_API = "/api/"
_WRONG_A_MINUTE = 30


class Buckets:
    """Token buckets of one process: each holds a minute's worth and is filled evenly. The longest unused go first."""

    def __init__(self, most: int = 20_000, now: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._most, self._now, self._lock = most, now, threading.Lock()

    def wait(self, key: str, a_minute: int, cost: int = 1) -> float:
        """Take from a bucket; return 0, or the seconds until it holds enough, when nothing was taken."""
        with self._lock:
            held, at = self._kept.pop(key, (float(a_minute), self._now()))
            held = min(float(a_minute), held + (self._now() - at) * a_minute / 60)
            short = max(0.0, max(cost, 1) - held) * 60 / a_minute
            self._kept[key] = (held if short else held - cost, self._now())
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return short


buckets = Buckets()


@sync_and_async_middleware
def limit(get_response: Sync | Async) -> Sync | Async:
    """Answer 429 with Retry-After (RFC 6585, RFC 9110 10.2.3) to whoever asks the API too often."""

    async def in_async(request: HttpRequest) -> HttpResponseBase:
        return _refused(request) or _counted(request, await cast(Async, get_response)(request))

    def in_sync(request: HttpRequest) -> HttpResponseBase:
        return _refused(request) or _counted(request, cast(Sync, get_response)(request))

    return in_async if iscoroutinefunction(get_response) else in_sync


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    if not request.path.startswith(_API) or not settings.API_RATE:
        return None
    seconds = max(
        buckets.wait(_asker(request), settings.API_RATE),
        buckets.wait(f"wrong {_address(request)}", _WRONG_A_MINUTE, cost=0),
    )
    if not seconds:
        return None
    after = math.ceil(seconds)
    told = Said(
        429,
        "too_often",
        f"The API was asked more often than {settings.API_RATE} times a minute, or too often with a wrong token.",
        next=f"Wait {after} s, then send it again.",
    )
    return JsonResponse(told.body(), status=429, headers={"Retry-After": str(after)})


def _counted(request: HttpRequest, response: Any) -> Any:
    if response.status_code == 401 and request.path.startswith(_API) and settings.API_RATE:
        buckets.wait(f"wrong {_address(request)}", _WRONG_A_MINUTE)
    return response


def _asker(request: HttpRequest) -> str:
    """Return who asks: by a hash, so that no token is kept."""
    shown = request.headers.get("Authorization") or request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if shown:
        return hashlib.sha256(shown.encode()).hexdigest()
    return _address(request)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
