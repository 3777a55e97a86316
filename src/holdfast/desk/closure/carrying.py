"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import stays
from holdfast.desk.closure.models import Survey

stays({Survey: "its link is of the other desk; an answer is on the timeline"})
