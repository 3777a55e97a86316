"""Holding a draft against what the case knows."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from holdfast.desk.investigation.models import Diagnosis, Hypothesis, Verdict
from holdfast.desk.people.models import Person
from holdfast.desk.updates.checking import Facts, Hit, Span, check
from holdfast.desk.updates.filling import text_of
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
    """Whether the hit lies in a line that a policy has written; a secret is one wherever it stands."""
    if not update.settled or hit.rule in _NEVER_SETTLED or not hit.words:
        return False
    start = text.rfind("\n", 0, hit.start) + 1
    line = text[start : text.find("\n", hit.end)]
    return line.strip() in {one.strip() for one in update.settled.splitlines()}


def facts(update: Update) -> Facts:
    """Return what a text is held against."""
    case = update.case
    confirmed = Hypothesis.objects.filter(case=case, state=Verdict.CONFIRMED).values_list("claim", flat=True)
    public = (case.key, case.organisation.prefix, case.customer.name if case.customer else "", case.area)
    return Facts(
        confirmed=tuple(confirmed),
        internal=_names(update),
        public=tuple(name for name in public if name),
        next_at=update.next_at,
        now=timezone.now(),
        secrets=lambda text: _found(text, secret=True),
        personal=lambda text: _found(text, secret=False),
    )


def _names(update: Update) -> tuple[str, ...]:
    """Return names of components the diagnosis knows, and of our people."""
    newest = Diagnosis.objects.filter(case=update.case).order_by("-version").first()
    components = [one["name"] for one in newest.report.get("components", [])] if newest else []
    mates = Person.objects.filter(
        memberships__organisation=update.case.organisation_id, memberships__customer=None, is_active=True
    )
    people = list(mates.values_list("username", flat=True)[:500])
    return tuple(name for name in dict.fromkeys([*components, update.case.component, *people]) if name)


_PUBLIC_KINDS = {"domain", "host", "ipv4", "ipv6", "hostname", "url"}
"""Addresses are looked at by the rule of internal names."""


def _found(text: str, *, secret: bool) -> Iterable[Span]:
    return [
        Span(one.start, one.end, one.kind.replace("_", " "))
        for one in find(text)
        if is_secret(one) == secret and one.kind not in _PUBLIC_KINDS
    ]
