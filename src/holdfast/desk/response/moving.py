"""What becomes of who may see the evidence when a case changes hands. Grants are personal and never move: the
receiver reads what the role lets read, keeps grants of their own, and asks anew for what only the giver holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.people.rights import Deed
from holdfast.desk.response.models import HandOver
from holdfast.desk.vault.models import Grant


@dataclass(frozen=True, slots=True)
class Access:
    """One way to the evidence, and where it stands for the receiver."""

    what: str
    stands: str
    """`moves` with the case, `held` by the receiver, `asked` by the receiver, `anew`: only the giver holds it, or
    `missing`: the receiver's role does not have it."""
    until: datetime | None = None
    """When it ends, for whoever holds it."""
    grant: Grant | None = None


def access_of(case: Case, hand: HandOver) -> list[Access]:
    """Return what the receiver sees of the evidence, and what ends or has to be asked for anew."""
    may = {deed: case.allows(hand.receiver, deed) for deed in (Deed.READ_EVIDENCE, Deed.COMMENT)}
    found = [
        Access("Evidence with pseudonyms", "moves" if may[Deed.READ_EVIDENCE] else "missing"),
        Access("War room and timeline", "moves" if may[Deed.COMMENT] else "missing"),
    ]
    now = timezone.now()
    alive = [
        one
        for one in case.grants.filter(
            person__in=[hand.giver_id, hand.receiver_id], state__in=[Grant.State.OPEN, Grant.State.ASKED]
        )
        if one.until is None or one.until > now
    ]
    own = [one for one in alive if one.person_id == hand.receiver_id]
    found += [Access(_named(one), "held" if one.open else "asked", one.until, one) for one in own]
    for one in alive:
        if one.person_id == hand.giver_id and one.open and not any(_covers(mine, one) for mine in own):
            found.append(Access(_named(one), "anew", one.until, one))
    return found


def _covers(mine: Grant, other: Grant) -> bool:
    """Whether a grant shows, or will show, all that another one shows."""
    same = mine.what == other.what
    return same and (
        not mine.artefacts or (bool(other.artefacts) and set(other.artefacts) <= set(mine.artefacts))
    )


def _named(grant: Grant) -> str:
    which = f", artefacts {', '.join(map(str, grant.artefacts))}" if grant.artefacts else ""
    return f"{grant.get_what_display()}{which}"
