"""Who may do what: one table of roles and deeds, read by every door."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What a person is to one organisation's cases."""

    TIER1 = "tier1", "Tier 1"
    ENGINEER = "engineer", "Engineer"
    LEAD = "lead", "Lead"
    DEVELOPER = "developer", "Developer"
    CUSTOMER = "customer", "Customer"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Admin"


class Deed(StrEnum):
    """What can be done to a case; each command names its own."""

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
    SEE_POLICIES = "see_policies"
    PUBLISH_POLICY = "publish_policy"


class Reach(StrEnum):
    """Which of an organisation's cases a role sees."""

    ALL = "all"
    DECLARED = "declared"
    """Those the person declared."""
    JOINED = "joined"
    """Those the person was put on."""
    CUSTOMER = "customer"
    """Those of the customer the person works for."""


_READING = {Deed.SEE, Deed.SEE_INTERNAL, Deed.READ_EVIDENCE}
_OWNING = _READING | {
    Deed.DECLARE,
    Deed.COMMENT,
    Deed.ATTACH,
    Deed.RECORD,
    Deed.ACKNOWLEDGE,
    Deed.CHANGE_STATE,
    Deed.RAISE_SEVERITY,
    Deed.ASSIGN,
    Deed.INVESTIGATE,
    Deed.SEE_FIGURES,
    Deed.SEE_POLICIES,
}
_LEADING = _OWNING | {Deed.PUBLISH_POLICY}

RIGHTS: dict[str, frozenset[Deed]] = {
    Role.TIER1: frozenset({Deed.SEE, Deed.SEE_INTERNAL, Deed.DECLARE, Deed.COMMENT, Deed.ATTACH}),
    Role.ENGINEER: frozenset(_OWNING),
    Role.LEAD: frozenset(_LEADING),
    Role.DEVELOPER: frozenset(_READING | {Deed.COMMENT, Deed.ATTACH, Deed.RECORD}),
    Role.CUSTOMER: frozenset({Deed.SEE, Deed.DECLARE, Deed.COMMENT, Deed.ATTACH}),
    Role.AUDITOR: frozenset(_READING | {Deed.SEE_FIGURES, Deed.SEE_POLICIES}),
    Role.ADMIN: frozenset(_LEADING),
}

REACH: dict[str, Reach] = {
    Role.TIER1: Reach.DECLARED,
    Role.ENGINEER: Reach.ALL,
    Role.LEAD: Reach.ALL,
    Role.DEVELOPER: Reach.JOINED,
    Role.CUSTOMER: Reach.CUSTOMER,
    Role.AUDITOR: Reach.ALL,
    Role.ADMIN: Reach.ALL,
}
