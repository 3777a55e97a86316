"""Drafts from facts: the same facts for each audience, in the words that audience reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.states import State
from holdfast.desk.impact.queries import numbers
from holdfast.desk.investigation.models import Hypothesis, Verdict
from holdfast.desk.response.models import Mitigation, Standing
from holdfast.desk.updates.models import Audience, Promise, Update

QUARTER = 15


@dataclass(frozen=True, slots=True)
class Filled:
    """The three parts of a draft and when the next comes."""

    headline: str
    known: str
    doing: str
    next_step: str
    next_at: datetime


def fill(case: Case, audience: Audience) -> Filled:
    """Return a draft; it says nothing the case does not hold."""
    inside = audience in (Audience.INTERNAL, Audience.EXECUTIVE)
    known = [_broken(case), *_sized(case), *_cause(case, inside=inside), *_held(case, inside=inside)]
    return Filled(
        _headline(case, audience),
        "\n".join(one for one in known if one),
        _doing(case, inside=inside),
        "",
        next_at(case),
    )


def _headline(case: Case, audience: Audience) -> str:
    if audience in (Audience.CUSTOMER, Audience.STATUS):
        return case.title[:200]
    return f"{case.key}, Sev {case.severity}: {case.title}"[:200]


def _broken(case: Case) -> str:
    said = (case.impact.strip() or case.title).rstrip(".")
    return f"{said}. Reported to us {_utc(case.reported_at)}." if case.open else f"{said}."


def _sized(case: Case) -> list[str]:
    return [f"{one}" for one in numbers(case)[:4]]


def _cause(case: Case, *, inside: bool) -> list[str]:
    confirmed = Hypothesis.objects.filter(case=case, state=Verdict.CONFIRMED).order_by("number")
    told = [f"{one}: {one.claim}" if inside else one.claim for one in confirmed]
    return told or ["The cause is not yet confirmed."] if case.open else told


def _held(case: Case, *, inside: bool) -> list[str]:
    held = Mitigation.objects.filter(case=case, state=Standing.HELD).order_by("number")
    if inside:
        return [f"{one} holds: {one.what}" for one in held]
    return ["A mitigation is in place and was verified."] if held else []


def _doing(case: Case, *, inside: bool) -> str:
    if case.state in (State.RESOLVED, State.CLOSED):
        return "It is resolved from our side. Please confirm."
    open_ones = Hypothesis.objects.filter(case=case, state=Verdict.OPEN).order_by("number")
    lines = [f"Testing {one}: {one.claim}" for one in open_ones[:4]] if inside else []
    if not inside and open_ones:
        lines = [
            f"We are testing {len(open_ones)} possible cause{'s' if len(open_ones) > 1 else ''}, one at a time."
        ]
    if case.next_step and inside:
        lines.append(f"Next: {case.next_step}")
    return "\n".join(lines) or "We are collecting and reading the evidence."


def next_at(case: Case) -> datetime:
    """Return when the next update is due by the case's clock, on a quarter of an hour."""
    now = timezone.now()
    running = [one for one in clocks_of(case, now) if one.rule.name == "update" and one.target]
    length = running[-1].target if running else timedelta(hours=4)
    at = now + length
    at = at.replace(second=0, microsecond=0) - timedelta(minutes=at.minute % QUARTER)
    return at if at > now else at + timedelta(minutes=QUARTER)


def text_of(update: Update, *, promises: bool = True) -> str:
    """Return an update as its reader gets it; without its promises for the checker, since they are decided apart.

    What has only one part is told without titles: it is a message and no report.
    """
    if not (update.doing.strip() or update.next_step.strip() or update.commitments):
        told = [update.headline, update.known.strip(), _next(update, promises=promises)]
        return "\n\n".join(part for part in told if part) + "\n"
    parts = [
        ("What we know", update.known),
        ("What we are doing", update.doing),
        ("Next", _next(update, promises=promises)),
    ]
    body = "\n\n".join(f"{title}\n{text.strip()}" for title, text in parts if text.strip())
    return f"{update.headline}\n\n{body}\n"


def _next(update: Update, *, promises: bool) -> str:
    lines = [update.next_step.strip()]
    lines += [f"{one['text']} by {one['due']}" for one in update.commitments if promises]
    if update.next_at:
        lines.append(next_line(update.next_at))
    return "\n".join(line for line in lines if line)


def next_line(at: datetime) -> str:
    """Return the line that says when the next update comes, as the form has it."""
    return f"Next update by {_utc(at)}."


def _utc(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M} UTC"


def facts_changed(update: Update) -> list[str]:
    """Return what happened on the case since the draft was filled."""
    since = update.case.entries.filter(position__gt=update.filled_at).exclude(data__has_key="update")
    return [entry.text for entry in since.order_by("-position")[:5]]


def promised(case: Case) -> list[Promise]:
    """Return the promises of a case that are open, the next first."""
    return list(Promise.objects.filter(case=case, state=Promise.State.OPEN).select_related("update"))
