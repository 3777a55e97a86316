"""The room as a Django app."""

from django.apps import AppConfig


class Decisions(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.decisions"

    def ready(self) -> None:
        """Register the decision rights, who may publish policies, and the round that ends what is too old."""
        from holdfast.desk.decisions import publishing, watching  # noqa: F401
