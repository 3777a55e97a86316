"""SCIM's words: how people and groups are written, read, and changed by PATCH."""

from __future__ import annotations

import copy
import re
from datetime import UTC
from typing import Any

from holdfast.desk.people.directory import Described
from holdfast.desk.people.models import Group, Provision
from holdfast.desk.people.rights import Role

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BASE = "/api/v1/scim/v2"
_MOST_OPERATIONS = 1000


class ScimError(Exception):
    """A request that cannot be served, with its status and SCIM's word for why."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind = status, kind


def number(text: object) -> int:
    """Return an id; what is none names nothing."""
    said = str(text)
    return int(said) if said.isdecimal() and said.isascii() and len(said) < 18 else 0


def user(kept: Provision) -> dict[str, Any]:
    """Return a person as SCIM writes them."""
    person = kept.person
    body: dict[str, Any] = {
        "schemas": [USER],
        "id": str(kept.id),
        "userName": kept.user_name,
        "active": kept.active,
        "name": {"givenName": person.first_name, "familyName": person.last_name},
        "displayName": person.title,
        "groups": [{"value": str(one.id), "display": one.name} for one in kept.groups.all()],
        "meta": _meta("User", kept),
    }
    if kept.external_id:
        body["externalId"] = kept.external_id
    if person.email:
        body["emails"] = [{"value": person.email, "primary": True, "type": "work"}]
    if kept.role:
        body["roles"] = [{"value": kept.role, "primary": True}]
    return body


def group(known: Group) -> dict[str, Any]:
    """Return a group as SCIM writes it."""
    body: dict[str, Any] = {
        "schemas": [GROUP],
        "id": str(known.id),
        "displayName": known.name,
        "members": [{"value": str(one.id), "display": one.user_name} for one in known.members.all()],
        "meta": _meta("Group", known),
    }
    return body | ({"externalId": known.external_id} if known.external_id else {})


def _meta(kind: str, row: Provision | Group) -> dict[str, str]:
    changed = row.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"resourceType": kind, "lastModified": changed, "location": f"{BASE}/{kind}s/{row.id}"}


def described(said: dict[str, Any]) -> Described:
    """Return a person read from SCIM; attributes the desk does not keep are ignored, as the RFC allows."""
    name = said.get("name") if isinstance(said.get("name"), dict) else {}
    assert isinstance(name, dict)
    return Described(
        user_name=_text(said.get("userName"), "userName", 150, needed=True),
        first_name=_text(name.get("givenName"), "name.givenName", 150),
        last_name=_text(name.get("familyName"), "name.familyName", 150),
        e_mail=_text(_primary(said.get("emails")), "emails", 254),
        external_id=_text(said.get("externalId"), "externalId", 200),
        role=_role(said.get("roles")),
        active=_truth(said.get("active", True)),
    )


def name_of(said: dict[str, Any]) -> tuple[str, str]:
    """Return a group's name and external id."""
    name = _text(said.get("displayName"), "displayName", 120, needed=True)
    return name, _text(said.get("externalId"), "externalId", 200)


def values_of(said: Any) -> list[Any]:
    """Return the `value`s of a list of objects."""
    if said is None:
        return []
    if not isinstance(said, list) or not all(isinstance(one, dict) and "value" in one for one in said):
        raise ScimError(400, "invalidValue", 'members are written [{"value": "<id>"}]')
    return [one["value"] for one in said]


def _text(value: Any, name: str, most: int, *, needed: bool = False) -> str:
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise ScimError(400, "invalidValue", f"{name} is needed, as text")
    if len(value) > most or "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ScimError(400, "invalidValue", f"{name} is longer than {most} or holds a character not kept")
    return value.strip()


def _primary(said: Any) -> Any:
    """Return the primary value of a multi-valued attribute, else the first."""
    if not isinstance(said, list) or not said:
        return None
    objects = [one for one in said if isinstance(one, dict)]
    chosen = next((one for one in objects if one.get("primary") is True), objects[0] if objects else None)
    return chosen.get("value") if chosen else said[0]


def _role(said: Any) -> str:
    word = _primary(said)
    if word is None:
        return ""
    if word not in Role.values or word == Role.CUSTOMER:
        allowed = ", ".join(role for role in Role.values if role != Role.CUSTOMER)
        raise ScimError(400, "invalidValue", f"roles knows {allowed}; customers come by a group")
    return str(word)


def _truth(value: Any) -> bool:
    # One large directory sends the words instead of the values.
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ScimError(400, "invalidValue", "active is true or false")
    return value


