"""Provisioning as RFC 7643 and 7644 shape it: a directory keeps the people of one organisation.

The token says which organisation; nobody of another is ever named. Served: Users and Groups with create,
read, replace, PATCH and delete; `filter` with `eq` on userName, externalId, id and displayName; paging.
Not served: bulk, sorting, ETags, passwords; `/ServiceProviderConfig` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from holdfast.desk.people import directory, scim_words
from holdfast.desk.people.commands import Unfit, bearer
from holdfast.desk.people.models import Group, Organisation, Provision, Token
from holdfast.desk.people.scim_words import ScimError

MOST = 200
_FILTER = re.compile(r'\s*(userName|externalId|id|displayName)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE)
_MEDIA = "application/scim+json"


class Directory(HttpBearer):
    """A provisioning token; sessions and people's own tokens open nothing here."""

    def authenticate(self, request: HttpRequest, token: str) -> Organisation:
        """Return the organisation the token speaks for."""
        known = bearer(token, [Token.Scope.PROVISION])
        if known is None or known.organisation is None:
            raise AuthenticationError
        request.user = known.person
        return known.organisation


router = Router(tags=["provisioning"], auth=Directory())


def answer(body: dict[str, Any] | None, status: int = 200) -> HttpResponse:
    """Return a SCIM answer."""
    text = json.dumps(body) if body is not None else ""
    return HttpResponse(text, status=status, content_type=_MEDIA)


def error(status: int, detail: str, kind: str = "") -> HttpResponse:
    """Return an error in the shape of RFC 7644, 3.12."""
    body = {"schemas": [scim_words.ERROR], "status": str(status), "detail": detail}
    return answer(body | ({"scimType": kind} if kind else {}), status)


def _organisation(request: HttpRequest) -> Organisation:
    found: Organisation = request.auth  # type: ignore[attr-defined]
    return found


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError) as wrong:
        raise ScimError(400, "invalidSyntax", "the body is no JSON") from wrong
    if not isinstance(said, dict):
        raise ScimError(400, "invalidSyntax", "the body is no object")
    return said


def _served(do: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return do()
    except ScimError as wrong:
        return error(wrong.status, str(wrong), wrong.kind)
    except directory.Taken as taken:
        return error(409, str(taken), "uniqueness")
    except Unfit as unfit:
        return error(409, str(unfit))
    except (Provision.DoesNotExist, Group.DoesNotExist):
        return error(404, "there is no such resource")


Row = TypeVar("Row", Provision, Group)


def _listed(
    request: HttpRequest, rows: QuerySet[Row], fields: dict[str, str], shown: Callable[[Row], dict[str, Any]]
) -> HttpResponse:
    def do() -> HttpResponse:
        found = _filtered(rows, request.GET.get("filter", ""), fields)
        start = max(1, _number(request, "startIndex", 1))
        count = max(0, min(MOST, _number(request, "count", MOST)))
        page = list(found[start - 1 : start - 1 + count])
        return answer(
            {
                "schemas": [scim_words.LIST],
                "totalResults": found.count(),
                "startIndex": start,
                "itemsPerPage": len(page),
                "Resources": [shown(row) for row in page],
            }
        )

    return _served(do)


def _filtered(rows: QuerySet[Row], text: str, fields: dict[str, str]) -> QuerySet[Row]:
    if not text:
        return rows
    match = _FILTER.fullmatch(text)
    field = fields.get(match[1].lower()) if match else None
    if match is None or field is None:
        raise ScimError(400, "invalidFilter", f"only {' and '.join(sorted(fields))} can be filtered, by eq")
    value = json.loads(f'"{match[2]}"')
    if field == "id":
        return rows.filter(id=scim_words.number(value))
    return rows.filter(**{field: value.replace("\x00", "")})


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    return min(int(text), 10**9) if text.isdecimal() and len(text) < 12 else usual


def _user(request: HttpRequest, id: str) -> Provision:  # noqa: A002  SCIM's word
    rows = _organisation(request).provisions.select_related("person", "organisation")
    return rows.get(id=scim_words.number(id))


def _group(request: HttpRequest, id: str) -> Group:  # noqa: A002
    return _organisation(request).groups.get(id=scim_words.number(id))


_USER_FIELDS = {"username": "user_name__iexact", "externalid": "external_id", "id": "id"}
_GROUP_FIELDS = {"displayname": "name__iexact", "externalid": "external_id", "id": "id"}
_TAKES_USER: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA: {"schema": {"type": "object", "required": ["userName"]}}},
    }
}
_TAKES_GROUP: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA: {"schema": {"type": "object", "required": ["displayName"]}}},
    }
}
_TAKES_PATCH: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA: {"schema": {"type": "object", "required": ["Operations"]}}},
    }
}
_FILTERS: dict[str, Any] = {
    "parameters": [
        {"name": "filter", "in": "query", "schema": {"type": "string"}},
        {"name": "startIndex", "in": "query", "schema": {"type": "integer"}},
        {"name": "count", "in": "query", "schema": {"type": "integer"}},
    ]
}


