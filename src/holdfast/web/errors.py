"""Errors said the same way everywhere: what happened, what was kept, what to do next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from holdfast.desk.arrival.hooks import Unsigned
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.investigation.kept import Unseen
from holdfast.desk.people.commands import Unfit
from holdfast.desk.policies.commands import Overtaken
from holdfast.desk.policies.reading import Unusable
from holdfast.desk.vault.commands import TooLarge
from holdfast.desk.vault.keys import Shredded
from holdfast.portable import Refused
from holdfast.sealing import Damaged, KeyUnusable, StoreFailed, WrongKey, WrongOffset
from holdfast.web.requests import request_id

_log = logging.getLogger("holdfast.errors")
NOTHING = "Nothing was changed."
SEALED = "The sealed original is untouched."


@dataclass(frozen=True, slots=True)
class Said:
    """An error as people and programs read it."""

    status: int
    code: str
    message: str
    kept: str = NOTHING
    next: str = ""

    def body(self) -> dict[str, dict[str, str]]:
        """Return the one shape of errors in the API."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "kept": self.kept,
                "next": self.next,
                "request": request_id.get(),
            }
        }


def said(error: Exception) -> Said | None:
    """Return how an expected error is said, None for one nobody expected."""
    if isinstance(error, ObjectDoesNotExist | Http404):
        return Said(
            404,
            "not_found",
            "There is nothing here that you may see.",
            next="Check the address, or ask the case's owner.",
        )
    if isinstance(error, PermissionDenied):
        return Said(403, "not_allowed", str(error) or "Your role does not allow this.", next="Ask a lead.")
    if isinstance(error, Unseen):
        return Said(403, "withheld", str(error), SEALED, "Ask for a grant, or have the evidence read again.")
    if isinstance(error, WrongOffset):
        return Said(
            409,
            "wrong_offset",
            str(error),
            f"{error.offset} bytes are kept.",
            f"Send from byte {error.offset}.",
        )
    if isinstance(error, Unsigned):
        return Said(401, "not_signed", str(error), next="Sign it anew and send it again.")
    if isinstance(error, Unfit):
        return Said(409, "conflict", str(error), next="Correct it and send it again.")
    if isinstance(error, NeedsApproval):
        return Said(409, "needs_approval", str(error), next="Ask for the decision, or wait for it.")
    if isinstance(error, Conflict):
        return Said(409, "conflict", str(error), next="Read the case again, then decide.")
    if isinstance(error, Overtaken):
        return Said(409, "overtaken", str(error), next="Read the newest version and merge your text into it.")
    if isinstance(error, Unusable):
        return Said(422, "unusable_policy", str(error), next="Correct the lines named and send it again.")
    if isinstance(error, Refused):
        return Said(
            422,
            "refused_archive",
            str(error),
            "Nothing of it was kept.",
            "Have it exported and sent once more.",
        )
    if isinstance(error, TooLarge):
        return Said(413, "too_large", str(error), next="Send less at once.")
    if isinstance(error, WrongKey | KeyUnusable):
        return Said(503, "vault_key", str(error), SEALED, "Give the desk that key, then try again.")
    if isinstance(error, StoreFailed):
        return Said(503, "vault_store", str(error), SEALED, "Try again; if it stays, tell your admin.")
    if isinstance(error, Damaged):
        return Said(503, "vault_damaged", str(error), SEALED, "Restore the store from your backup.")
    if isinstance(error, Shredded):
        return Said(410, "deleted", str(error), next="There is a certificate of the deletion.")
    if isinstance(error, OperationalError):
        return Said(503, "busy", "The database did not answer in time.", next="Try again in a few seconds.")
    return None


def explain(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Turn errors of pages into pages that explain them; the API explains its own."""

    def passed(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    passed.process_exception = _page_of  # type: ignore[attr-defined]
    return passed


def _page_of(request: HttpRequest, error: Exception) -> HttpResponse | None:
    known = said(error)
    return page(request, known) if known else None


def page(request: HttpRequest, known: Said) -> HttpResponse:
    """Return the page of an error."""
    context = {"said": known, "id": request_id.get()}
    return render(request, "error.html", context, status=known.status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer for an address that leads nowhere."""
    return page(
        request, Said(404, "not_found", "There is nothing at this address.", next="Go back to the queue.")
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for an error nobody expected."""
    message = "The desk made a mistake; it is in the log under the id below."
    return page(
        request, Said(500, "internal", message, next="Try again; if it stays, send the id to your admin.")
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer when a form came without its token."""
    _log.warning("form refused", extra={"reason": reason})
    message = "The form was too old, or did not come from this desk."
    return page(
        request, Said(403, "stale_form", message, next="Go back, load the page again and send it once more.")
    )
