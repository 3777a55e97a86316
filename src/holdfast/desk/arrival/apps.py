"""The room as a Django app."""

from django.apps import AppConfig


class ArrivalRoom(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.arrival"
    label = "arrival"

    def ready(self) -> None:
        """Register the jobs and rounds of mail, and the kinds of policies."""
        from holdfast.desk.arrival import asking, hooks, intake, mailbox, mailing_notices, packing, taking  # noqa: F401
