"""Diagnoses kept with their case, version by version, and the ledger of hypotheses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person


class Diagnosis(models.Model):
    """What the engine said about a case's evidence at one time; never changed, only followed by another."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="diagnoses")
    version = models.PositiveIntegerField()
    report = models.JSONField()
    """Schema 1 of `holdfast.diagnostics`: see `Diagnosis.to_dict` there."""
    folder = models.CharField(max_length=80, blank=True)
    """Where the evidence it read is kept open, below `readings` in the data folder."""
    artefacts = models.JSONField(default=list)
    """Ids of the vault's artefacts it read."""
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "diagnoses"
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "version"], name="investigation_version")
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.version}"

    def finding(self, finding: str) -> dict[str, Any] | None:
        """Return one finding by its id."""
        return next((found for found in self.report["findings"] if found["id"] == finding), None)


class Verdict(models.TextChoices):
    """What stands of a claim."""

    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "Confirmed"
    REFUTED = "refuted", "Refuted"
    INCONCLUSIVE = "inconclusive", "Inconclusive"


class Outcome(models.TextChoices):
    """How a test ended."""

    SUPPORTS = "supports", "Supports"
    CONTRADICTS = "contradicts", "Contradicts"
    DID_NOT_RUN = "did_not_run", "Did not run"


class Hypothesis(models.Model):
    """A claim about the cause, what must be seen if it is true, and what would refute it.

    Its words are the present ones; how they came about is on the timeline.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hypotheses")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `H1`."""
    component = models.CharField(max_length=200, blank=True)
    claim = models.TextField()
    prediction = models.TextField()
    refutation = models.TextField()
    """The cheapest test that would refute it."""
    state = models.CharField(max_length=12, choices=Verdict, default=Verdict.OPEN)
    not_checked = models.TextField(blank=True)
    """What the verdict was given without."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    made_at = models.DateTimeField(default=timezone.now)
    ruled_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    ruled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "hypotheses"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="investigation_hypothesis_number")
        ]

    def __str__(self) -> str:
        return f"H{self.number}"


class Weighing(models.Model):
    """One piece of evidence for or against a hypothesis; never changed, only followed by another."""

    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.PROTECT, related_name="evidence")
    sign = models.CharField(max_length=1, choices=[("+", "for"), ("-", "against")])
    text = models.TextField()
    weight = models.CharField(max_length=20, blank=True)
    finding = models.CharField(max_length=20, blank=True)
    locators = models.JSONField(default=list)
    """Each with `artefact`, `name` of the artefact, `place`, `at`; see `story.Proof`."""
    version = models.PositiveIntegerField(null=True)
    """The diagnosis the finding and the locators are of."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    """Empty when the engine found it."""
    put_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


class Experiment(models.Model):
    """A test of a hypothesis: what was set up, expected and observed."""

    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.PROTECT, related_name="experiments")
    number = models.PositiveIntegerField()
    """1, 2, 3, ... within the case; people call it `T1`."""
    setting = models.TextField()
    expected = models.TextField()
    """What must be seen if the hypothesis is true."""
    observed = models.TextField(blank=True)
    environment = models.CharField(max_length=200, blank=True)
    command = models.TextField(blank=True)
    minutes = models.PositiveIntegerField(null=True)
    """What it is expected to cost."""
    could_refute = models.BooleanField(default=True)
    predictions = models.JSONField(default=dict)
    """What other hypotheses of the case expect of it, by their numbers as text."""
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"T{self.number}"

    @property
    def ends_at(self) -> datetime | None:
        """When its time is up; None where nobody said how long it takes."""
        return self.started_at + timedelta(minutes=self.minutes) if self.minutes else None
