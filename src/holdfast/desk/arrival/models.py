"""What arrived, where it may arrive, and what intake asks of a case."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Organisation, Person


class Mailbox(models.Model):
    """An address whose mail is an organisation's."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mailboxes")
    address = models.CharField(max_length=254, unique=True)
    """In small letters."""

    def __str__(self) -> str:
        return self.address


class Hook(models.Model):
    """A system that sends signed payloads, and how they are read."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="hooks")
    name = models.CharField(max_length=40, unique=True)
    secret = models.TextField()
    """Encrypted; shown once when it was made."""
    mapping = models.CharField(max_length=60, default="default")
    """Name of the policy that says which field of the payload is what."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="hooks")
    """In whose name cases are declared."""
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Arrival(models.Model):
    """One thing that came in, as it came. What became of it is its state."""

    class Source(models.TextChoices):
        WEB = "web", "Web form"
        API = "api", "API"
        CLI = "cli", "Command line"
        MAIL = "mail", "Mail"
        HOOK = "hook", "Webhook"

    class State(models.TextChoices):
        NEW = "new", "Not read yet"
        WAITING = "waiting", "Waits for a person"
        TAKEN = "taken", "Taken"
        REFUSED = "refused", "Refused"
        ASIDE = "aside", "Set aside"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="arrivals")
    source = models.CharField(max_length=4, choices=Source)
    key = models.CharField(max_length=240)
    """The sender's own name for it: Message-ID, delivery, idempotency key."""
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    sender = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    """Who sent it, where that is known for certain."""
    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, null=True)
    fields = models.JSONField(default=dict)
    """What was understood of it, as far as it was: title, severity, impact, area, customer."""
    state = models.CharField(max_length=7, choices=State, default=State.NEW)
    reason = models.CharField(max_length=500, blank=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="arrivals")
    message_id = models.CharField(max_length=250, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "source", "key"], name="arrival_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "state", "-id"], name="arrival_tray"),
            models.Index(fields=["message_id"], name="arrival_message"),
            models.Index(fields=["sender", "received_at"], name="arrival_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"

    @property
    def title(self) -> str:
        """What it is called in a list."""
        return self.subject or str(self.fields.get("title", "")) or "(no subject)"

    @property
    def open(self) -> bool:
        """Whether somebody or the desk still has to do something about it."""
        return self.state in {self.State.NEW, self.State.WAITING}


class Intake(models.Model):
    """Which template a case is asked by, in which version."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="intake")
    template = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    marks = models.JSONField(default=dict)
    """By item: `given` or `not_needed`, where a person said so. How it came about is on the timeline."""
    score = models.PositiveSmallIntegerField(null=True)
    """Points of 100 for what was there at acknowledgement."""
    scored_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.template} {self.version}"
