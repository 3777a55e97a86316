"""What an organisation decides by, read once and used for everything in a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from holdfast.desk.cases.policy import QueueOrder, QueueOrderValue
from holdfast.desk.clocks.ledger import Rule
from holdfast.desk.clocks.policy import ClockPolicy, ClockPolicyValue, rules
from holdfast.desk.clocks.schedule import BusinessCalendar, ScheduleValue
from holdfast.desk.people.models import Organisation
from holdfast.desk.policies.queries import Policy, at_version, holding
from holdfast.desk.policies.reading import read


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The clock policy with its calendars, and the order of work."""

    clocks: Policy[ClockPolicyValue]
    queue: Policy[QueueOrderValue]
    calendars: Mapping[str, Policy[ScheduleValue]]

    def rules(self, customer: str) -> tuple[Rule, ...]:
        """Return the clocks of a customer's cases."""
        texts = tuple((name, policy.text) for name, policy in self.calendars.items())
        return _rules(self.clocks.text, texts, customer)

    @property
    def thresholds(self) -> tuple[int, ...]:
        """Percents of a clock at which something happens."""
        return tuple(sorted({rung.at for rung in self.clocks.value.path} | set(self.queue.value.clock)))


@lru_cache(maxsize=1024)
def _rules(clocks: str, calendars: tuple[tuple[str, str], ...], customer: str) -> tuple[Rule, ...]:
    hours = {name: read(BusinessCalendar, text) for name, text in calendars}
    return rules(read(ClockPolicy, clocks), hours, customer)


def rulebook(organisation: Organisation, clock_version: int | None = None) -> Rulebook:
    """Return what holds, or what would have held under another version of the clock policy."""
    book = _held(organisation.id, organisation.policies_at)
    if clock_version is None:
        return book
    return replace(book, clocks=at_version(ClockPolicy, organisation, clock_version))


@lru_cache(maxsize=256)
def _held(organisation_id: int, since: datetime | None) -> Rulebook:
    """`since` is the last publication: the next one makes this be read again, in every process."""
    del since
    held = holding(organisation_id, (ClockPolicy, QueueOrder, BusinessCalendar))
    return Rulebook(
        held["clock-policy"]["default"], held["queue-order"]["default"], held["business-calendar"]
    )
