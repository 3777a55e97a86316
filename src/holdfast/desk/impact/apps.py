"""The room as a Django app."""

from django.apps import AppConfig


class Impact(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.impact"
