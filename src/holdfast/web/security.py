"""What every answer carries and every page requires."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch
from django.utils.decorators import sync_and_async_middleware

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# No inline script or style at all: text from evidence that slips into a page stays text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN_ROUTES = frozenset({"account_login", "once", "healthz", "readyz", "metrics"})
"""Names of the pages that need no session; the API checks for itself."""


@sync_and_async_middleware
def harden(get_response: Sync | Async) -> Sync | Async:
    """Add the security headers to every answer, and keep pages out of shared caches."""

    async def in_async(request: HttpRequest) -> HttpResponseBase:
        return _hardened(request, await get_response(request))  # type: ignore[misc]

    def in_sync(request: HttpRequest) -> HttpResponseBase:
        return _hardened(request, get_response(request))  # type: ignore[arg-type]

    return in_async if iscoroutinefunction(get_response) else in_sync


def _hardened(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@sync_and_async_middleware
def require_sign_in(get_response: Sync | Async) -> Sync | Async:
    """Pass requests on; the check itself is in `process_view`, where the page is known."""

    async def in_async(request: HttpRequest) -> HttpResponseBase:
        return await cast(Async, get_response)(request)

    def in_sync(request: HttpRequest) -> HttpResponseBase:
        return cast(Sync, get_response)(request)

    middleware: Any = in_async if iscoroutinefunction(get_response) else in_sync
    middleware.process_view = _signed_in
    return cast("Sync | Async", middleware)


def _signed_in(request: HttpRequest, *_: object) -> HttpResponseBase | None:
    """Send who is not signed in to the sign-in page: closed unless listed as open."""
    match = request.resolver_match
    if match is None or _open(match) or request.user.is_authenticated:
        return None
    return redirect_to_login(request.get_full_path())


def _open(match: ResolverMatch) -> bool:
    return match.url_name in OPEN_ROUTES or "api" in match.namespaces
