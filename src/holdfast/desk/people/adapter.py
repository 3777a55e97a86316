"""How allauth behaves here: nobody signs up, doors come from their file, second factors are kept encrypted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.desk.people import doors
from holdfast.desk.people.entering import NotLetIn, enter
from holdfast.desk.people.models import Person


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: persons are admitted by an admin, a directory, or a door's rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return False."""
        return False

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:  # noqa: ARG002
        """Say that the account was ended."""
        return refused(request, "your account here was ended")


class Doors(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The providers of the file, and who comes in by them."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Return the doors as allauth knows them, never any of the database."""
        apps = [SocialApp(**doors.application(door)) for door in settings.DOORS]
        return [
            app
            for app in apps
            if (not provider or provider in (app.provider, app.provider_id))
            and (not client_id or client_id == app.client_id)
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the person, give them the roles of their claims, or say why not."""
        door = doors.named(settings.DOORS, sociallogin.account.provider)
        known = sociallogin.user if sociallogin.is_existing else None
        if door is None or sociallogin.state.get("process", "login") != "login":
            raise ImmediateHttpResponse(refused(request, "this door does not exist"))
        try:
            person = enter(door, _told(door, sociallogin), known)
        except NotLetIn as why:
            raise ImmediateHttpResponse(refused(request, str(why))) from why
        if known is None:
            sociallogin.connect(request, person)
        sociallogin.user = person

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,  # noqa: ARG002
        exception: Any = None,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Say in one page that the provider's answer was not taken, with the reason where it has one."""
        reason = (extra_context or {}).get("saml_last_error_reason") or "its answer could not be verified"
        raise ImmediateHttpResponse(refused(request, f"{provider.name} did not sign you in: {reason}"))


def _told(door: doors.AnyDoor, login: SocialLogin) -> doors.Told:
    said = dict(login.account.extra_data)
    claims = {**said.get("id_token", {}), **said["userinfo"]} if "userinfo" in said else said
    user = login.user
    username = claims.get(door.username, "") if door.username else user.username
    verified = any(one.verified and one.email.lower() == user.email.lower() for one in login.email_addresses)
    name = " ".join(filter(None, (user.first_name, user.last_name)))
    first = username[0] if isinstance(username, list) and username else username
    return doors.Told(str(login.account.uid), str(first or ""), name, user.email or "", verified, claims)


def refused(request: HttpRequest, why: str) -> HttpResponse:
    """Return the page of somebody who is not let in."""
    return render(request, "people/refused.html", {"why": why}, status=403)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of second factors, encrypted in the database by a key of the desk's secret."""

    def encrypt(self, text: str) -> str:
        """Return what is kept."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was kept."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: Person) -> str:
        """Return the name an authenticator app shows."""
        return user.username

    def get_totp_issuer(self) -> str:
        """Return whose code it is."""
        return "Holdfast"


def _fernet() -> Fernet:
    key = hashlib.sha256(b"second factors:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
