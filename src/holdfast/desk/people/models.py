"""Persons, the organisations they work for or on, and what they are there."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from holdfast.desk.people.rights import RIGHTS, Deed, Role


class Organisation(models.Model):
    """A client organisation: whose product is supported, and within which case numbers are unique."""

    name = models.CharField(max_length=120, unique=True)
    prefix = models.CharField(max_length=8, unique=True)
    last_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """Somebody an organisation serves and whose systems break."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="customers")
    name = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="people_customer_name")
        ]

    def __str__(self) -> str:
        return self.name


class Person(AbstractUser):
    """Somebody who signs in."""

    chip = models.CharField(max_length=6, blank=True)
    """What stands for the person in dense places: `E1`, `MK`."""

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

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=8, choices=Scope)
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
