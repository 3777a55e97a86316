"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.environments.models import Environment

carries(Record(Environment, plain=frozenset({"sha256", "format"}), shapes={"settings": dict[str, str]}))
