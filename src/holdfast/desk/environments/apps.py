"""The room as a Django app."""

from django.apps import AppConfig


class Environments(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.environments"
