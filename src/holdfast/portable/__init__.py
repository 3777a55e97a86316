"""Portable cases: the archive a case travels in, and the lock of a sealed one.

A library: no Django, no database. What the archive holds of a case is the desk's matter (`desk.portable`).
"""

from holdfast.portable.container import FORMAT, Archive, Member, Source, write
from holdfast.portable.failures import Refused
from holdfast.portable.locks import Passphrase, Recipient, lock, opened, receiving_key, recipient

__all__ = [
    "FORMAT",
    "Archive",
    "Member",
    "Passphrase",
    "Recipient",
    "Refused",
    "Source",
    "lock",
    "opened",
    "receiving_key",
    "recipient",
    "write",
]
