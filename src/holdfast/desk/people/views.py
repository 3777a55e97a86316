"""Sign-in, a person's own tokens, and the people of an organisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.desk.people import commands, directory, queries
from holdfast.desk.people.models import Customer, Mails, Organisation, Person, Token
from holdfast.desk.people.queries import managed, signed_in
from holdfast.desk.people.rights import Role


class SignIn(LoginView):  # type: ignore[misc]
    """By password, or by one of the doors."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Add the doors, each with its address."""
        after = {"next": self.request.GET["next"]} if "next" in self.request.GET else {}
        found = get_adapter().list_providers(self.request) if settings.DOORS else []
        ways = [(door.name, door.get_login_url(self.request, process="login", **after)) for door in found]
        return {**super().get_context_data(**more), "doors": ways}


@never_cache
@require_http_methods(["GET", "POST"])
def once(request: HttpRequest, value: str) -> HttpResponse:
    """Sign in by a one-time address. It takes a press: chat programs open addresses by themselves."""
    if request.method == "GET":
        return render(request, "people/once.html", {"value": value})
    person = commands.redeem(value)
    if person is None:
        return render(request, "people/once.html", {"spent": True}, status=410)
    # Through allauth, not past it: who has a second factor is asked for it here too.
    answer: HttpResponse = perform_login(
        request, person, email_verification="none", redirect_url=reverse("queue")
    )
    return answer


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who the person is here, and which notices come to them by mail."""
    person = signed_in(request)
    if request.method == "POST":
        commands.choose_mails(person, request.POST.get("mails", ""))
        messages.success(request, f"By mail come from now on: {Mails(person.mails).label}.")
        return redirect("my_profile")
    return render(request, "people/profile.html", {"choices": Mails.choices})


@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the person's API tokens and issue a new one; its value is shown on this answer only."""
    person, value = signed_in(request), ""
    if request.method == "POST":
        scope = Token.Scope.WRITE if request.POST.get("scope") == "write" else Token.Scope.READ
        _, value = commands.issue_token(person, request.POST.get("name", "")[:80] or "unnamed", scope)
    kept = person.tokens.filter(scope__in=commands.API).order_by("-id")
    return render(request, "people/tokens.html", {"tokens": kept, "value": value})


@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """End one of the person's own tokens."""
    commands.revoke_token(get_object_or_404(signed_in(request).tokens, id=token))
    messages.success(request, "Token revoked. Programs that used it are refused from now on.")
    return redirect("tokens")


@require_safe
def people(request: HttpRequest, prefix: str) -> HttpResponse:
    """Who is what at an organisation, and how its people sign in."""
    return _people(request, managed(signed_in(request), prefix))


def _people(request: HttpRequest, organisation: Organisation, **shown: str) -> HttpResponse:
    found = queries.members(organisation)
    protected = set(
        Authenticator.objects.filter(type="totp", user__in=[m.person_id for m in found]).values_list(
            "user_id", flat=True
        )
    )
    context = {
        "organisation": organisation,
        "members": [(m, m.person_id in protected) for m in found],
        "roles": Role.choices,
        "customers": list(organisation.customers.all()[:500]),
        "regions": sorted(settings.REGIONS),
        "groups": list(organisation.groups.prefetch_related("members")),
        "changes": list(organisation.role_changes.select_related("person").order_by("-id")[:20]),
        "provisioning": list(
            Token.objects.filter(organisation=organisation, scope=Token.Scope.PROVISION).order_by("-id")
        ),
        "doors": [door for door in settings.DOORS if organisation.prefix in door.speaks_for],
    }
    return render(request, "people/people.html", context | shown)


def _managing(request: HttpRequest, prefix: str, deed: Callable[[Person, Organisation], str]) -> HttpResponse:
    """Do a deed of an admin and say how it went."""
    by = signed_in(request)
    organisation = managed(by, prefix)
    try:
        messages.success(request, deed(by, organisation))
    except commands.Unfit as unfit:
        messages.error(request, f"Nothing was changed: {unfit}.")
    return redirect("people", prefix=organisation.prefix)


def _role_of(request: HttpRequest, organisation: Organisation) -> tuple[Role, Customer | None]:
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        raise commands.Unfit(f"there is no role {wanted[:20]!r}")
    name = request.POST.get("customer", "").strip()[:120]
    if wanted != Role.CUSTOMER or not name:
        return Role(wanted), None
    return Role.CUSTOMER, Customer.objects.get_or_create(organisation=organisation, name=name)[0]


