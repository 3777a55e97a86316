"""Uploads under way, artefacts received, and who had them in hand."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Upload(models.Model):
    """An artefact on its way in. How much arrived is the size of its file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="uploads")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    name = models.CharField(max_length=400)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    """What the sender says it is; empty when the sender does not say."""
    baseline = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Artefact(models.Model):
    """One thing received, sealed as it came. The name is data and never a path."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="artefacts")
    upload = models.UUIDField(unique=True)
    name = models.CharField(max_length=400)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    baseline = models.BooleanField(default=False)
    """Shows the system when it was well."""
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class Custody(models.Model):
    """Somebody had an artefact in hand. Never changed or removed; triggers see to that."""

    artefact = models.ForeignKey(Artefact, on_delete=models.PROTECT, related_name="custody")
    deed = models.CharField(max_length=20)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "custody"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.deed} {self.artefact}"
