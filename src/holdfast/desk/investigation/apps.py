"""The room as a Django app."""

from django.apps import AppConfig


class Investigation(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.investigation"

    def ready(self) -> None:
        """Register the job."""
        from holdfast.desk.investigation import jobs  # noqa: F401
