"""A link between two cases, or from a case to something outside the desk."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Relation(models.TextChoices):
    """What the other side is to the case."""

    PARENT = "parent", "Parent"
    DUPLICATE = "duplicate_of", "Duplicate of"
    CAUSE = "caused_by", "Caused by"
    INCIDENT = "incident", "Incident"
    PROBLEM = "problem", "Problem"
    CHANGE = "change", "Change"
    SAME = "same_as", "Same case as"


BACKWARDS = {
    Relation.PARENT: "Child",
    Relation.DUPLICATE: "Duplicate",
    Relation.CAUSE: "Causes",
    Relation.INCIDENT: "Incident of",
    Relation.PROBLEM: "Problem of",
    Relation.CHANGE: "Change of",
    Relation.SAME: "Same case as",
}
"""What the case is called from the other side."""

ONE_WAY = (Relation.PARENT, Relation.DUPLICATE)
"""Relations that lead upwards: one step from each case, and never back to it."""

OUTSIDE = (Relation.INCIDENT, Relation.PROBLEM, Relation.CHANGE, Relation.SAME)
"""Relations whose other side may be kept in another system."""


class Link(models.Model):
    """A link. It is never removed: one that no longer holds has an end."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    relation = models.CharField(max_length=12, choices=Relation)
    other = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="links_here")
    reference = models.CharField(max_length=120, blank=True)
    """What the other side is called outside the desk."""
    url = models.CharField(max_length=500, blank=True)
    merges = models.BooleanField(default=False)
    """Whether the case is merged into the other."""
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "relation"],
                name="links_one_upwards",
                condition=models.Q(ended_at=None, relation__in=["parent", "duplicate_of"]),
            ),
            models.CheckConstraint(
                condition=models.Q(other=None) ^ models.Q(reference=""), name="links_one_other_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.relation} {self.other_id or self.reference}"

    @property
    def address(self) -> str:
        """The outside address where it is safe to follow; anything else is only shown."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return ""
        return self.url if parts.scheme in {"http", "https"} and parts.hostname else ""
