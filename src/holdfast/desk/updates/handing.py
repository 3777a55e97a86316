"""What a hand-over says of promises: what the customer was told they would get, and by when."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.desk.cases.models import Case
from holdfast.desk.response.telling import Item, tells
from holdfast.desk.updates.models import Promise


@tells
def promises(case: Case) -> Iterable[Item]:
    """Promises that are open, or broken and neither kept nor moved since."""
    held = Promise.objects.filter(case=case, state__in=[Promise.State.OPEN, Promise.State.BROKEN])
    for one in held.select_related("update"):
        title = "Broken promise" if one.state == Promise.State.BROKEN else "Promised"
        told = f" in {one.update}" if one.update else ""
        text = f"{one.text} by {one.due_at:%d %b %H:%M} UTC, said{told}"
        yield Item(f"promise/{one.number}", title, text, str(one))
