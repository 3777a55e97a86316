"""What figures are of each case, kept so that a page needs no timelines; `holdfast recount` makes it anew."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from holdfast.desk.cases.models import Case


class Measure(models.Model):
    """The value of one figure for one case, counted from its timeline with every entry."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="measures")
    organisation_id = models.BigIntegerField()
    figure = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=20)
    """What the figure is told apart by: the severity, or the source."""
    reported_at = models.DateTimeField()
    part = models.FloatField()
    """Seconds of a duration; of a share, how many of the whole; of a score, the score."""
    whole = models.FloatField(default=1)
    running = models.BooleanField(default=False)
    """A duration that still grows from `reported_at`."""
    counts_from = models.DateTimeField(null=True)
    """When it begins to count; empty when it does already."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "figure"], name="insight_one_measure")
        ]
        indexes: ClassVar = [
            models.Index(
                # All that a line needs stands in the index; `include` would leave it out on SQLite.
                fields=[
                    "organisation_id",
                    "figure",
                    "group",
                    "-reported_at",
                    "part",
                    "whole",
                    "running",
                    "counts_from",
                ],
                name="insight_lines",
            ),
            models.Index(
                # The same for what has no group yet: the last quarter of one figure.
                fields=["organisation_id", "figure", "-reported_at", "group", "part", "whole", "counts_from"],
                name="insight_quarter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure} of {self.case_id}"
