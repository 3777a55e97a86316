"""The room as a Django app."""

from django.apps import AppConfig


class Cases(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.cases"

    def ready(self) -> None:
        """Register the round that watches clocks, and with it the kinds of policies."""
        from holdfast.desk.cases import watching  # noqa: F401
