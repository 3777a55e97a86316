"""The room as a Django app."""

from django.apps import AppConfig


class Vault(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.vault"

    def ready(self) -> None:
        """Register the round, and the gate letters pass."""
        from holdfast.desk.vault import gate, spool  # noqa: F401
