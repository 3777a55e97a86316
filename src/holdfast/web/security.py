"""What every answer carries and every page requires."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils.decorators import sync_and_async_middleware

from holdfast.desk.people.doors import named
from holdfast.desk.people.models import Person
from holdfast.web.errors import Said

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
OPEN_ROUTES = frozenset(
    {
        "account_login",
        "once",
        "survey",
        "status",
        "confirm_follower",
        "stop_following",
        "healthz",
        "readyz",
        "metrics",
        "mfa_authenticate",
        "openid_connect_login",
        "openid_connect_callback",
        "saml_login",
        "saml_acs",
        "saml_finish_acs",
        "saml_metadata",
        "saml_sls",
    }
)
"""Names of the pages that need no session; the API checks for itself."""
SECOND_FACTOR_ROUTES = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_reauthenticate",
        "mfa_view_recovery_codes",
    }
)
"""What somebody may still open who has to bring a second factor first."""


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


@sync_and_async_middleware
def require_second_factor(get_response: Sync | Async) -> Sync | Async:
    """Pass requests on; who has to bring a second factor is sent to do that first."""

    async def in_async(request: HttpRequest) -> HttpResponseBase:
        return await cast(Async, get_response)(request)

    def in_sync(request: HttpRequest) -> HttpResponseBase:
        return cast(Sync, get_response)(request)

    middleware: Any = in_async if iscoroutinefunction(get_response) else in_sync
    middleware.process_view = _second_factor_first
    return cast("Sync | Async", middleware)


def _second_factor_first(request: HttpRequest, *_: object) -> HttpResponseBase | None:
    match, person = request.resolver_match, request.user
    if (
        match is None
        or not isinstance(person, Person)
        or match.url_name in SECOND_FACTOR_ROUTES | OPEN_ROUTES
    ):
        return None
    # A program with a token of its own has no session that a second factor could belong to.
    if "api" in match.namespaces and request.headers.get("Authorization"):
        return None
    if not person.needs_second_factor or second_factor_shown(request, person):
        return None
    if "api" in match.namespaces:
        return JsonResponse(_FIRST.body(), status=_FIRST.status)
    if Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    return redirect("mfa_activate_totp")


_FIRST = Said(403, "second_factor", "Your role needs a second factor.", next="Sign in again with its code.")


def second_factor_shown(request: HttpRequest, person: Person) -> bool:
    """Whether this session was opened with a second factor, here or at a provider that asks for it."""
    for record in get_authentication_records(request, person):
        if record["method"] == "mfa":
            return True
        door = named(settings.DOORS, record.get("provider", ""))
        if record["method"] == "socialaccount" and door and door.second_factor == "there":
            return True
    return False


def _open(match: ResolverMatch) -> bool:
    return match.url_name in OPEN_ROUTES or "api" in match.namespaces
