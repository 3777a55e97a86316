"""The room as a Django app."""

from django.apps import AppConfig


class Closure(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.closure"

    def ready(self) -> None:
        """Register the closure policy, and what keeps a case from being closed without it."""
        from holdfast.desk.closure import commands  # noqa: F401
