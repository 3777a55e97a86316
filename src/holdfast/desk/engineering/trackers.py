"""Where tickets live. A tracker is a small protocol; the desk and plain files are two, others join by registering.

It has been held against the interfaces of Jira, GitHub and ServiceNow: each has ids and addresses of its own, words of
its own for where a ticket stands, and a place for a mark by which a ticket is found again (an entity property, a
comment, `correlation_id`), so that filing twice after a crash makes one ticket.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import quote

from django.conf import settings
from django.db.models import F, Max

from holdfast.desk.engineering.models import Ticket, Word
from holdfast.desk.people.models import Organisation


@dataclass(frozen=True, slots=True)
class Order:
    """What is filed; all of it has passed the gate."""

    key: str
    """The same however often it is tried: a tracker looks for it before it makes anything."""
    organisation_id: int
    owner: str
    """The project, as the policy of owners names it."""
    title: str
    text: str
    """Markdown."""
    priority: int
    document: Mapping[str, Any] = field(default_factory=dict)
    """Schema 1; see `printing.document`."""
    patch: str = ""


@dataclass(frozen=True, slots=True)
class There:
    """A ticket in a tracker: what it is called there, where it opens, and what it says."""

    reference: str
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """What a tracker made of an order, or had made of it before, and what it has that reads the same."""

    there: There
    alike: tuple[There, ...] = ()


class Down(Exception):
    """The tracker did not answer, or asked to come back later: the ticket waits with its text and is tried again."""


class Refuses(Exception):
    """The tracker will not take it however often it is tried; the message says why."""


class Tracker(Protocol):
    """A place where tickets live."""

    name: str
    title: str
    at_hand: bool
    """Whether it writes to the desk's own database: it is then called in the transaction of the deed, and never
    down. All others are called by a job, at least once, and have to know an order by its key."""
    answers_here: bool
    """Whether owners answer on the desk; else what they say is read by `look`, or noted by the case's team."""
    outcomes: Mapping[str, Word]
    """What its own words for where a ticket stands mean to a case."""

    def file(self, order: Order) -> Filed:
        """Make a ticket, or find the one made of this order before. Raises Down and Refuses."""

    def look(self, reference: str) -> str:
        """Return its own word for where a ticket stands; empty where it cannot say. Raises Down and Refuses."""

    def say(self, reference: str, text: str, key: str, attached: Mapping[str, str]) -> None:
        """Comment on a ticket, with files by name; the same key again changes nothing. Raises Down and Refuses."""


_trackers: dict[str, Tracker] = {}


def register(tracker: Tracker) -> Tracker:
    """Let tickets be filed there."""
    if tracker.name in _trackers:
        raise ValueError(f"two trackers are called {tracker.name}")
    _trackers[tracker.name] = tracker
    return tracker


def known_trackers() -> list[str]:
    """Return the names of the trackers."""
    return sorted(_trackers)


def tracker(name: str) -> Tracker | None:
    """Return a tracker by its name."""
    return _trackers.get(name)


class Desk:
    """The desk itself: whoever answers for a component does so here."""

    name: str = "desk"
    title = "This desk"
    at_hand = True
    answers_here = True
    outcomes: Mapping[str, Word] = MappingProxyType({word.value: word for word in Word})

    def file(self, order: Order) -> Filed:
        """Hand out the owner's next number."""
        # The row lock makes two filings with one owner take turns.
        Organisation.objects.filter(id=order.organisation_id).update(last_number=F("last_number"))
        theirs = Ticket.objects.filter(organisation_id=order.organisation_id, owner=order.owner)
        serial = (theirs.aggregate(most=Max("serial"))["most"] or 0) + 1
        theirs.filter(key=order.key, serial=None).update(serial=serial)
        there = theirs.get(key=order.key)
        return Filed(There(f"{order.owner}-{there.serial}"))

    def look(self, reference: str) -> str:  # noqa: ARG002
        """Return nothing: what owners say is said here."""
        return ""

    def say(self, reference: str, text: str, key: str, attached: Mapping[str, str]) -> None:
        """Say nothing twice: what is said is on the ticket's own page."""


class Files:
    """Markdown, JSON and the patch in a folder, for a tracker that is fed by hand or by a script."""

    name = "files"
    title = "Files"
    at_hand = False
    answers_here = False
    outcomes: Mapping[str, Word] = MappingProxyType({})

    def file(self, order: Order) -> Filed:
        """Write the files; an order that comes again writes the same ones over."""
        files = {
            f"{order.key}.md": order.text,
            f"{order.key}.json": json.dumps(order.document, indent=2, ensure_ascii=False) + "\n",
        }
        if order.patch:
            files[f"{order.key}.patch"] = order.patch
        for name, text in files.items():
            self._write(name, text)
        return Filed(There(f"{order.key}.md"))

    def look(self, reference: str) -> str:  # noqa: ARG002
        """Return nothing: a file is asked in vain."""
        return ""

    def say(self, reference: str, text: str, key: str, attached: Mapping[str, str]) -> None:
        """Write a comment beside the ticket."""
        ticket = reference.removesuffix(".md")
        self._write(f"{ticket}.{quote(key, safe='')}.md", text)
        for name, said in attached.items():
            self._write(f"{ticket}.{quote(key, safe='')}.{quote(name, safe='')}", said)

    def _write(self, name: str, text: str) -> None:
        folder: Path = settings.DATA / "tickets"
        place = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(f".{place.name}.new")
            fresh.write_text(text, "utf-8")
            os.replace(fresh, place)
        except OSError as error:
            raise Down(f"{place.name} could not be written: {error.strerror or error}") from error


register(Desk())
register(Files())
