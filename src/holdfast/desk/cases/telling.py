"""The one way in which words of ours reach a customer.

A room says here what is to be told. The room of updates, which stands after the others, checks it, asks for its
decision and sends it; whatever another room wrote to a customer by itself would go around all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.desk.cases.commands import Conflict, words
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.people.models import Person


@dataclass(frozen=True, slots=True)
class Message:
    """What a customer is to be told."""

    text: str
    to: tuple[str, ...] | None = None
    """Addresses it goes to: none when it was told by hand, everybody of the customer's when empty."""
    settled: str = ""
    """Lines a published policy has written; the checker passes over them, but for secrets and personal data."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the entry keeps besides."""


class Waits(Conflict):
    """It was not sent: it waits as a draft, which the message names with the reason."""


Teller = Callable[[Case, Message, Person], Entry]
_tellers: list[Teller] = []


def when_telling(teller: Teller) -> Teller:
    """Register who tells customers; there is one."""
    if _tellers:
        raise ValueError("there is one way to the customer, and it is taken")
    _tellers.append(teller)
    return teller


def tell(case: Case, message: Message, *, by: Person) -> Entry:
    """Tell the customer, and return the entry. Raises Waits when it has to wait as a draft.

    Call it outside a transaction, for the draft is to stay when sending is refused.
    """
    words(message.text)
    return _tellers[0](case, message, by)
