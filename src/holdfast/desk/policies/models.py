"""Published policies; a version is never changed, only followed by another."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.people.models import Organisation, Person


class Version(models.Model):
    """One version of a policy of an organisation. Triggers keep it as it was published."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="policies")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    """1, 2, 3, ...; 0 is what the product ships."""
    text = models.TextField()
    why = models.TextField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["kind", "name", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "name", "version"], name="policies_one_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name} {self.version}"
