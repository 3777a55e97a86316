"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import stays
from holdfast.desk.portable.models import Origin

stays({Origin: "the archive names the desk it is from; where a case was before is on its timeline"})
