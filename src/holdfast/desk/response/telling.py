"""What a hand-over says of a case. Each room adds what it knows; an item that changes asks to be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.ordering import clock
from holdfast.desk.decisions.models import OPEN, Decision
from holdfast.desk.investigation.models import Experiment, Verdict
from holdfast.desk.investigation.queries import newest
from holdfast.desk.response.mitigations import live_on
from holdfast.desk.response.models import Ended


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the receiver has to know."""

    key: str
    """Stays the same while the text changes: `hypothesis/2`."""
    title: str
    text: str
    proof: str = ""
    must: bool = True
    written: bool = False
    """By the giver; else it is read off the case."""


Tells = Callable[[Case], Iterable[Item]]
_tellers: list[Tells] = []


def tells(teller: Tells) -> Tells:
    """Register what a room adds to hand-overs. Times in it are absolute: a countdown would change each minute."""
    _tellers.append(teller)
    return teller


_PAGES = {
    "H": "hypotheses",
    "T": "hypotheses",
    "A-": "room",
    "M-": "mitigations",
    "D-": "decisions",
    "P-": "updates",
    "T-": "tickets",
    "C-": "diagnosis",
    "entry ": "case",
}
"""Which page of the case a proof stands on, by what it begins with."""


def address(case: Case, proof: str) -> str:
    """Return where a proof opens; empty when it names no place."""
    page = _PAGES.get(proof.rstrip("0123456789"))
    return f"{reverse(page, args=[case.key])}#{proof.replace(' ', '-')}" if page else ""


def items_of(case: Case) -> list[Item]:
    """Return what the case says now, the must-items first."""
    found = [item for teller in _tellers for item in teller(case)]
    return sorted(found, key=lambda item: not item.must)


@tells
def state(case: Case) -> Iterable[Item]:
    """What is broken for whom, and where it stands."""
    impact = f" {case.impact}" if case.impact else ""
    customer = f" for {case.customer.name}" if case.customer else ""
    text = f"Sev {case.severity}, {case.get_state_display().lower()}: {case.title}{customer}.{impact}"
    yield Item("state", "Broken now", text)
    if case.disputed:
        yield Item("dispute", "Disputed", "the severity waits for a decision")


@tells
def promised(case: Case) -> Iterable[Item]:
    """What is due, by the clocks."""
    due = clock(case, timezone.now())
    if due is not None:
        yield Item("clock", "Next clock", f"{due.name}, due {due.due:%d %b %H:%M} UTC")


@tells
def hypotheses(case: Case) -> Iterable[Item]:
    """What is still open, and what runs to decide it."""
    for one in case.hypotheses.all():
        if one.state == Verdict.OPEN:
            yield Item(f"hypothesis/{one.number}", "Open hypothesis", one.claim, str(one))
        elif one.state == Verdict.REFUTED:
            yield Item(f"refuted/{one.number}", "Ruled out", one.claim, str(one), must=False)
        elif one.state == Verdict.CONFIRMED:
            yield Item(f"confirmed/{one.number}", "Confirmed", one.claim, str(one))
        if one.not_checked:
            yield Item(f"unchecked/{one.number}", "Not checked", one.not_checked, str(one), must=False)
    for test in Experiment.objects.filter(hypothesis__case=case, finished_at=None):
        yield Item(
            f"test/{test.number}", "Running test", f"{test.setting}; expected: {test.expected}", str(test)
        )


@tells
def actions(case: Case) -> Iterable[Item]:
    """Who does what until when."""
    for one in case.actions.filter(state=Ended.RUNNING).select_related("person"):
        text = f"{one.person.title}, until {one.due_at:%d %b %H:%M} UTC: {one.what}"
        yield Item(f"action/{one.number}", "Running", text, str(one))


@tells
def mitigations(case: Case) -> Iterable[Item]:
    """Temporary fixes in place, with the risk they are."""
    for one in live_on(case):
        until = f", may stay until {one.expires_at:%d %b %H:%M} UTC" if one.expires_at else ""
        text = f"{one.get_state_display().lower()}: {one.what}{until}. Undone by: {one.undo or 'nothing'}"
        yield Item(f"mitigation/{one.number}", "Temporary fix", text, str(one))


@tells
def decisions(case: Case) -> Iterable[Item]:
    """What waits for a decision."""
    for one in Decision.objects.filter(case=case, state__in=OPEN):
        text = f"{one.get_state_display().lower()}: {one.what}, until {one.until:%d %b %H:%M} UTC"
        yield Item(f"decision/{one.number}", "Decision", text, str(one))


@tells
def waiting(case: Case) -> Iterable[Item]:
    """What it waits for, and what is next."""
    if case.blocked_on:
        yield Item("blocked", "Waiting for", case.blocked_on)
    if case.next_step:
        by = f", by {case.next_step_by:%d %b %H:%M} UTC" if case.next_step_by else ""
        yield Item("next", "Next step", case.next_step + by)


@tells
def gaps(case: Case) -> Iterable[Item]:
    """What the evidence does not contain."""
    kept = newest(case)
    for gap in (kept.report.get("coverage", []) if kept else [])[:5]:
        yield Item(f"gap/{gap['id']}", "Not seen", gap["title"], gap["id"], must=False)


@tells
def facts(case: Case) -> Iterable[Item]:
    """The newest facts, good to know."""
    newest_facts = case.entries.filter(kind=Kind.FACT, person__isnull=False).order_by("-position")[:3]
    for entry in newest_facts:
        yield Item(f"fact/{entry.position}", "Fact", entry.text[:400], f"entry {entry.position}", must=False)
