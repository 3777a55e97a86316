"""Telling a person something about a case, once."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person

Heard = Callable[[Notice, bool], None]
_listeners: list[Heard] = []


def when_noticed(heard: Heard) -> Heard:
    """Register who carries a notice further; told it and whether a clock speaks, in its transaction."""
    _listeners.append(heard)
    return heard


def notify(person: Person, case: Case, text: str, key: str, *, clock: bool = False) -> None:
    """Give a notice, in the caller's transaction; the same key is never given twice. `clock`: one runs out."""
    notice, created = Notice.objects.get_or_create(
        person=person, case=case, key=key[:160], defaults={"text": text[:400]}
    )
    if created:
        for heard in _listeners:
            heard(notice, clock)
        publish("notice.given", person=person.id, notice=notice.id)
