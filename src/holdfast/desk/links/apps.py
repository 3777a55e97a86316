"""The room as a Django app."""

from django.apps import AppConfig


class Links(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.links"

    def ready(self) -> None:
        """Register who is told when the customer of a merged case writes."""
        from holdfast.desk.links import merging  # noqa: F401
