"""The room as a Django app."""

from django.apps import AppConfig


class Updates(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.updates"

    def ready(self) -> None:
        """Register the way to the customer, the round that notes broken promises, and what a hand-over says of them."""
        from holdfast.desk.updates import handing, telling, watching  # noqa: F401
