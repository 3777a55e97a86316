"""Mitigations with what their probes saw."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Standing(models.TextChoices):
    """Where a mitigation stands."""

    PROPOSED = "proposed", "Proposed"
    STARTED = "started", "Started"
    HELD = "held", "Held"
    FAILED = "failed", "Failed"
    """It did not help, and is still in place until it is rolled back."""
    ROLLED_BACK = "rolled_back", "Rolled back"
    STUCK = "stuck", "Rollback failed"
    REPLACED = "replaced", "Replaced"
    """The lasting repair took its place."""
    DROPPED = "dropped", "Dropped"


LIVE = (Standing.STARTED, Standing.HELD, Standing.FAILED, Standing.STUCK)
"""In place, and not meant to stay."""


class Mitigation(models.Model):
    """A temporary fix. How it came to its state is on the timeline."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="mitigations")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `M-1`."""
    pattern = models.CharField(max_length=40)
    what = models.TextField()
    risk = models.CharField(max_length=6, choices=[(one, one) for one in ("low", "medium", "high")])
    reversible = models.BooleanField()
    undo = models.TextField(blank=True)
    changes = models.CharField(max_length=200, blank=True)
    """The signal it is meant to change, in words."""
    probe = models.JSONField(default=dict)
    """A `probing.Probe`, or empty."""
    policy = models.PositiveIntegerField()
    """The version of the patterns it was taken from."""
    state = models.CharField(max_length=12, choices=Standing, default=Standing.PROPOSED)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    """When somebody was told that it expires; empty again when it is extended."""
    expired_at = models.DateTimeField(null=True)
    next_sample_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="response_mitigation_number")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                name="response_live",
                condition=models.Q(state__in=["started", "held", "failed", "stuck"]),
            )
        ]

    def __str__(self) -> str:
        return f"M-{self.number}"

    @property
    def live(self) -> bool:
        """Whether it is in place."""
        return self.state in LIVE

    @property
    def overdue(self) -> bool:
        """Whether it is in place longer than it may be."""
        return self.live and self.expires_at is not None and self.expires_at <= timezone.now()


class Sample(models.Model):
    """What a probe saw once; never changed."""

    mitigation = models.ForeignKey(Mitigation, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=12)
    """`passed`, `failed` or `inconclusive`."""
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=12, blank=True)
    text = models.CharField(max_length=400)
    verifies = models.BooleanField(default=False)
    """Whether it was taken to judge the mitigation, and not only to watch it."""

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["mitigation", "-id"], name="response_samples")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.text}"
