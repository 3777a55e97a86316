"""Telling a person something about a case, once."""

from __future__ import annotations

from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person


def notify(person: Person, case: Case, text: str, key: str) -> None:
    """Give a notice, in the caller's transaction; the same key is never given twice."""
    notice, created = Notice.objects.get_or_create(
        person=person, case=case, key=key[:160], defaults={"text": text[:400]}
    )
    if created:
        publish("notice.given", person=person.id, notice=notice.id)
