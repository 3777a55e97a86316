"""Where a case came from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Organisation, Person


class Origin(models.Model):
    """The desk a case came from, the archive it came in, and what was proven of it."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="origin")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=40)
    """What it is called there: `ESC-142`."""
    desk = models.CharField(max_length=200)
    """The name its ledger signs with."""
    key = models.CharField(max_length=300)
    """The key that signed the archive and its ledger."""
    form = models.CharField(max_length=8, choices=[("redacted", "redacted"), ("sealed", "sealed")])
    archive = models.CharField(max_length=64)
    """SHA-256 of the archive."""
    checkpoint = models.CharField(max_length=64)
    """SHA-256 of the ledger's signed checkpoint in it."""
    ledger = models.CharField(max_length=64)
    """SHA-256 of the ledger's export in it, kept under the case's key."""
    entries = models.PositiveIntegerField()
    """Of the timeline, as many as came along."""
    proven = models.PositiveIntegerField()
    """How many of them the ledger proves."""
    made_at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "key", "reference"], name="portable_once")
        ]

    def __str__(self) -> str:
        return f"{self.reference} of {self.desk}"
