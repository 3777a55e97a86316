"""The case and its timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from holdfast.desk.cases.states import MOVES, OPEN, State
from holdfast.desk.people.models import Customer, Membership, Organisation, Person
from holdfast.desk.people.rights import REACH, Deed, Reach


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases, as far as somebody may see them."""

    def visible_to(self, person: Person) -> CaseQuerySet:
        """The one access rule: every page, operation and stream starts from here."""
        whole = [member.organisation_id for member in person.standing if REACH[member.role] == Reach.ALL]
        rule = models.Q(organisation_id__in=whole)
        if len(whole) == 1:  # equality lets the database walk the queue's index in order
            rule = models.Q(organisation_id=whole[0])
        for member in person.standing:
            if member.organisation_id not in whole:
                rule |= models.Q(organisation_id=member.organisation_id) & _part_of(person, member)
        return self.filter(rule)

    def listed(self) -> CaseQuerySet:
        """With what a list shows of each. The organisation is fetched apart: joined, some planners
        start from it and sort all its cases instead of walking the index."""
        return self.select_related("customer", "owner").prefetch_related("organisation")

    def open(self) -> CaseQuerySet:
        """Those somebody still has to do something about."""
        return self.filter(closed_at=None)

    def in_order(self) -> CaseQuerySet:
        """In the order of work; see `ordering`."""
        return self.order_by("standing", "id")


def _part_of(person: Person, member: Membership) -> models.Q:
    joined = models.Q(models.Exists(Part.objects.filter(case=models.OuterRef("pk"), person=person)))
    if REACH[member.role] == Reach.MINE:
        return models.Q(declared_by=person) | joined
    if REACH[member.role] == Reach.JOINED:
        return joined
    return models.Q(customer_id=member.customer_id)


class Case(models.Model):
    """An escalation, from arrival to what was learned from it.

    Its fields are the present state; how they came about is on the timeline.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    impact = models.TextField(blank=True)
    """What is broken for whom, as reported."""
    severity = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True)
    area = models.CharField(max_length=80, blank=True)
    """Product area or component, as reported."""
    source = models.CharField(max_length=20, default="web")
    declared_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="declared")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="owned")
    reported_at = models.DateTimeField(default=timezone.now)
    acknowledged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    """When it left the open states; empty while open."""
    touched_at = models.DateTimeField(default=timezone.now)
    state_at = models.DateTimeField(null=True)
    """Since when it is in its state; empty while it is as it was declared."""
    customer_at = models.DateTimeField(null=True)
    """When the customer last said something."""
    came_back = models.BooleanField(default=False)
    """Whether the customer wrote after it was resolved, and nobody has answered."""
    component = models.CharField(max_length=200, blank=True)
    """The component the newest diagnosis ranks first."""
    asked_severity = models.PositiveSmallIntegerField(null=True)
    """What the source asked for, kept when a person decides otherwise."""
    confirmed_at = models.DateTimeField(null=True)
    """When a person confirmed the severity."""
    disputed = models.BooleanField(default=False)
    """Whether a dispute about the severity waits for the lead."""
    criteria = models.JSONField(default=dict)
    """Answers to the severity matrix's questions."""
    scope = models.JSONField(default=dict)
    """Who and what is affected: `customers`, `tenants`, `regions`, `versions`, each a list of names."""
    next_step = models.CharField(max_length=200, blank=True)
    next_step_by = models.DateTimeField(null=True)
    blocked_on = models.CharField(max_length=120, blank=True)
    """Who or what it waits for."""
    blocked_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    """When the next clock breaks. This and the next four are counted from the timeline by `clockwork` for
    lists only; `holdfast recount` makes them anew."""
    next_clock = models.CharField(max_length=40, blank=True)
    next_clock_from = models.DateTimeField(null=True)
    clock_percent = models.PositiveSmallIntegerField(default=0)
    """The last threshold that the clock furthest in its time has passed."""
    attention_at = models.DateTimeField(null=True)
    """When something about it changes by itself: a threshold of a clock, days of silence."""
    points = models.IntegerField(default=0)
    """In the queue, without age."""
    standing = models.BigIntegerField(default=0)
    """Sort key of the queue; see `ordering`."""
    entries_count = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    """Hash of the newest timeline entry, so that a shortened timeline shows too."""

    objects = CaseQuerySet.as_manager()
    locked_as: Mapping[str, Any] | None = None
    """The row as it was when a command locked it."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="cases_number"),
            models.CheckConstraint(condition=models.Q(severity__range=(1, 4)), name="cases_severity"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organisation", "standing", "id"],
                name="cases_queue",
                condition=models.Q(closed_at=None),
            ),
            models.Index(fields=["organisation", "-reported_at"], name="cases_recent"),
            models.Index(fields=["organisation", "severity", "reported_at"], name="cases_figures"),
            models.Index(fields=["organisation", "customer", "standing"], name="cases_customer"),
            models.Index(
                # What the tags, the views and the work in progress count, without reading whole cases.
                fields=[
                    "organisation",
                    "owner",
                    "severity",
                    "state",
                    "reported_at",
                    "acknowledged_at",
                    "touched_at",
                    "next_due_at",
                    "next_step",
                    "blocked_on",
                    "disputed",
                ],
                name="cases_counts",
                condition=models.Q(closed_at=None),
            ),
            models.Index(fields=["organisation", "state", "standing"], name="cases_states"),
            models.Index(
                fields=["organisation", "standing"],
                name="cases_back",
                condition=models.Q(came_back=True),
            ),
            models.Index(
                fields=["organisation", "closed_at", "severity"],
                name="cases_ended",
                condition=models.Q(closed_at__isnull=False),
            ),
            models.Index(
                fields=["attention_at"],
                name="cases_attention",
                condition=models.Q(attention_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """What people call it: `ESC-142`."""
        return f"{self.organisation.prefix}-{self.number}"

    @property
    def region(self) -> str:
        """Where its evidence lies; empty for the desk's own store."""
        return (self.customer.region if self.customer else "") or self.organisation.region

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in OPEN

    @property
    def moves(self) -> tuple[State, ...]:
        """The states it may move to."""
        return MOVES[self.state]

    def row(self) -> dict[str, Any]:
        """Return its columns' values by attribute name, apart from the case."""
        values = ((field.attname, self.__dict__[field.attname]) for field in self._meta.concrete_fields)
        return {name: deepcopy(value) if isinstance(value, dict) else value for name, value in values}

    def save_changes(self) -> None:
        """Save what a command changed since it locked the case, all of one that was never locked."""
        if self.locked_as is None:
            self.save()
            return
        now = self.row()
        self.save(update_fields=[name for name, value in now.items() if value != self.locked_as[name]])
        self.locked_as = now

    def allows(self, person: Person, deed: Deed) -> bool:
        """Whether somebody who sees the case may do this to it."""
        return person.may(deed, self.organisation_id)


