"""Numbers of the impact and constraints of the customer. A number that was replaced stays, with its end."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person

NBSP = "\u00a0"


class What(models.TextChoices):
    """What is counted."""

    USERS = "users", "Users affected"
    REQUESTS = "requests", "Requests failed"
    MONEY = "money", "Money lost per hour"
    TENANTS = "tenants", "Tenants affected"


class Sourced(models.Model):
    """Something said about a case, with where it comes from."""

    CUSTOMER = "customer"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    said_by_customer = models.BooleanField(default=False)
    entry = models.PositiveIntegerField(null=True)
    """Position on the timeline of the entry that says it."""
    finding = models.CharField(max_length=20, blank=True)
    locators = models.JSONField(default=list)
    """Each with `artefact`, `name` of the artefact, `place`, `at`; see `story.Proof`."""
    version = models.PositiveIntegerField(null=True)
    """The diagnosis the finding and the locators are of."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def source(self) -> str:
        """The source in words."""
        if self.said_by_customer:
            return "said by the customer"
        if self.entry is not None:
            return f"entry {self.entry}"
        place = self.locators[0] if self.locators else None
        return self.finding or (f"{place['name']}:{place['at']}" if place else "")


class Number(Sourced):
    """How many, of how many, since when."""

    what = models.CharField(max_length=10, choices=What)
    number = models.BigIntegerField()
    whole = models.BigIntegerField(null=True)
    """Of how many, where that is known."""
    unit = models.CharField(max_length=3, blank=True)
    """Currency of money, ISO 4217."""
    since = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "what"], name="impact_one_holds", condition=models.Q(replaced_at=None)
            )
        ]

    def __str__(self) -> str:
        digits = f"{self.number:,}".replace(",", "\u202f")
        whole = "" if self.whole is None else f" of {self.whole:,}".replace(",", "\u202f")
        return {
            What.USERS: f"{digits}{whole} users",
            What.REQUESTS: f"{digits}{whole} requests failed",
            What.MONEY: f"{digits}{NBSP}{self.unit} an hour",
            What.TENANTS: f"{digits}{whole} tenants",
        }[What(self.what)]


class Constraint(Sourced):
    """What must not happen, or must be kept: no restart before 18:00, data stays in the EU."""

    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case."""
    text = models.CharField(max_length=400)
    until = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="impact_constraint_number")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def over(self) -> bool:
        """Whether its time has passed."""
        return self.until is not None and self.until < timezone.now()
