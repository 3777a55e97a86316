"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from typing import Any

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.impact.models import Constraint, Number

_PLACES = {"locators": list[dict[str, Any]]}

carries(Record(Number, shapes=_PLACES), Record(Constraint, shapes=_PLACES))
