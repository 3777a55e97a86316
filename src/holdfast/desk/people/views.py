"""Sign-in by a one-time address, and a person's own tokens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from holdfast.desk.people import commands
from holdfast.desk.people.models import Token
from holdfast.desk.people.queries import signed_in

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def once(request: HttpRequest, value: str) -> HttpResponse:
    """Sign in by a one-time address. It takes a press: chat programs open addresses by themselves."""
    if request.method == "GET":
        return render(request, "people/once.html", {"value": value})
    person = commands.redeem(value)
    if person is None:
        return render(request, "people/once.html", {"spent": True}, status=410)
    login(request, person, backend=BACKEND)
    return redirect("queue")


@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the person's API tokens and issue a new one; its value is shown on this answer only."""
    person, value = signed_in(request), ""
    if request.method == "POST":
        scope = Token.Scope.WRITE if request.POST.get("scope") == "write" else Token.Scope.READ
        _, value = commands.issue_token(person, request.POST.get("name", "")[:80] or "unnamed", scope)
    kept = person.tokens.exclude(scope=Token.Scope.SIGN_IN).order_by("-id")
    return render(request, "people/tokens.html", {"tokens": kept, "value": value})


@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """End one of the person's own tokens."""
    commands.revoke_token(get_object_or_404(signed_in(request).tokens, id=token))
    messages.success(request, "Token revoked. Programs that used it are refused from now on.")
    return redirect("tokens")
