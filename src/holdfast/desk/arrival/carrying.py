"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.arrival.models import Arrival, Intake
from holdfast.desk.cases.carrying import stays

stays(
    {
        Arrival: "what came in raw is sealed for the organisation; what it said is on the timeline",
        Intake: "a case is asked by the templates of the desk that has it",
    }
)
