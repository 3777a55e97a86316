"""What happened, in order, and what is to be done, with its lease."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One thing that happened; ids increase in the order of commits, so a reader never misses one."""

    kind = models.CharField(max_length=60)
    organisation_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Job(models.Model):
    """Work that outlives a request. This row is the truth: whoever holds the lease may work on it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=60)
    organisation_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    percent = models.PositiveSmallIntegerField(default=0)
    progress = models.CharField(max_length=200, blank=True)
    cancel = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                name="outbox_job_open",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.Index(fields=["case_id", "id"], name="outbox_job_case"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.state}"

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}


class Round(models.Model):
    """When something that is done every so often is due again."""

    name = models.CharField(max_length=60, unique=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.due_at}"


class Letter(models.Model):
    """A mail the desk sends. Its Message-ID is how an answer finds its case."""

    message_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=254)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    answers = models.CharField(max_length=998, blank=True)
    organisation_id = models.BigIntegerField()
    case_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.subject
