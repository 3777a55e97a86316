"""The room as a Django app."""

from django.apps import AppConfig


class Clocks(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.clocks"

    def ready(self) -> None:
        """Register the kinds of policies."""
        from holdfast.desk.clocks import policy, schedule  # noqa: F401
