"""Who may call the API: a session of the desk, or a bearer token within its scope."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer, SessionAuth
from pydantic import AfterValidator, AwareDatetime

from holdfast.desk.people.commands import bearer, choose_mails
from holdfast.desk.people.models import Person, Token
from holdfast.desk.people.moments import in_utc
from holdfast.desk.people.queries import signed_in


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds a character no database keeps")
    return text


Words = Annotated[str, AfterValidator(_storable)]
"""Text from outside: anything but NUL and lone surrogates."""
Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time from outside, with its zone; kept in UTC."""


class Bearer(HttpBearer):
    """An API token; one of scope `read` only reads."""

    def authenticate(self, request: HttpRequest, token: str) -> Person | None:
        """Return the token's person and make them the request's."""
        known = bearer(token)
        if known is None:
            # Falling back to the session would answer a mistyped token with a complaint about forms.
            raise AuthenticationError
        if known.scope == Token.Scope.READ and request.method not in {"GET", "HEAD"}:
            raise PermissionDenied("this token only reads; issue one of scope write")
        request.user = known.person
        return known.person


class Session(SessionAuth):
    """The desk's own session; changes need the form token in `X-CSRFToken`."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # noqa: ARG002
        """Return who is signed in."""
        return request.user if isinstance(request.user, Person) and request.user.is_active else None


AUTH = [Bearer(), Session()]

router = Router(tags=["people"])


class RoleOut(Schema):
    """A role at an organisation."""

    organisation: str
    prefix: str
    role: str


class PersonOut(Schema):
    """Who is asking."""

    username: str
    name: str
    roles: list[RoleOut]
    mails: str
    """Which notices come by mail: `none`, `clocks`, `all`."""


class MailsIn(Schema):
    """Which notices are to come by mail."""

    mails: Literal["none", "clocks", "all"]


@router.get("/me", response=PersonOut, summary="Who this token or session is")
def me(request: HttpRequest) -> dict[str, Any]:
    """Return the person and their roles."""
    return _me(signed_in(request))


@router.post("/me/mails", response=PersonOut, summary="Choose which notices come by mail")
def mails(request: HttpRequest, said: MailsIn) -> dict[str, Any]:
    """Set what comes by mail as well."""
    return _me(choose_mails(signed_in(request), said.mails))


def _me(person: Person) -> dict[str, Any]:
    roles = [
        {"organisation": m.organisation.name, "prefix": m.organisation.prefix, "role": m.role}
        for m in person.standing
    ]
    return {"username": person.username, "name": person.title, "roles": roles, "mails": person.mails}