_PATH = re.compile(r'(?:urn:[\w:.]+:)?(\w+)(?:\[(\w+)\s+eq\s+"([^"]*)"\])?(?:\.(\w+))?')
_OWN = {"id", "meta", "groups", "schemas"}


def patched(body: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Return a resource after the operations of a PATCH; all of them, or an error and none."""
    operations = said.get("Operations")
    if not isinstance(operations, list) or not operations or len(operations) > _MOST_OPERATIONS:
        raise ScimError(400, "invalidSyntax", "Operations is a list of operations")
    result = copy.deepcopy(body)
    for one in operations:
        if not isinstance(one, dict) or not isinstance(one.get("op"), str):
            raise ScimError(400, "invalidSyntax", "an operation is an object with op")
        _operate(result, one["op"].lower(), one.get("path"), one.get("value"))
    return result


def _operate(body: dict[str, Any], op: str, path: Any, value: Any) -> None:
    if op not in {"add", "replace", "remove"}:
        raise ScimError(400, "invalidSyntax", f"op is add, replace or remove, not {op[:20]}")
    if not path:
        if op == "remove":
            raise ScimError(400, "noTarget", "remove needs a path")
        if not isinstance(value, dict):
            raise ScimError(400, "invalidValue", "without a path the value is an object")
        for name, item in value.items():
            _operate(body, op, name, item)
        return
    match = _PATH.fullmatch(path) if isinstance(path, str) else None
    if match is None:
        raise ScimError(400, "invalidPath", "the path is not one that is known")
    name, key, wanted, below = match.groups()
    if name in _OWN:
        raise ScimError(400, "mutability", f"{name} is not for writing")
    if key is not None:
        _operate_on_chosen(body, op, name, (key, wanted), below, value)
    elif below is not None:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ScimError(400, "invalidPath", f"{name} has no {below}")
        _set(inner, op, below, value)
    else:
        _set(body, op, name, value)


def _set(body: dict[str, Any], op: str, name: str, value: Any) -> None:
    if op == "remove":
        gone = {str(one.get("value")) for one in value if isinstance(one, dict)} if _is_list(value) else None
        kept = body.get(name)
        if gone and isinstance(kept, list):
            body[name] = [one for one in kept if str(one.get("value")) not in gone]
        else:
            body.pop(name, None)
    elif op == "add" and isinstance(body.get(name), list) and _is_list(value):
        body[name] = [*body[name], *(one for one in value if one not in body[name])]
    elif isinstance(body.get(name), dict) and isinstance(value, dict):
        body[name] = {**body[name], **value}
    else:
        body[name] = value


def _operate_on_chosen(
    body: dict[str, Any], op: str, name: str, choice: tuple[str, str], below: str | None, value: Any
) -> None:
    """Change the values of a list that have a key of a value: `members[value eq "7"]`."""
    items, (key, wanted) = body.get(name), choice
    items = items if isinstance(items, list) else []
    chosen = [one for one in items if isinstance(one, dict) and str(one.get(key)) == wanted]
    if op == "remove":
        body[name] = [one for one in items if one not in chosen]
        return
    if not chosen:
        chosen = [{key: wanted}]
        body[name] = [*items, *chosen]
    for one in chosen:
        one.update({below: value} if below else value if isinstance(value, dict) else {"value": value})


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def listed(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return resources as a list response."""
    return {
        "schemas": [LIST],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


CONFIGURATION: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 200},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A provisioning token of the desk.",
        }
    ],
}
TYPES: list[dict[str, Any]] = [
    {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "schema": schema,
    }
    for name, schema in (("User", USER), ("Group", GROUP))
]


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    usual = {"multiValued": False, "required": False, "mutability": "readWrite", "returned": "default"}
    return {"name": name, "type": kind, **usual, **more}


_VALUE = [_attribute("value"), _attribute("primary", "boolean")]
SCHEMAS: list[dict[str, Any]] = [
    {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": USER,
        "name": "User",
        "attributes": [
            _attribute("userName", required=True, uniqueness="server"),
            _attribute("externalId"),
            _attribute("name", "complex", subAttributes=[_attribute("givenName"), _attribute("familyName")]),
            _attribute("active", "boolean"),
            _attribute("emails", "complex", multiValued=True, subAttributes=_VALUE),
            _attribute("roles", "complex", multiValued=True, subAttributes=_VALUE),
            _attribute("groups", "complex", multiValued=True, mutability="readOnly", subAttributes=_VALUE),
        ],
    },
    {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": GROUP,
        "name": "Group",
        "attributes": [
            _attribute("displayName", required=True),
            _attribute("externalId"),
            _attribute("members", "complex", multiValued=True, subAttributes=_VALUE[:1]),
        ],
    },
]
