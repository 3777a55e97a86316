"""The room as a Django app."""

from django.apps import AppConfig


class Policies(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.policies"
