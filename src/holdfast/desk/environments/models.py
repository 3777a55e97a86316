"""An environment as it was at a moment. It is never changed: another moment is another environment."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Environment(models.Model):
    """Who runs what where, at a moment, with its settings. Secrets were masked before it was kept."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="environments")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `E1`."""
    name = models.CharField(max_length=120)
    at = models.DateTimeField()
    """The moment it was like this."""
    version = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    settings = models.JSONField(default=dict)
    """By dotted path, everything as text."""
    format = models.CharField(max_length=12)
    source = models.CharField(max_length=300)
    """Where the text came from: pasted, or the name of a file."""
    sha256 = models.CharField(max_length=64, blank=True)
    """Of the text that was read; empty when there was none."""
    masked = models.PositiveIntegerField(default=0)
    """How many settings were masked."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="environments_number")
        ]

    def __str__(self) -> str:
        return f"E{self.number}"
