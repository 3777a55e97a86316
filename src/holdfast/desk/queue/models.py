"""Views of the queue that somebody keeps."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.people.models import Organisation, Person


class SavedView(models.Model):
    """A filter of the queue under a name: one person's, or everybody's in an organisation."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True)
    """Who else sees it; empty for nobody else."""
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    kept_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "name"], name="queue_one_view_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name
