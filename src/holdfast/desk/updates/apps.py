"""The room as a Django app."""

from django.apps import AppConfig


class Updates(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.updates"

    def ready(self) -> None:
        """Register the round that notes broken promises, and what a hand-over says of promises."""
        from holdfast.desk.updates import handing, watching  # noqa: F401
