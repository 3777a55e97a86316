"""Tickets, what was said about them, the cases that share one, its fixes, and which customer is where."""

from __future__ import annotations

import shlex
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.engineering.owners import owned_by
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed

EVENT = "case.ticket"


class Standing(models.TextChoices):
    """Where a ticket stands."""

    DRAFT = "draft", "Draft"
    QUEUED = "queued", "Waits for its tracker"
    FILED = "filed", "Filed"
    SENT_BACK = "sent_back", "Sent back"
    DISPUTED = "disputed", "Disputed"
    ACCEPTED = "accepted", "Accepted"
    FIXED = "fixed", "Fixed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SAME = "same", "Same as another"
    DROPPED = "dropped", "Dropped"


UNFILED = (Standing.DRAFT, Standing.QUEUED, Standing.DROPPED, Standing.SAME)
LISTED_WITHOUT = ("parts", "filled", "patch")
"""Columns of a draft that lists of filed tickets leave where they are."""
OPEN = (Standing.QUEUED, Standing.FILED, Standing.SENT_BACK, Standing.DISPUTED, Standing.ACCEPTED)


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets, as far as somebody may see them."""

    def visible_to(self, person: Person) -> TicketQuerySet:
        """Those of cases whose inside the person sees, and what was filed with an owner they answer for."""
        inside = [
            m.organisation_id for m in person.standing if person.may(Deed.SEE_INTERNAL, m.organisation_id)
        ]
        seen = Case.objects.visible_to(person).filter(organisation_id__in=inside).values("id")
        shares = Shared.objects.filter(ticket=models.OuterRef("pk"), case__in=seen)
        rule = models.Q(case__in=seen) | models.Q(models.Exists(shares))
        for organisation_id, names in owned_by(person).items():
            theirs = models.Q(organisation_id=organisation_id, owner__in=names)
            rule |= theirs & ~models.Q(state__in=UNFILED)
        return self.filter(rule)


class Ticket(models.Model):
    """A defect told to whoever owns the component. Until it is filed it is a draft of the case's team; what was
    filed is kept as it left."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tickets")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `T-1`."""
    state = models.CharField(max_length=10, choices=Standing, default=Standing.DRAFT)
    summary = models.CharField(max_length=200)
    component = models.CharField(max_length=200, blank=True)
    owner = models.CharField(max_length=12)
    priority = models.PositiveSmallIntegerField(default=3)
    parts = models.JSONField(default=dict)
    """Text by part; see `parts.PARTS`."""
    filled = models.JSONField(default=dict)
    """What the case said of each part when it was last filled: a part that differs was written by a person."""
    patch = models.TextField(blank=True)
    edits = models.PositiveIntegerField(default=0)
    filled_at = models.PositiveIntegerField(default=0)
    """Entries on the timeline when it was filled."""
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    tracker = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=80, blank=True)
    """By which a tracker knows it again, however often it is tried."""
    serial = models.PositiveIntegerField(null=True)
    """Its number with its owner, where the desk is the tracker."""
    reference = models.CharField(max_length=200, blank=True)
    """What it is called where it lives: `ROUTE-412`."""
    url = models.CharField(max_length=500, blank=True)
    sent = models.JSONField(default=dict)
    """What left, without secrets and personal data: `summary`, `parts`, `patch`."""
    open_checks = models.JSONField(default=list)
    """Checks that were open when it was filed, by decision."""
    filed_at = models.DateTimeField(null=True)
    filed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    """When the owner was last asked for an answer; empty while nothing is asked of them."""
    late_at = models.DateTimeField(null=True)
    """When that answer is late."""
    seen_state = models.CharField(max_length=80, blank=True)
    """Its tracker's own word for where it stands."""
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=400, blank=True)
    """Why its tracker did not take it."""
    same_as = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="engineering_number"),
            models.UniqueConstraint(fields=["organisation", "owner", "serial"], name="engineering_serial"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "owner", "-filed_at"], name="engineering_owner"),
            models.Index(fields=["try_at"], name="engineering_queued", condition=models.Q(state="queued")),
            models.Index(
                fields=["late_at"], name="engineering_late", condition=models.Q(late_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"T-{self.number}"

    @property
    def called(self) -> str:
        """What people call it: as its tracker does, once it has it."""
        return self.reference or str(self)

    @property
    def address(self) -> str:
        """Where it opens outside, if that is safe to follow."""
        return self.url if self.url.startswith(("https://", "http://")) else ""

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in OPEN

    @property
    def document(self) -> dict[str, Any]:
        """What left, or the draft as it is: `summary`, `parts`, `patch`."""
        return self.sent or {"summary": self.summary, "parts": self.parts, "patch": self.patch}


class Word(models.TextChoices):
    """What is said about a ticket."""

    FILED = "filed", "Filed"
    SENT_BACK = "sent_back", "Sent back"
    ANSWERED = "answered", "Answered"
    DISPUTED = "disputed", "Disputed"
    ACCEPTED = "accepted", "Accepted"
    FIXED = "fixed", "Fixed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Exchange(models.Model):
    """One thing said about a filed ticket. Its words are never changed."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="exchanges")
    word = models.CharField(max_length=10, choices=Word)
    lacks = models.CharField(max_length=20, blank=True)
    """Which part an owner missed; see `parts.LACKING`."""
    text = models.TextField(blank=True)
    """Without secrets and personal data, where the team says it."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    author = models.CharField(max_length=160)
    """The person's name at the time, or the tracker's."""
    at = models.DateTimeField(default=timezone.now)
    carries = models.TextField(blank=True)
    """What a tracker that is elsewhere has to be told of it."""
    carry_at = models.DateTimeField(null=True)
    """When it is told next; empty once it was, or where nothing has to be."""

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(
                fields=["carry_at"], name="engineering_carry", condition=models.Q(carry_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.word} {self.text}"


class Shared(models.Model):
    """Another case with the same defect."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="shares")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="shared_tickets")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "case"], name="engineering_shared_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} shares {self.ticket_id}"


class Reproduction(models.Model):
    """A command that shows the fault, run by the desk: what it printed, how it ended, and whether it showed it."""

    class Outcome(models.TextChoices):
        """What came of it."""

        WAITING = "waiting", "Waits to be run"
        REPRODUCED = "reproduced", "Reproduced"
        NOT = "not", "Not reproduced"
        INCONCLUSIVE = "inconclusive", "Inconclusive"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="reproductions")
    command = models.CharField(max_length=81)
    """A program of the folder HOLDFAST_PROBE_COMMANDS."""
    arguments = models.JSONField(default=list)
    shows = models.CharField(max_length=400, blank=True)
    """The text its output holds when the fault is there; without one, ending with anything but 0 shows it."""
    times = models.PositiveSmallIntegerField(default=3)
    seconds = models.PositiveSmallIntegerField(default=10)
    environment = models.CharField(max_length=300, blank=True)
    """Where it was run against, as the case had it recorded when it was asked for."""
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.WAITING)
    codes = models.JSONField(default=list)
    """The exit code of each run; null for one that was killed when its time was over."""
    hits = models.PositiveSmallIntegerField(default=0)
    """How many of the runs showed the fault."""
    output = models.TextField(blank=True)
    """Of the first run that showed it, else of the last; without secrets and personal data."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    ran_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    @property
    def line(self) -> str:
        """The command as one would type it."""
        return shlex.join([self.command, *self.arguments])

    @property
    def told(self) -> str:
        """What came of it in one line: `3 of 3 times, ended with 1, in E1 prod 4.3`."""
        ends = sorted({"killed" if code is None else str(code) for code in self.codes})
        where = f", in {self.environment}" if self.environment else ""
        return f"{self.hits} of {len(self.codes)} times, ended with {', '.join(ends) or 'nothing'}{where}"


class Fix(models.Model):
    """A version that has the fix, for one line of versions or for all from it on."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="fixes")
    version = models.CharField(max_length=60)
    line = models.CharField(max_length=60, blank=True)
    """The line a hot fix is for: `1.0`; empty when every later version has it."""
    build = models.CharField(max_length=120, blank=True)
    released_at = models.DateTimeField(null=True)
    """When it could be installed; empty while it is being built."""
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "version"], name="engineering_fix_once")
        ]

    def __str__(self) -> str:
        return self.version


class Whether(models.TextChoices):
    """Whether a customer has the defect."""

    UNKNOWN = "unknown", "not known"
    YES = "yes", "affected"
    NO = "no", "not affected"


class Affected(models.Model):
    """A customer and a defect: affected or not, on which version, told, verified. How it came about is on the
    case's timeline."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="customers")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    """The case that says so; who sees it sees the row."""
    name = models.CharField(max_length=120)
    affected = models.CharField(max_length=8, choices=Whether, default=Whether.YES)
    version = models.CharField(max_length=120, blank=True)
    """What they run now."""
    workaround = models.CharField(max_length=400, blank=True)
    told_at = models.DateTimeField(null=True)
    told_by = models.CharField(max_length=200, blank=True)
    """How they were told of the fix: `U-3`, or in words."""
    verified_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=400, blank=True)
    """How it is known that it is fixed there."""

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "name"], name="engineering_customer_once")
        ]

    def __str__(self) -> str:
        return self.name
