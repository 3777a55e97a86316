"""The log's entries, the tree over them, the checkpoints signed, and what may be erased."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Leaf(models.Model):
    """One entry of the log. Never changed or removed; triggers see to that."""

    index = models.BigIntegerField(primary_key=True)
    """0, 1, 2, ..."""
    event_id = models.BigIntegerField(unique=True)
    """The outbox's event it tells of."""
    organisation_id = models.BigIntegerField(null=True, db_index=True)
    case_id = models.BigIntegerField(null=True, db_index=True)
    artefact_id = models.BigIntegerField(null=True, db_index=True)
    entry = models.TextField()
    """Canonical JSON: what is hashed."""

    def __str__(self) -> str:
        return f"{self.index}"


class Opening(models.Model):
    """The salt and value of what is personal in an entry. Erasing it keeps every proof."""

    leaf = models.ForeignKey(Leaf, on_delete=models.PROTECT, related_name="openings")
    path = models.CharField(max_length=60)
    salt = models.BinaryField(max_length=32)
    value = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["leaf", "path"], name="audit_one_opening")]

    def __str__(self) -> str:
        return f"{self.path} of {self.leaf_id}"


class Tile(models.Model):
    """Up to 256 hashes of the tree, one after the other; see `ledger.tiles`."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["level", "index"], name="audit_one_tile")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class SignedCheckpoint(models.Model):
    """A checkpoint as a signed note, with what witnesses gave for it."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    timestamps = models.JSONField(default=list)
    """RFC 3161 tokens as base64."""
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} entries"


class Witness(models.Model):
    """Somebody outside who is told of checkpoints, and how far they have followed."""

    address = models.CharField(max_length=300, unique=True)
    size = models.BigIntegerField(default=0)
    """Entries of the last checkpoint they took."""
    told_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=400, blank=True)
    """Why the last attempt did not work; empty when it did."""

    def __str__(self) -> str:
        return self.address
