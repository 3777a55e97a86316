"""Mitigations with what their probes saw, war rooms with their actions, hand-overs with what was read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Standing(models.TextChoices):
    """Where a mitigation stands."""

    PROPOSED = "proposed", "Proposed"
    STARTED = "started", "Started"
    HELD = "held", "Held"
    FAILED = "failed", "Failed"
    """It did not help, and is still in place until it is rolled back."""
    ROLLED_BACK = "rolled_back", "Rolled back"
    STUCK = "stuck", "Rollback failed"
    REPLACED = "replaced", "Replaced"
    """The lasting repair took its place."""
    DROPPED = "dropped", "Dropped"


LIVE = (Standing.STARTED, Standing.HELD, Standing.FAILED, Standing.STUCK)
"""In place, and not meant to stay."""


class Mitigation(models.Model):
    """A temporary fix. How it came to its state is on the timeline."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="mitigations")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `M-1`."""
    pattern = models.CharField(max_length=40)
    what = models.TextField()
    risk = models.CharField(max_length=6, choices=[(one, one) for one in ("low", "medium", "high")])
    reversible = models.BooleanField()
    undo = models.TextField(blank=True)
    changes = models.CharField(max_length=200, blank=True)
    """The signal it is meant to change, in words."""
    probe = models.JSONField(default=dict)
    """A `probing.Probe`, or empty."""
    policy = models.PositiveIntegerField()
    """The version of the patterns it was taken from."""
    state = models.CharField(max_length=12, choices=Standing, default=Standing.PROPOSED)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    """When somebody was told that it expires; empty again when it is extended."""
    expired_at = models.DateTimeField(null=True)
    next_sample_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="response_mitigation_number")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                name="response_live",
                condition=models.Q(state__in=["started", "held", "failed", "stuck"]),
            )
        ]

    def __str__(self) -> str:
        return f"M-{self.number}"

    @property
    def live(self) -> bool:
        """Whether it is in place."""
        return self.state in LIVE

    @property
    def overdue(self) -> bool:
        """Whether it is in place longer than it may be."""
        return self.live and self.expires_at is not None and self.expires_at <= timezone.now()


class Sample(models.Model):
    """What a probe saw once; never changed."""

    mitigation = models.ForeignKey(Mitigation, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=12)
    """`passed`, `failed` or `inconclusive`."""
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=12, blank=True)
    text = models.CharField(max_length=400)
    verifies = models.BooleanField(default=False)
    """Whether it was taken to judge the mitigation, and not only to watch it."""

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["mitigation", "-id"], name="response_samples")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.text}"


class Room(models.Model):
    """The war room of a case; it is there from its opening on, and can be opened again."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="room")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    now = models.CharField(max_length=400, blank=True)
    """One sentence: what happens this minute."""
    now_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    now_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Room of {self.case}"


class Duty(models.TextChoices):
    """A role in a war room, held by one person at a time."""

    COMMANDER = "commander", "Commander"
    TECHNICAL = "technical", "Technical lead"
    COMMUNICATIONS = "communications", "Communications"
    SCRIBE = "scribe", "Scribe"


class Post(models.Model):
    """A duty somebody has, or had."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="posts")
    duty = models.CharField(max_length=14, choices=Duty)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "duty"], name="response_one_holder", condition=models.Q(until=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.duty}"


class Ended(models.TextChoices):
    """How an action ended."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"
    HANDED = "handed", "Handed on"


class Action(models.Model):
    """Something one person does within a time."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="actions")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `A-1`."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    what = models.TextField()
    state = models.CharField(max_length=8, choices=Ended, default=Ended.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True)
    """When it was said that its time is over."""

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="response_action_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="response_due", condition=models.Q(state="running"))
        ]

    def __str__(self) -> str:
        return f"A-{self.number}"

    @property
    def overdue(self) -> bool:
        """Whether its time is over and it still runs."""
        return self.state == Ended.RUNNING and self.due_at <= timezone.now()


class Presence(models.Model):
    """When somebody was last seen in a room."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="presences")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "person"], name="response_one_presence")
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.case}"


class Passing(models.TextChoices):
    """Where a hand-over stands."""

    OPEN = "open", "Being read"
    TAKEN = "taken", "Taken over"
    WITHDRAWN = "withdrawn", "Withdrawn"


class HandOver(models.Model):
    """A case handed from one owner to the next. What the case itself says is not kept here: it is read anew
    each time, and what was acknowledged is compared with it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hand_overs")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `HO-1`."""
    giver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    effect_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=Passing, default=Passing.OPEN)
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    """When the lead heard that the receiver is silent."""

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="response_hand_over_number"),
            models.UniqueConstraint(
                fields=["case"], name="response_one_hand_over", condition=models.Q(state="open")
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["effect_at"], name="response_passing", condition=models.Q(state="open"))
        ]

    def __str__(self) -> str:
        return f"HO-{self.number}"


class Written(models.Model):
    """An item the giver wrote."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.CASCADE, related_name="written")
    title = models.CharField(max_length=80)
    text = models.TextField()
    must = models.BooleanField(default=True)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.title


class Acknowledged(models.Model):
    """What the receiver read of one item; the newest counts."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.CASCADE, related_name="acknowledged")
    key = models.CharField(max_length=80)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.key


class Question(models.Model):
    """A question about an item, before or after the hand-over."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(max_length=80)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    entry = models.PositiveIntegerField(null=True)
    """The entry of the timeline that answers it."""
    lost = models.BooleanField(default=False)
    """Asked after the hand-over, and the case had the answer before it: context that was lost."""

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text
