"""Diagnoses kept with their case, version by version."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case


class Diagnosis(models.Model):
    """What the engine said about a case's evidence at one time; never changed, only followed by another."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="diagnoses")
    version = models.PositiveIntegerField()
    report = models.JSONField()
    """Schema 1 of `holdfast.diagnostics`: see `Diagnosis.to_dict` there."""
    folder = models.CharField(max_length=80, blank=True)
    """Where the evidence it read is kept open, below `readings` in the data folder."""
    artefacts = models.JSONField(default=list)
    """Ids of the vault's artefacts it read."""
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "diagnoses"
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "version"], name="investigation_version")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.version}"

    def finding(self, finding: str) -> dict[str, Any] | None:
        """Return one finding by its id."""
        return next((found for found in self.report["findings"] if found["id"] == finding), None)
