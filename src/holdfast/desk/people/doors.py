"""The doors people come in by besides a password: OIDC and SAML, declared in one YAML file.

A door says where the provider is, and which of its claims make somebody what, in which organisation. The
first rule of an organisation that fits decides; who fits none is not let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from holdfast.desk.people.rights import Role


class DoorError(ValueError):
    """The file of doors cannot be used; says where and why."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Model):
    """Who is what at an organisation: everybody with `is` among the values of `claim`, or everybody."""

    organisation: str
    """Prefix of the organisation."""
    role: Role
    claim: str = ""
    equals: str = Field("", alias="is")
    customer: str = ""
    """Name of the customer; needed for the role customer."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.claim) != bool(self.equals):
            raise ValueError("claim and is belong together")
        if (self.role == Role.CUSTOMER) != bool(self.customer):
            raise ValueError("the role customer, and only that, names a customer")
        return self

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims have what is asked; one value and a list of values count alike."""
        if not self.claim:
            return True
        said = claims.get(self.claim)
        return self.equals in [str(one) for one in (said if isinstance(said, list | tuple) else [said])]


class Door(_Model):
    """One provider."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    title: str
    second_factor: Literal["here", "there"] = "here"
    """`there`: the provider asks for it, so a sign-in by it needs none of ours."""
    link: Literal["never", "e-mail"] = "never"
    """`e-mail`: a first sign-in takes over the person known by the verified address, unless that person
    belongs to an organisation this door does not speak for."""
    trust_e_mail: bool = False
    """Take the provider's addresses as verified without it saying so."""
    username: str = ""
    """Claim that names the person; by default preferred_username, then email."""
    roles: tuple[Rule, ...]

    def grants(self, claims: Mapping[str, Any]) -> dict[str, Rule]:
        """Return the rule that decides, by organisation."""
        found: dict[str, Rule] = {}
        for rule in self.roles:
            if rule.organisation not in found and rule.fits(claims):
                found[rule.organisation] = rule
        return found

    @property
    def speaks_for(self) -> frozenset[str]:
        """Prefixes of the organisations whose roles it gives."""
        return frozenset(rule.organisation for rule in self.roles)


class OidcDoor(Door):
    """An OpenID Connect provider: authorisation code with PKCE."""

    kind: Literal["oidc"]
    server: str
    """Issuer; `/.well-known/openid-configuration` is read below it."""
    client_id: str
    client_secret_file: Path | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")

    @property
    def secret(self) -> str:
        """What the provider knows us by; read when needed, never kept in a setting."""
        return self.client_secret_file.read_text().strip() if self.client_secret_file else ""


class SamlDoor(Door):
    """A SAML 2.0 identity provider: signed assertions by HTTP-POST, asked for by us."""

    kind: Literal["saml"]
    entity_id: str
    sso: str
    """Address of single sign-on by HTTP-Redirect."""
    certificate_file: Path
    own_entity_id: str = ""
    attributes: dict[Literal["uid", "email", "username", "first_name", "last_name"], str] = {}


class _File(_Model):
    doors: tuple[Annotated[OidcDoor | SamlDoor, Field(discriminator="kind")], ...]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        names = [door.name for door in self.doors]
        if len(set(names)) != len(names):
            raise ValueError("two doors have one name")
        return self


AnyDoor = OidcDoor | SamlDoor


def parse(text: str) -> tuple[AnyDoor, ...]:
    """Return the doors of a YAML text; raise DoorError on one that cannot be used."""
    try:
        return _File.model_validate(yaml.safe_load(text) or {"doors": []}).doors
    except yaml.YAMLError as error:
        raise DoorError(f"not readable as YAML: {error}") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise DoorError("; ".join(faults)) from error


def load(path: str) -> tuple[AnyDoor, ...]:
    """Return the doors of a file; no path, no doors."""
    if not path:
        return ()
    try:
        found = parse(Path(path).read_text("utf-8"))
    except OSError as error:
        raise DoorError(f"{path} cannot be read: {error.strerror}") from error
    return tuple(_beside(door, Path(path).parent) for door in found)


def _beside(door: AnyDoor, folder: Path) -> AnyDoor:
    """Return a door whose files are found from the folder its own file is in."""
    if isinstance(door, SamlDoor):
        return door.model_copy(update={"certificate_file": folder / door.certificate_file})
    if door.client_secret_file is None:
        return door
    return door.model_copy(update={"client_secret_file": folder / door.client_secret_file})


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of somebody."""

    uid: str
    username: str
    name: str
    e_mail: str
    verified: bool
    claims: Mapping[str, Any]


def application(door: AnyDoor) -> dict[str, Any]:
    """Return a door as allauth's settings of an app."""
    if isinstance(door, OidcDoor):
        return {
            "provider": "openid_connect",
            "provider_id": door.name,
            "name": door.title,
            "client_id": door.client_id,
            "secret": door.secret,
            "settings": {
                "server_url": door.server,
                "oauth_pkce_enabled": True,
                "scope": list(door.scopes),
            },
        }
    return {
        "provider": "saml",
        "provider_id": door.name,
        "name": door.title,
        "client_id": door.name,
        "settings": _saml(door),
    }


def _saml(door: SamlDoor) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "idp": {
            "entity_id": door.entity_id,
            "sso_url": door.sso,
            "x509cert": door.certificate_file.read_text(),
        },
        # An assertion nobody asked for, or unsigned, is refused.
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "reject_idp_initiated_sso": True,
            "reject_deprecated_algorithm": True,
            "allow_single_label_domains": True,  # desks of one house are often called by one word
        },
    }
    if door.own_entity_id:
        settings["sp"] = {"entity_id": door.own_entity_id}
    if door.attributes:
        settings["attribute_mapping"] = dict(door.attributes)
    return settings


def named(doors: Iterable[AnyDoor], name: str) -> AnyDoor | None:
    """Return the door of a name."""
    return next((door for door in doors if door.name == name), None)
