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


class Grant(models.Model):
    """Leave for one person to see the evidence itself, or what pseudonyms stand for. How it came about is on the
    timeline; whether it holds is asked by the store."""

    class What(models.TextChoices):
        """What is seen by it."""

        RAW = "raw", "Evidence as it came"
        MAP = "map", "What pseudonyms stand for"

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", "Asked for"
        OPEN = "open", "Open"
        REFUSED = "refused", "Refused"
        ENDED = "ended", "Ended"
        EXPIRED = "expired", "Over"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="grants")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `G-1`."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=3, choices=What)
    artefacts = models.JSONField(default=list)
    """Ids; none means all of the case."""
    why = models.TextField()
    hours = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    decision = models.PositiveIntegerField(null=True)
    """The number of the decision it opened by."""
    asked_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="vault_grant_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=["until"], name="vault_open_grants", condition=models.Q(state="open"))
        ]

    def __str__(self) -> str:
        return f"G-{self.number}"

    @property
    def open(self) -> bool:
        """Whether it opens anything now."""
        return self.state == self.State.OPEN and self.until is not None and self.until > timezone.now()


class Hold(models.Model):
    """A legal hold: nothing of a case's evidence is deleted while it stands."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    why = models.TextField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_because = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(lifted_at=None), name="vault_one_hold_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"hold of {self.case_id}"


class Deletion(models.Model):
    """That a case's evidence was deleted, and the certificate of it."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="deletion")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    """Nobody: the retention policy."""
    reason = models.TextField()
    certificate = models.JSONField()
    event = models.BigIntegerField()
    """By which the ledger tells of it."""

    def __str__(self) -> str:
        return f"deletion of {self.case_id}"


class DataKey(models.Model):
    """The key that seals what is of one case or organisation, wrapped by a master key that is not in the database."""

    scope = models.CharField(max_length=60, unique=True)
    key_id = models.CharField(max_length=80, db_index=True)
    """Of the master key that unwraps it."""
    wrapped = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)
    shredded_at = models.DateTimeField(null=True)
    """When it was destroyed; `wrapped` is empty then, and what it sealed is gone for good."""
    region = models.CharField(max_length=20, blank=True)
    """Where what it seals lies; empty for the desk's own store."""

    def __str__(self) -> str:
        return self.scope


class SealedObject(models.Model):
    """Bytes in the store. What a case holds of one content is stored once."""

    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="objects_sealed")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    """Of what was sealed, in bytes."""
    salt = models.BinaryField()
    """Which sealed thing it is: another one put in its place is noticed."""
    place = models.CharField(max_length=200)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "sha256"], name="vault_one_object_of_a_content")
        ]

    def __str__(self) -> str:
        return self.place


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
