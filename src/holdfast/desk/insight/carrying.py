"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import stays
from holdfast.desk.insight.models import Measure

stays({Measure: "figures are counted anew from the timeline"})
