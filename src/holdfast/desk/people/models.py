"""Persons, the organisations they work for or on, and what they are there."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from holdfast.desk.people.rights import RIGHTS, Deed, Role


class Organisation(models.Model):
    """A client organisation: whose product is supported, and within which case numbers are unique."""

    name = models.CharField(max_length=120, unique=True)
    prefix = models.CharField(max_length=8, unique=True)
    last_number = models.PositiveIntegerField(default=0)
    second_factor = models.JSONField(default=list)
    """Roles that must have a second factor to get in."""
    policies_at = models.DateTimeField(null=True)
    """When a policy was published last: what was read of its policies before is out of date."""
    region = models.CharField(max_length=20, blank=True)
    """Where evidence of its cases lies; empty for the desk's own store."""

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """Somebody an organisation serves and whose systems break."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="customers")
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=20, blank=True)
    """Where evidence of its cases lies; empty for where its organisation's does."""

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="people_customer_name")
        ]

    def __str__(self) -> str:
        return self.name


class Mails(models.TextChoices):
    """Which notices come by mail as well."""

    NONE = "none", "none"
    CLOCKS = "clocks", "warnings and breaks of clocks"
    ALL = "all", "every notice"


class Person(AbstractUser):
    """Somebody who signs in."""

    chip = models.CharField(max_length=6, blank=True)
    """What stands for the person in dense places: `E1`, `MK`."""
    era = models.PositiveIntegerField(default=0)
    """Sealed into every session: one more, and all earlier sessions are over."""
    mails = models.CharField(max_length=6, choices=Mails, default=Mails.CLOCKS)

    @property
    def initials(self) -> str:
        """The chip, or two letters of the name."""
        if self.chip:
            return self.chip
        letters = "".join(word[0] for word in self.get_full_name().split()[:2])
        return (letters or self.username[:2]).upper()

    @property
    def title(self) -> str:
        """The full name, or the name signed in with."""
        return self.get_full_name() or self.username

    @cached_property
    def standing(self) -> tuple[Membership, ...]:
        """The person's memberships, read once a request."""
        return tuple(self.memberships.select_related("organisation").order_by("id"))

    @property
    def needs_second_factor(self) -> bool:
        """Whether one of the person's roles must have a second factor."""
        return any(member.role in member.organisation.second_factor for member in self.standing)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        sealed = f"{self.password}:{self.era}"
        return salted_hmac("holdfast.people.session", sealed, secret=secret, algorithm="sha256").hexdigest()

    def may(self, deed: Deed, organisation_id: int) -> bool:
        """Whether the person's role in an organisation includes the deed."""
        return any(
            member.organisation_id == organisation_id and deed in RIGHTS[member.role]
            for member in self.standing
        )

    def may_anywhere(self, deed: Deed) -> bool:
        """Whether any of the person's roles includes the deed."""
        return any(deed in RIGHTS[member.role] for member in self.standing)


class Membership(models.Model):
    """What a person is to one organisation; a customer's person names the customer."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "organisation"], name="people_one_role"),
            models.CheckConstraint(
                condition=~models.Q(role="customer") | models.Q(customer__isnull=False),
                name="people_customer_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} is {self.role} at {self.organisation}"


class RoleChange(models.Model):
    """Somebody's role at an organisation became another. Never changed or removed; triggers see to that."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="role_changes")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="role_changes")
    before = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=12, blank=True)
    by = models.CharField(max_length=160)
    """A person's name, or the door or directory that said so."""
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.person}: {self.before or 'nothing'} to {self.after or 'nothing'}"


class Provision(models.Model):
    """A person as an organisation's directory describes them."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="provisions")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="provisions")
    user_name = models.CharField(max_length=150)
    external_id = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)
    role = models.CharField(max_length=12, blank=True)
    """Given with the person; without one the groups decide."""
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "person"], name="people_provision_once"),
            models.UniqueConstraint(
                models.F("organisation"), Lower("user_name"), name="people_provision_name"
            ),
        ]

    def __str__(self) -> str:
        return self.user_name


class Group(models.Model):
    """A group of an organisation's directory, and the role its members get."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=120)
    external_id = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=12, choices=Role, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)
    members = models.ManyToManyField(Provision, related_name="groups", blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="people_group_name")
        ]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """People who share a queue within an organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(Person, related_name="teams", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="people_team_name")
        ]

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """An API token, or a one-time sign-in. Only a digest is kept; the value is shown once."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"
        SIGN_IN = "sign_in"
        PROVISION = "provision"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=9, choices=Scope)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True)
    """Whose people a provisioning token speaks for; empty for all others."""
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"

    @property
    def live(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > timezone.now()
