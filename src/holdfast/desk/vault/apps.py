"""The room as a Django app."""

from django.apps import AppConfig


class Vault(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.vault"

    def ready(self) -> None:
        """Register the round."""
        from holdfast.desk.vault import spool  # noqa: F401
