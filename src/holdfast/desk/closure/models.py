"""Asking the customer how it was."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case


class Survey(models.Model):
    """One question to the customer of a closed case; answered once."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="surveys")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    score = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(score=None) | models.Q(score__range=(1, 5)), name="closure_score"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.score or 'asked'}"

    @property
    def live(self) -> bool:
        """Whether its link still takes an answer."""
        return self.answered_at is None and self.expires_at > timezone.now()
