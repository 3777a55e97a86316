"""Personal values enter the log as salted commitments: erasing value and salt keeps every proof.

A commitment is SHA-256 over 32 random bytes and the canonical value. Without the salt it says nothing about the
value, not even to somebody who tries all names there are.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from holdfast.ledger.canonical import canonical

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment stands for; kept beside the log, and the part that may be erased."""

    salt: bytes
    value: Any

    def commitment(self) -> str:
        """Return the commitment in hexadecimal."""
        return hashlib.sha256(self.salt + canonical(self.value)).hexdigest()

    def opens(self, commitment: str) -> bool:
        """Whether the commitment was made for this value."""
        return len(self.salt) == SALT_BYTES and hmac.compare_digest(self.commitment(), commitment)


def commit(value: Any) -> Opening:
    """Return an opening with a fresh salt."""
    return Opening(secrets.token_bytes(SALT_BYTES), value)


def committed(value: Opening) -> dict[str, str]:
    """Return what stands in the entry in the value's place."""
    return {"committed": value.commitment()}