@require_POST
def admit(request: HttpRequest, prefix: str) -> HttpResponse:
    """Let somebody in."""

    def deed(by: Person, organisation: Organisation) -> str:
        username = request.POST.get("username", "").strip()[:150]
        if not username:
            raise commands.Unfit("give a name to sign in with")
        if Person.objects.filter(username__iexact=username).exists():
            raise commands.Unfit(f"{username} is taken; choose another name")
        role, customer = _role_of(request, organisation)
        name, mail = request.POST.get("name", "")[:150], request.POST.get("email", "").strip()[:254]
        person = commands.admit(organisation, username, role, name=name, customer=customer, by=by.title)
        commands.set_e_mail(person, mail)
        return f"{person.title} is let in. Make a one-time sign-in and send it to them."

    return _managing(request, prefix, deed)


@require_POST
def role(request: HttpRequest, prefix: str, person: int) -> HttpResponse:
    """Change somebody's role."""

    def deed(by: Person, organisation: Organisation) -> str:
        other = queries.member(organisation, person)
        wanted, customer = _role_of(request, organisation)
        commands.appoint(other, organisation, wanted, customer=customer, by=by.title)
        return f"{other.title} is {wanted.label} now."

    return _managing(request, prefix, deed)


@require_POST
def end(request: HttpRequest, prefix: str, person: int) -> HttpResponse:
    """Take somebody's role away."""

    def deed(by: Person, organisation: Organisation) -> str:
        other = queries.member(organisation, person)
        commands.dismiss(other, organisation, by=by.title)
        return f"{other.title} has no role here any more; their sessions and tokens are ended."

    return _managing(request, prefix, deed)


@require_POST
def sign_in(request: HttpRequest, prefix: str, person: int) -> HttpResponse:
    """Make a one-time address for somebody, shown on this answer only."""
    by = signed_in(request)
    organisation = managed(by, prefix)
    other = queries.member(organisation, person)
    # An admin here must not become somebody who is more elsewhere.
    if any(m.organisation_id != organisation.id for m in other.standing):
        messages.error(
            request, f"{other.title} belongs to another organisation too; its admin has to do this."
        )
        return redirect("people", prefix=organisation.prefix)
    address = request.build_absolute_uri(reverse("once", args=[commands.one_time_sign_in(other)]))
    return _people(request, organisation, once=address, once_for=other.title)


@require_POST
def forget(request: HttpRequest, prefix: str, person: int) -> HttpResponse:
    """Remove a second factor that was lost."""

    def deed(by: Person, organisation: Organisation) -> str:
        other = queries.member(organisation, person)
        if any(m.organisation_id != organisation.id for m in other.standing):
            raise commands.Unfit(
                f"{other.title} belongs to another organisation too; its admin has to do this"
            )
        commands.forget_second_factor(other, by=by)
        return f"The second factor of {other.title} is removed, their sessions are ended."

    return _managing(request, prefix, deed)


@require_POST
def second_factor(request: HttpRequest, prefix: str) -> HttpResponse:
    """Say which roles must have a second factor."""

    def deed(by: Person, organisation: Organisation) -> str:
        commands.require_second_factor(organisation, request.POST.getlist("roles"), by=by)
        return "Kept. Who has one of these roles is asked from the next page on."

    return _managing(request, prefix, deed)


@require_POST
def provisioning(request: HttpRequest, prefix: str) -> HttpResponse:
    """Issue a token for the organisation's directory, shown on this answer only."""
    by = signed_in(request)
    organisation = managed(by, prefix)
    _, value = commands.issue_provisioning(organisation, by=by)
    return _people(request, organisation, token=value)


@require_POST
def revoke_provisioning(request: HttpRequest, prefix: str, token: int) -> HttpResponse:
    """End a directory's token."""

    def deed(_: Person, organisation: Organisation) -> str:
        mine = Token.objects.filter(organisation=organisation, scope=Token.Scope.PROVISION)
        commands.revoke_token(mine.get(id=token))
        return "The directory's token is revoked."

    return _managing(request, prefix, deed)


@require_POST
def group(request: HttpRequest, prefix: str, group: int) -> HttpResponse:
    """Say which role the members of a directory's group get."""

    def deed(_: Person, organisation: Organisation) -> str:
        known = organisation.groups.get(id=group)
        if not request.POST.get("role"):
            directory.map_group(known, "", None)
            return f"{known.name} gives no role."
        wanted, customer = _role_of(request, organisation)
        directory.map_group(known, wanted, customer)
        return f"{known.name} gives {wanted.label}."

    return _managing(request, prefix, deed)
