"""Rows as objects of an archive and back. Knows columns, and no table: rooms say how theirs travel (`cases.carrying`).

A row is `{"id", "columns"}`. A person is a name; what refers to another row refers to its `id`, which is a number of
the desk it is from. Reading believes nothing: every column has the type, the length and the choices its model says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from pydantic import TypeAdapter
from pydantic import ValidationError as NotOfType

from holdfast.desk.cases.carrying import Record, carried
from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.vault import gate
from holdfast.portable import Refused

BATCH = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
Row = dict[str, Any]
if TYPE_CHECKING:
    Field = models.Field[Any, Any]


def columns(record: Record) -> Iterator[Field]:
    """Return the columns of a record that travel."""
    for field in record.model._meta.concrete_fields:
        if not field.primary_key and field.name != record.within and field.name not in record.anew:
            yield field


# --- out


def rows_of(record: Record, case: Case, by: Person, *, redacted: bool) -> Iterator[Row]:
    """Return what a case has of a record, oldest first."""
    rows = _found(record, case).order_by("pk").iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        told = ((one, record.told(one, by)) for one in batch)
        made = [_row(record, one, instead) for one, instead in told if instead is not None]
        yield from _redacted(record, made, case) if redacted else made


def _found(record: Record, case: Case) -> models.QuerySet[Any]:
    people = [field.name for field in columns(record) if field.related_model is Person]
    way, at = "pk", record
    while at.within:
        way = at.within if way == "pk" else f"{way}__{at.within}"
        at = _holder(at)
    return record.model._default_manager.filter(**{way: case.id}).select_related(
        *people, *([record.within] if record.within else [])
    )


def _holder(record: Record) -> Record:
    model = record.model._meta.get_field(record.within).related_model
    return carried()[model._meta.label_lower]  # type: ignore[union-attr]


def _row(record: Record, one: models.Model, instead: Mapping[str, Any]) -> Row:
    found = {field.name: _told(field, one) for field in columns(record)}
    if record.within:
        found[record.within] = getattr(one, f"{record.within}_id")
    return {"id": one.pk, "columns": found | dict(instead)}


def _told(field: Field, one: models.Model) -> Any:
    if field.related_model is Person:
        person = getattr(one, field.name)
        return person.title if person else None
    value = getattr(one, field.attname)
    return value.isoformat() if isinstance(value, datetime) else value


def _redacted(record: Record, rows: list[Row], case: Case) -> list[Row]:
    """Return rows without secrets and personal data: their words as one text, so that names of fields help."""
    words = [{name: row["columns"][name] for name in _worded(record)} for row in rows]
    made = _as_json(words, case)
    for row, clean in zip(rows, made, strict=True):
        row["columns"] |= clean
    return rows


def _worded(record: Record) -> Iterator[str]:
    for field in columns(record):
        words = isinstance(field, models.CharField | models.TextField) and not field.choices
        if (words or field.related_model is Person or isinstance(field, models.JSONField)) and (
            field.name not in record.plain
        ):
            yield field.name


def _as_json(words: list[Row], case: Case) -> list[Row]:
    try:
        made = json.loads(gate.redacted(json.dumps(words, indent=1, ensure_ascii=False), case))
    except ValueError:
        made = None
    # a pseudonym in a number's or a name's place makes it something else: then each word for itself
    return list(made if _same_form(words, made) else _by_word(words, case))


def _same_form(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same_form(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_form, one, other))
    return one == other or (isinstance(one, str) and isinstance(other, str))


def _by_word(value: Any, case: Case) -> Any:
    words = list(dict.fromkeys(_words(value)))
    said = dict(zip(words, gate.redacted_all(words, case), strict=True)) if words else {}
    return _mapped(value, lambda word: said[word])


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (name for name in value if not _NAME.fullmatch(name))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _mapped(value: Any, said: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name if _NAME.fullmatch(name) else said(name): _mapped(item, said) for name, item in value.items()
        }
    if isinstance(value, list):
        return [_mapped(item, said) for item in value]
    if isinstance(value, str):
        return said(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if said(str(value)) == str(value) else 0  # a number that was a card's
    return value


# --- in


class Reading:
    """Rows on their way in: which row became which, and who is whom."""

    def __init__(self, case: Case, named: Callable[[str], Person]) -> None:
        self._case, self._named = case, named
        self._people: dict[str, Person] = {}
        self._made: dict[tuple[str, int], models.Model] = {}
        self._ties: list[tuple[models.Model, Field, int]] = []
        self._referred = {
            field.related_model._meta.label_lower  # type: ignore[union-attr]
            for record in carried().values()
            for field in record.model._meta.concrete_fields
            if field.is_relation
        }

    def built(self, record: Record, row: Row, where: str) -> Any:
        """Return a row as an object that is not saved yet; raises Refused with the place and the column."""
        found = row.get("columns")
        if not isinstance(row.get("id"), int) or not isinstance(found, dict):
            raise Refused(f"{where}: a row has an id and columns")
        if strange := sorted(set(found) - {field.name for field in columns(record)} - {record.within}):
            raise Refused(
                f"{where}: {record.name} has no column {strange[0]!r} here;"
                " the archive was made by a newer Holdfast, update this one first"
            )
        one = record.model()
        for field in record.model._meta.concrete_fields:
            if field.related_model is Case and field.name not in record.anew:
                setattr(one, field.name, self._case)
            elif field.related_model is Organisation and record.within:
                setattr(one, field.name, self._case.organisation)
        for field in columns(record):
            if field.name in found and field.related_model is not Case:
                self._set(record, one, field, found[field.name], f"{where}, {field.name}")
        stopped = any(found.get(column) in values for column, values in record.stops.items())
        if stopped and record.ended and getattr(one, record.ended) is None:
            setattr(one, record.ended, timezone.now())
        if record.within not in ("", "case"):
            setattr(one, record.within, self._row(_holder(record).name, found.get(record.within), where))
        if record.name in self._referred:
            self._made[record.name, row["id"]] = one
        return one

    def _set(self, record: Record, one: models.Model, field: Field, value: Any, where: str) -> None:
        if value is None:
            if not field.null:
                raise Refused(f"{where}: it may not be empty")
        elif field.related_model is record.model:
            self._ties.append((one, field, value))
            return
        elif field.related_model is Person:
            value = self._person(_checked_text(value, where))
        elif field.is_relation:
            value = self._row(field.related_model._meta.label_lower, value, where)  # type: ignore[union-attr]
        else:
            value = _checked(record, field, value, where)
        setattr(one, field.name, value)

    def _row(self, name: str, number: Any, where: str) -> models.Model:
        try:
            return self._made[name, number]
        except (KeyError, TypeError):
            raise Refused(f"{where}: it refers to a {name} that did not come along") from None

    def _person(self, name: str) -> Person:
        if name not in self._people:
            self._people[name] = self._named(name)
        return self._people[name]

    def tie(self) -> None:
        """Tie saved rows to others of their own kind; call it when all of a kind are saved."""
        for one, field, number in self._ties:
            setattr(one, field.name, self._row(type(one)._meta.label_lower, number, field.name))
            one.save(update_fields=[field.name])
        self._ties.clear()


def _checked_text(value: Any, where: str) -> str:
    if not isinstance(value, str) or "\x00" in value or len(value) > 1_000_000:
        raise Refused(f"{where}: it is no text that can be kept")
    return value


def _checked(record: Record, field: Field, value: Any, where: str) -> Any:
    try:
        if isinstance(field, models.JSONField):
            _whole(value, where)
            TypeAdapter(record.shapes[field.name]).validate_python(value)
            return value
        if isinstance(field, models.CharField | models.TextField):
            _checked_text(value, where)
            value = record.stops.get(field.name, {}).get(value, value)
        made = field.to_python(value)
        if isinstance(made, datetime) and made.tzinfo is None:
            raise Refused(f"{where}: the time has no zone")
        if field.choices and made not in ("", *(one for one, _ in field.flatchoices)):
            raise Refused(f"{where}: {made!r} is not known here")
        field.run_validators(made)
        return made
    except NotOfType as error:
        raise Refused(f"{where}: {error.errors()[0]['msg']}") from error
    except ValidationError as error:
        raise Refused(f"{where}: {error.messages[0]}") from error


def _whole(value: Any, where: str) -> None:
    """Refuse what a database does not keep: zero characters, and numbers no JSON has."""
    if isinstance(value, str) and "\x00" in value:
        raise Refused(f"{where}: it is no text that can be kept")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise Refused(f"{where}: it is no number")
    if isinstance(value, dict):
        for name, item in value.items():
            _whole(name, where)
            _whole(item, where)
    elif isinstance(value, list):
        for item in value:
            _whole(item, where)
