"""Redaction: finds secrets and personal data and puts keyed pseudonyms in their place.

A library: no Django, no database. `Redactor(key).text(...)` for single texts.
"""

from holdfast.redaction.bundle import Entry, OutputUnusable, Report, redact_bundle
from holdfast.redaction.policy import Policy, PolicyError
from holdfast.redaction.pseudonyms import Key, KeyUnusable
from holdfast.redaction.redactor import Found, Redacted, Redactor, warm

__all__ = [
    "Entry",
    "Found",
    "Key",
    "KeyUnusable",
    "OutputUnusable",
    "Policy",
    "PolicyError",
    "Redacted",
    "Redactor",
    "Report",
    "redact_bundle",
    "warm",
]
