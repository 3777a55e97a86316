"""The room as a Django app."""

from django.apps import AppConfig


class Response(AppConfig):
    """See the package's docstring."""

    name = "holdfast.desk.response"

    def ready(self) -> None:
        """Register the policies, the jobs, the rounds and the line commands."""
        from holdfast.desk.response import jobs, patterns, watching, written  # noqa: F401
