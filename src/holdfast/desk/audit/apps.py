"""The room as a Django app."""

from django.apps import AppConfig


class Audit(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.audit"

    def ready(self) -> None:
        """Register the rounds that log what happened and tell the witnesses."""
        from holdfast.desk.audit import sequencing, witnessing  # noqa: F401
