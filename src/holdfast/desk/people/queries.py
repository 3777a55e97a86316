"""Who is asking."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from holdfast.desk.people.models import Person


def signed_in(request: HttpRequest) -> Person:
    """Return who is signed in; refuse nobody-in-particular."""
    if not isinstance(request.user, Person):
        raise PermissionDenied("sign in first")
    return request.user
