"""The room as a Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class Portable(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.portable"

    def ready(self) -> None:
        """Let every room say what of it travels."""
        autodiscover_modules("carrying")