@router.get("/ServiceProviderConfig", summary="What of SCIM is served")
def configuration(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the service provider's configuration."""
    return answer(scim_words.CONFIGURATION)


@router.get("/ResourceTypes", summary="The kinds of resources")
def types(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return User and Group."""
    return answer(scim_words.listed(scim_words.TYPES))


@router.get("/Schemas", summary="The attributes of the resources")
def schemas(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the schemas of User and Group."""
    return answer(scim_words.listed(scim_words.SCHEMAS))


@router.get("/Users", summary="List or find people", openapi_extra=_FILTERS)
def users(request: HttpRequest) -> HttpResponse:
    """Return the people of the directory; `filter=userName eq "..."` finds one."""
    rows = _organisation(request).provisions.select_related("person", "organisation")
    return _listed(request, rows.prefetch_related("groups").order_by("id"), _USER_FIELDS, scim_words.user)


@router.post("/Users", summary="Provision a person", openapi_extra=_TAKES_USER)
def create_user(request: HttpRequest) -> HttpResponse:
    """Make a person; 409 when the userName is taken."""

    def do() -> HttpResponse:
        kept = directory.provision(_organisation(request), scim_words.described(_body(request)))
        return answer(scim_words.user(kept), 201)

    return _served(do)


@router.get("/Users/{id}", summary="Read a person")
def user(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Return one person."""
    return _served(lambda: answer(scim_words.user(_user(request, id))))


@router.put("/Users/{id}", summary="Replace a person", openapi_extra=_TAKES_USER)
def replace_user(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Make the person what is sent."""

    def do() -> HttpResponse:
        said = scim_words.described(_body(request))
        return answer(scim_words.user(directory.describe(_user(request, id), said)))

    return _served(do)


@router.patch("/Users/{id}", summary="Change a person", openapi_extra=_TAKES_PATCH)
def patch_user(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Change attributes; `active` false ends sessions and revokes tokens at once."""

    def do() -> HttpResponse:
        kept = _user(request, id)
        changed = scim_words.patched(scim_words.user(kept), _body(request))
        return answer(scim_words.user(directory.describe(kept, scim_words.described(changed))))

    return _served(do)


@router.delete("/Users/{id}", summary="Remove a person")
def delete_user(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Take a person out of the directory; what they wrote stays."""

    def do() -> HttpResponse:
        directory.forget(_user(request, id))
        return answer(None, 204)

    return _served(do)


@router.get("/Groups", summary="List or find groups", openapi_extra=_FILTERS)
def groups(request: HttpRequest) -> HttpResponse:
    """Return the groups of the directory; `filter=displayName eq "..."` finds one."""
    rows = _organisation(request).groups.prefetch_related("members").order_by("id")
    return _listed(request, rows, _GROUP_FIELDS, scim_words.group)


@router.post("/Groups", summary="Make a group", openapi_extra=_TAKES_GROUP)
def create_group(request: HttpRequest) -> HttpResponse:
    """Make a group with its members; an admin says which role it gives."""

    def do() -> HttpResponse:
        said, organisation = _body(request), _organisation(request)
        made = directory.group(organisation, *scim_words.name_of(said))
        directory.fill(made, _members(organisation, said.get("members")))
        return answer(scim_words.group(made), 201)

    return _served(do)


@router.get("/Groups/{id}", summary="Read a group")
def group(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Return one group."""
    return _served(lambda: answer(scim_words.group(_group(request, id))))


@router.put("/Groups/{id}", summary="Replace a group", openapi_extra=_TAKES_GROUP)
def replace_group(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Make the group what is sent."""

    def do() -> HttpResponse:
        return answer(scim_words.group(_replaced(request, _group(request, id), _body(request))))

    return _served(do)


@router.patch("/Groups/{id}", summary="Change a group", openapi_extra=_TAKES_PATCH)
def patch_group(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Add, remove or replace members; rename."""

    def do() -> HttpResponse:
        known = _group(request, id)
        changed = scim_words.patched(scim_words.group(known), _body(request))
        return answer(scim_words.group(_replaced(request, known, changed)))

    return _served(do)


@router.delete("/Groups/{id}", summary="Remove a group")
def delete_group(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """Remove a group; its members lose what it gave them."""

    def do() -> HttpResponse:
        directory.dissolve(_group(request, id))
        return answer(None, 204)

    return _served(do)


def _replaced(request: HttpRequest, known: Group, said: dict[str, Any]) -> Group:
    name, known.external_id = scim_words.name_of(said)
    same = _organisation(request).groups.filter(name__iexact=name).exclude(id=known.id)
    if same.exists():
        raise directory.Taken(f"a group is called {name} already")
    directory.fill(known, _members(_organisation(request), said.get("members")), name=name)
    return known


def _members(organisation: Organisation, said: Any) -> list[Provision]:
    """Return the members named; one that is not of this organisation does not exist."""
    wanted = {scim_words.number(value) for value in scim_words.values_of(said)}
    found = list(organisation.provisions.select_related("person", "organisation").filter(id__in=wanted))
    if len(found) != len(wanted):
        raise ScimError(400, "invalidValue", "a member named is not in this directory")
    return found
