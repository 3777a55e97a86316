"""The room as a Django app."""

from django.apps import AppConfig


class Outbox(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.outbox"

    def ready(self) -> None:
        """Register the round."""
        from holdfast.desk.outbox import statistics  # noqa: F401
