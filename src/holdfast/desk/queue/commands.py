"""Deeds on the queue: many cases at once, a view kept, time to concentrate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Focus
from holdfast.desk.cases.queries import possible_owners, visible_case
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.queue.filters import Filter
from holdfast.desk.queue.models import SavedView

MOST_AT_ONCE = 100
LONGEST_FOCUS = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of a deed on many cases."""

    done: list[str]
    refused: list[tuple[str, str]]
    """Keys with the reason."""


def in_bulk(keys: Sequence[str], deed: str, value: str, *, by: Person) -> Bulk:
    """Do one thing to many cases: `assign`, `acknowledge`, `plan` or `wait_for`. Each is a transaction of its
    own, so that one refused leaves the others done."""
    act = _DEEDS.get(deed)
    if act is None:
        raise Conflict(f"there is no {deed}; {', '.join(_DEEDS)} can be done to many")
    if len(keys) > MOST_AT_ONCE:
        raise Conflict(f"at most {MOST_AT_ONCE} at once")
    done: list[str] = []
    refused: list[tuple[str, str]] = []
    for key in dict.fromkeys(keys):
        try:
            act(visible_case(by, key), value, by)
            done.append(key)
        except ObjectDoesNotExist:
            refused.append((key, "there is no such case"))
        except (Conflict, PermissionDenied) as reason:
            refused.append((key, str(reason)))
    return Bulk(done, refused)


def _assign(case: Case, value: str, by: Person) -> object:
    owner = next((one for one in possible_owners(case) if one.username == value), None)
    if value and owner is None:
        raise Conflict(f"{value} cannot own this case")
    return commands.assign(case, owner, by=by)


def _acknowledge(case: Case, _: str, by: Person) -> object:
    return commands.acknowledge(case, by=by)


def _plan(case: Case, value: str, by: Person) -> object:
    return marks.plan(case, value, by=by, blocked_on=case.blocked_on, due=case.next_step_by)


def _wait_for(case: Case, value: str, by: Person) -> object:
    return marks.plan(case, case.next_step, by=by, blocked_on=value, due=case.next_step_by)


_DEEDS: dict[str, Callable[[Case, str, Person], object]] = {
    "assign": _assign,
    "acknowledge": _acknowledge,
    "plan": _plan,
    "wait_for": _wait_for,
}


@transaction.atomic
def keep_view(person: Person, name: str, wanted: Filter, *, share: Organisation | None = None) -> SavedView:
    """Keep a filter under a name; the same name again replaces it."""
    name = name.strip()[:60]
    if not name:
        raise Conflict("a view needs a name")
    if share is not None and not person.may(Deed.ASSIGN, share.id):
        raise PermissionDenied("your role does not share views here")
    kept = {"query": wanted.query()[:500], "organisation": share, "kept_at": timezone.now()}
    view, _ = SavedView.objects.update_or_create(person=person, name=name, defaults=kept)
    publish("view.kept", organisation_id=share.id if share else None, view=view.id)
    return view


@transaction.atomic
def drop_view(person: Person, view_id: int) -> None:
    """Forget a view of one's own."""
    SavedView.objects.get(person=person, id=view_id).delete()
    publish("view.dropped", view=view_id)


@transaction.atomic
def concentrate(person: Person, until: datetime | None, *, lets_in: int = 1) -> Focus | None:
    """Take focus time until a moment, within hours; None ends it. Only `lets_in` and worse come through."""
    if not person.may_anywhere(Deed.ACKNOWLEDGE):
        raise PermissionDenied("focus time is for who owns cases")
    now = timezone.now()
    if until is None or until <= now:
        Focus.objects.filter(person=person).update(until=now)
        publish("person.focus", person=person.id)
        return None
    if until > now + LONGEST_FOCUS:
        raise Conflict("focus time lasts at most 8 hours")
    focus, _ = Focus.objects.update_or_create(person=person, defaults={"until": until, "lets_in": lets_in})
    publish("person.focus", person=person.id)
    return focus
