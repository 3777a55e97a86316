"""Updates, the promises in them, and who follows the status page."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Organisation, Person


class Audience(models.TextChoices):
    """Who reads it. The facts are the same; the words are not."""

    CUSTOMER = "customer", "Customer"
    EXECUTIVE = "executive", "Executives"
    INTERNAL = "internal", "Team"
    STATUS = "status", "Status page"


class Update(models.Model):
    """What somebody is told: what is known, what is being done, when there is more."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SENT = "sent"
        DROPPED = "dropped"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="updates")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `U-1`."""
    audience = models.CharField(max_length=10, choices=Audience)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    headline = models.CharField(max_length=200)
    known = models.TextField(blank=True)
    doing = models.TextField(blank=True)
    next_step = models.TextField(blank=True)
    next_at = models.DateTimeField(null=True)
    commitments = models.JSONField(default=list)
    """`{"about", "text", "due"}`: promises beyond the next update; they need a decision."""
    kept = models.JSONField(default=dict)
    """Why words the checker warned of are kept: words to reason."""
    to = models.JSONField(null=True)
    """Addresses it goes to; empty for everybody of its audience, an empty list when it was told by hand."""
    settled = models.TextField(blank=True)
    """Lines a published policy has written, which the checker passes over."""
    data = models.JSONField(default=dict)
    """What its entry on the timeline keeps besides."""
    edits = models.PositiveIntegerField(default=0)
    filled_at = models.PositiveIntegerField(default=0)
    """Entries on the timeline when it was filled."""
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    sent_text = models.TextField(blank=True)
    """What left: without secrets and personal data."""
    delivered = models.JSONField(default=list)
    """Letters, by number."""

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "number"], name="updates_number")]
        indexes: ClassVar = [models.Index(fields=["audience", "state", "-sent_at"], name="updates_public")]

    def __str__(self) -> str:
        return f"U-{self.number}"


class Promise(models.Model):
    """Something somebody was told they would get, by when."""

    class About(models.TextChoices):
        UPDATE = "update", "Next update"
        FIX = "fix", "Fix"
        WORKAROUND = "workaround", "Workaround"
        ANALYSIS = "analysis", "Analysis of causes"
        COMPENSATION = "compensation", "Money or its equal"
        OTHER = "other", "Something else"

    class State(models.TextChoices):
        OPEN = "open"
        KEPT = "kept"
        BROKEN = "broken"
        MOVED = "moved"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="promises")
    number = models.PositiveIntegerField()
    update = models.ForeignKey(Update, on_delete=models.PROTECT, null=True, related_name="promises")
    about = models.CharField(max_length=12, choices=About)
    text = models.CharField(max_length=400)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=400, blank=True)
    """Why it was moved, or how it was kept."""
    instead = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    """The promise that took its place."""

    class Meta:
        ordering: ClassVar = ["due_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="updates_promise_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="updates_due", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"P-{self.number}"


def _token() -> str:
    return secrets.token_urlsafe(24)


class Subscriber(models.Model):
    """Somebody who follows an organisation's status page by mail, once they have confirmed it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    email = models.EmailField()
    token = models.CharField(max_length=40, unique=True, default=_token)
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "email"], name="updates_one_subscriber")
        ]

    def __str__(self) -> str:
        return self.email
