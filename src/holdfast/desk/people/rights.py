"""Who may do what: one table of roles and deeds, read by every door."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What a person is to one organisation's cases."""

    TIER1 = "tier1", "Tier 1"
    TIER2 = "tier2", "Tier 2"
    ENGINEER = "engineer", "Escalation engineer"
    LEAD = "lead", "Lead"
    MANAGER = "manager", "Manager"
    SRE = "sre", "SRE"
    DEVELOPER = "developer", "Developer"
    SUCCESS = "success", "Customer success"
    PRODUCT = "product", "Product"
    SECURITY = "security", "Security"
    EXECUTIVE = "executive", "Executive"
    CUSTOMER = "customer", "Customer"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Admin"


class Deed(StrEnum):
    """What can be done to a case or an organisation; each command names its own."""

    SEE = "see"
    SEE_INTERNAL = "see_internal"
    DECLARE = "declare"
    COMMENT = "comment"
    ATTACH = "attach"
    READ_EVIDENCE = "read_evidence"
    RECORD = "record"
    ACKNOWLEDGE = "acknowledge"
    CHANGE_STATE = "change_state"
    RAISE_SEVERITY = "raise_severity"
    ASSIGN = "assign"
    INVESTIGATE = "investigate"
    SEE_FIGURES = "see_figures"
    SORT_ARRIVALS = "sort_arrivals"
    """Work on the tray: correct what arrived, take it, set it aside."""
    ASK_CUSTOMER = "ask_customer"
    """Send the request for what is missing."""
    SEE_POLICIES = "see_policies"
    PUBLISH_POLICY = "publish_policy"
    """Put a new version of a policy in force."""
    DECIDE = "decide"
    """Settle what others dispute."""
    MANAGE_PEOPLE = "manage_people"
    """Let people in, change their roles, end their tokens, set how they sign in."""
    SEE_AUDIT = "see_audit"
    """Read the ledger: who did what, and who looked at what."""


class Reach(StrEnum):
    """Which of an organisation's cases a role sees."""

    ALL = "all"
    MINE = "mine"
    """Those the person declared or was put on."""
    JOINED = "joined"
    """Those the person was put on."""
    CUSTOMER = "customer"
    """Those of the customer the person works for."""


_FILING = {Deed.SEE, Deed.DECLARE, Deed.COMMENT, Deed.ATTACH}
_FOLLOWING = {Deed.SEE, Deed.SEE_INTERNAL, Deed.COMMENT}
_READING = {Deed.SEE, Deed.SEE_INTERNAL, Deed.READ_EVIDENCE}
_HELPING = _READING | {Deed.COMMENT, Deed.ATTACH, Deed.RECORD}
_OWNING = (
    _READING
    | _FILING
    | {
        Deed.RECORD,
        Deed.ACKNOWLEDGE,
        Deed.CHANGE_STATE,
        Deed.RAISE_SEVERITY,
        Deed.ASSIGN,
        Deed.INVESTIGATE,
        Deed.SEE_FIGURES,
        Deed.SEE_POLICIES,
        Deed.SORT_ARRIVALS,
        Deed.ASK_CUSTOMER,
    }
)
_LEADING = _OWNING | {Deed.PUBLISH_POLICY, Deed.DECIDE}
_MANAGING = _FOLLOWING | {
    Deed.DECLARE,
    Deed.RECORD,
    Deed.CHANGE_STATE,
    Deed.RAISE_SEVERITY,
    Deed.ASSIGN,
    Deed.SEE_FIGURES,
    Deed.SEE_POLICIES,
    Deed.SORT_ARRIVALS,
    Deed.ASK_CUSTOMER,
    Deed.DECIDE,
}

RIGHTS: dict[str, frozenset[Deed]] = {
    Role.TIER1: frozenset(_FILING | {Deed.SEE_INTERNAL}),
    Role.TIER2: frozenset(_HELPING | {Deed.DECLARE}),
    Role.ENGINEER: frozenset(_OWNING),
    Role.LEAD: frozenset(_LEADING),
    # Managers steer the work; they do not acknowledge for engineers, nor read customers' evidence.
    Role.MANAGER: frozenset(_MANAGING),
    Role.SRE: frozenset(_HELPING | {Deed.INVESTIGATE}),
    Role.DEVELOPER: frozenset(_HELPING),
    Role.SUCCESS: frozenset(_FOLLOWING | {Deed.DECLARE, Deed.ATTACH, Deed.SEE_FIGURES}),
    Role.PRODUCT: frozenset(_FOLLOWING | {Deed.SEE_FIGURES}),
    Role.SECURITY: frozenset(_HELPING | {Deed.DECLARE, Deed.RAISE_SEVERITY, Deed.SEE_AUDIT}),
    Role.EXECUTIVE: frozenset({Deed.SEE, Deed.SEE_INTERNAL, Deed.SEE_FIGURES}),
    Role.CUSTOMER: frozenset(_FILING),
    Role.AUDITOR: frozenset(_READING | {Deed.SEE_FIGURES, Deed.SEE_POLICIES, Deed.SEE_AUDIT}),
    Role.ADMIN: frozenset(_LEADING | {Deed.MANAGE_PEOPLE, Deed.SEE_AUDIT}),
}

REACH: dict[str, Reach] = {
    Role.TIER1: Reach.MINE,
    Role.TIER2: Reach.MINE,
    Role.ENGINEER: Reach.ALL,
    Role.LEAD: Reach.ALL,
    Role.MANAGER: Reach.ALL,
    Role.SRE: Reach.JOINED,
    Role.DEVELOPER: Reach.JOINED,
    Role.SUCCESS: Reach.ALL,
    Role.PRODUCT: Reach.ALL,
    Role.SECURITY: Reach.ALL,
    Role.EXECUTIVE: Reach.ALL,
    Role.CUSTOMER: Reach.CUSTOMER,
    Role.AUDITOR: Reach.ALL,
    Role.ADMIN: Reach.ALL,
}
