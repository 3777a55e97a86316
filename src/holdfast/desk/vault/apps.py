"""The room as a Django app."""

from django.apps import AppConfig


class Vault(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.vault"

    def ready(self) -> None:
        """Register the rounds, the gate letters pass, and who hears of decisions."""
        from holdfast.desk.vault import gate, grants, letting_go, spool  # noqa: F401
