"""Holding a draft against what the case knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from holdfast.desk.investigation.models import Diagnosis, Hypothesis, Verdict
from holdfast.desk.people.models import Customer, Person
from holdfast.desk.updates.checking import Facts, Hit, Span, check
from holdfast.desk.updates.filling import next_line, text_of
from holdfast.desk.updates.models import Audience, Update
from holdfast.desk.vault.gate import find, is_secret

_FREE = {Audience.INTERNAL: {"internal_name", "speculation", "false_precision", "personal_data"}}
"""What a team may tell itself."""

_NEVER_SETTLED = {"secret", "personal_data"}


def hits(update: Update) -> list[Hit]:
    """Return what the checker says of a draft; words that are kept with a reason are passed over."""
    free = _FREE.get(Audience(update.audience), set())
    text = text_of(update, promises=False)
    found = [hit for hit in check(text, facts(update)) if not _settled(update, text, hit)]
    return [hit for hit in found if hit.rule not in free and (hit.blocks or hit.words not in update.kept)]


def _settled(update: Update, text: str, hit: Hit) -> bool:
    """Whether the hit lies in a line nobody worded: a policy's, or the form's own; a secret is one anywhere."""
    if hit.rule in _NEVER_SETTLED or not hit.words:
        return False
    start = text.rfind("\n", 0, hit.start) + 1
    line = text[start : text.find("\n", hit.end)]
    ours = {one.strip() for one in update.settled.splitlines()}
    return line.strip() in ours | ({next_line(update.next_at)} if update.next_at else set())


FIELDS = ("headline", "known", "doing", "next_step")


@dataclass(frozen=True, slots=True)
class Placed:
    """A hit and where it stands in the form: a field of FIELDS and characters of it; no field when it is in none."""

    hit: Hit
    field: str = ""
    start: int = 0
    end: int = 0


def placed(update: Update, found: Iterable[Hit]) -> list[Placed]:
    """Return hits with their places in the fields they were written in."""
    text, spans, at = text_of(update, promises=False), [], 0
    for field in FIELDS:
        value = getattr(update, field)
        if value.strip() and (begins := text.find(value.strip(), at)) >= 0:
            at = begins + len(value.strip())
            spans.append((field, begins, at, value.index(value.strip())))
    return [_placed(hit, spans) for hit in found]


def _placed(hit: Hit, spans: list[tuple[str, int, int, int]]) -> Placed:
    for field, begins, ends, lead in spans:
        if begins <= hit.start and hit.end <= ends and hit.end > hit.start:
            return Placed(hit, field, hit.start - begins + lead, hit.end - begins + lead)
    return Placed(hit)


def as_read(update: Update, found: Iterable[Hit]) -> list[tuple[str, bool]]:
    """Return the text with the first way out of each hit taken, in pieces; those that were replaced say so."""
    text, pieces, at = text_of(update, promises=False), [], 0
    for hit in sorted((one for one in found if one.fixes and one.end > one.start), key=lambda one: one.start):
        if hit.start >= at:
            pieces += [(text[at : hit.start], False), (hit.fixes[0], True)]
            at = hit.end
    return [*pieces, (text[at:], False)]


def facts(update: Update) -> Facts:
    """Return what a text is held against."""
    case = update.case
    confirmed = Hypothesis.objects.filter(case=case, state=Verdict.CONFIRMED).values_list("claim", flat=True)
    mates, others = _people(update), _other_customers(update)
    public = (case.key, case.organisation.prefix, case.customer.name if case.customer else "", case.area)
    return Facts(
        confirmed=tuple(confirmed),
        internal=(*_names(update), *mates, *others),
        people=mates,
        vendors=(case.blocked_on,) if case.blocked_on[:1].isupper() else (),
        public=tuple(name for name in public if name),
        next_at=update.next_at,
        now=timezone.now(),
        secrets=lambda text: _found(text, secret=True),
        personal=lambda text: _found(text, secret=False),
    )


def _names(update: Update) -> tuple[str, ...]:
    """Return names of components the diagnosis knows."""
    newest = Diagnosis.objects.filter(case=update.case).order_by("-version").first()
    components = [one["name"] for one in newest.report.get("components", [])] if newest else []
    return tuple(name for name in dict.fromkeys([*components, update.case.component]) if name)


def _people(update: Update) -> tuple[str, ...]:
    """Return what our people are called."""
    mates = Person.objects.filter(
        memberships__organisation=update.case.organisation_id, memberships__customer=None, is_active=True
    )
    names = mates.values_list("username", "first_name", "last_name")[:500]
    return tuple(
        dict.fromkeys(
            name for user, first, last in names for name in (user, f"{first} {last}".strip()) if name
        )
    )


def _other_customers(update: Update) -> tuple[str, ...]:
    """Return the names of those it is not about."""
    others = Customer.objects.filter(organisation=update.case.organisation_id).exclude(
        id=update.case.customer_id or 0
    )
    return tuple(others.values_list("name", flat=True)[:2000])


_PUBLIC_KINDS = {"domain", "host", "ipv4", "ipv6", "hostname", "url"}
"""Addresses are looked at by the rule of internal names."""


def _found(text: str, *, secret: bool) -> Iterable[Span]:
    return [
        Span(one.start, one.end, one.kind.replace("_", " "))
        for one in find(text)
        if is_secret(one) == secret and one.kind not in _PUBLIC_KINDS
    ]
