"""The room as a Django app."""

from django.apps import AppConfig


class Triage(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.triage"

    def ready(self) -> None:
        """Register the severity matrix."""
        from holdfast.desk.triage import matrix  # noqa: F401
