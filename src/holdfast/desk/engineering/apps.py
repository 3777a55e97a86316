"""The room as a Django app."""

from django.apps import AppConfig


class Engineering(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.engineering"

    def ready(self) -> None:
        """Register owners as a policy, jobs and rounds, the word /ticket, and what hand-overs are told."""
        from holdfast.desk.engineering import filing, owners, reproducing, telling, watching  # noqa: F401
