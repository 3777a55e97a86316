"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import stays
from holdfast.desk.vault.models import Artefact, Custody, Deletion, Grant, Hold, Upload

stays(
    {
        Artefact: "its bytes travel, as derivatives or sealed, and are received as evidence of the other desk",
        Upload: "it was still on its way in",
        Custody: "it is in the ledger, which travels with its proofs; the other desk begins its own",
        Grant: "who may see the evidence itself is decided by the desk that has it",
        Hold: "it binds the desk whose people placed it; that it stood is on the timeline",
        Deletion: "without evidence nothing is exported sealed; that it was deleted is on the timeline",
    }
)