class Part(models.Model):
    """A person put on a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="parts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="parts")
    what = models.CharField(max_length=60, default="helps")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "person"], name="cases_one_part")]

    def __str__(self) -> str:
        return f"{self.person} {self.what}"


class Notice(models.Model):
    """Something a person has to hear of a case; the key keeps it from being said twice."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=160)
    text = models.CharField(max_length=400)
    given_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "case", "key"], name="cases_one_notice")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["person", "-given_at"], name="cases_unread", condition=models.Q(read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Focus(models.Model):
    """Time somebody took to concentrate: until then nobody gives them a milder case than `lets_in`."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="focus")
    until = models.DateTimeField()
    lets_in = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.person} until {self.until}"


class SentKey(models.Model):
    """A sender's key for something sent in, so that sending it again changes nothing."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    case = models.ForeignKey(Case, on_delete=models.CASCADE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "key"], name="cases_arrival_key")
        ]

    def __str__(self) -> str:
        return self.key


OUTSIDE = "outside"
"""Key in an entry's data of what the customer reads instead of its text."""


class Kind(models.TextChoices):
    """What sort of thing a timeline entry tells."""

    FACT = "fact", "Fact"
    ACTION = "action", "Action"
    DECISION = "decision", "Decision"
    UPDATE = "update", "Update"
    STATE = "state", "State"
    COMMENT = "comment", "Comment"


class Entry(models.Model):
    """One entry of a case's timeline. It is never changed or removed; triggers see to that."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    position = models.PositiveIntegerField()
    """1, 2, 3, ... within the case."""
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField()
    data = models.JSONField(default=dict)
    """`field`, `from`, `to` of a change; `locators` and `finding` of a fact."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    author = models.CharField(max_length=160)
    """The person's name at the time, or `engine`."""
    shared = models.BooleanField(default=False)
    """Whether the customer sees it."""
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "position"], name="cases_entry_place")
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"

    @property
    def chip(self) -> str:
        """What stands for the author in dense places; of another desk it is the letters of a name."""
        if self.person is not None:
            return self.person.initials
        return "".join(word[0] for word in self.author.split()[:2]).upper() if self.abroad else self.author

    @property
    def abroad(self) -> bool:
        """Whether somebody of another desk wrote it there."""
        return "elsewhere" in self.data and self.author != "engine"

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """Its data for templates, None for what it does not have: theirs is to ask for a dozen things in vain."""
        return defaultdict(lambda: None, self.data)
