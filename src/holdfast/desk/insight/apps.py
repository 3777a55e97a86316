"""The room as a Django app."""

from django.apps import AppConfig


class Insight(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.insight"

    def ready(self) -> None:
        """Keep figures with every entry."""
        from holdfast.desk.insight import measuring  # noqa: F401
