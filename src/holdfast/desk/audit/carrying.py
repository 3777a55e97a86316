"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.audit.models import Leaf, Opening
from holdfast.desk.cases.carrying import stays

stays(
    {
        Leaf: "it travels as an export of the ledger, each entry with its proof",
        Opening: "it travels in that export",
    }
)
