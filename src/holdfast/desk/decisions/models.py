"""Decisions asked for and taken, the voices given on them, and rights handed to somebody for a time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Organisation, Person


class State(models.TextChoices):
    """Where a decision stands."""

    WAITING = "waiting", "Waits"
    APPROVED = "approved", "Approved"
    TAKEN = "taken", "Taken"
    """Approved, and nothing is left that has to be done with it."""
    USED = "used", "Used"
    """The deed it was for was done by it; it allows nothing more."""
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    BROKEN = "broken", "Glass broken"
    """Allowed without approval, in an emergency, to the one who broke the glass."""


OPEN = (State.WAITING, State.APPROVED, State.BROKEN)


class Decision(models.Model):
    """Something to be decided on a case. How it came to its state is on the timeline."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `D-1`."""
    right = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Right])
    about = models.CharField(max_length=80, blank=True)
    """What it is for, as the room that needs it calls it: `mitigation/3`. Empty for a word of its own."""
    what = models.TextField()
    reason = models.TextField(blank=True)
    risk = models.TextField(blank=True)
    undo = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    """Of the details: an approval is of exactly that, and of nothing changed afterwards."""
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    policy = models.PositiveIntegerField()
    """The version of the decision rights it was asked under."""
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    """Until then it waits, or the approval counts."""
    broken_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    broken_at = models.DateTimeField(null=True)
    broken_because = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "number"], name="decisions_number")]
        indexes: ClassVar = [
            models.Index(
                fields=["until"],
                name="decisions_open",
                condition=models.Q(state__in=["waiting", "approved", "broken"]),
            ),
            models.Index(
                fields=["case"],
                name="decisions_unreviewed",
                condition=models.Q(broken_at__isnull=False, reviewed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"D-{self.number}"

    @property
    def unreviewed(self) -> bool:
        """Whether glass was broken and nobody has looked at it since."""
        return self.broken_at is not None and self.reviewed_at is None


class Voice(models.Model):
    """What one person said to a decision; given once."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="voices")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    """Whose right it was: the person's own, or of the one who delegated it."""
    approves = models.BooleanField()
    text = models.TextField(blank=True)
    given_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["decision", "person"], name="decisions_one_voice")
        ]

    def __str__(self) -> str:
        return f"{self.person} {'for' if self.approves else 'against'} {self.decision}"


class Delegation(models.Model):
    """A right that somebody handed to somebody else for a time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    holder = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="delegations")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="delegated")
    right = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Right])
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.right} of {self.holder} to {self.person}"
