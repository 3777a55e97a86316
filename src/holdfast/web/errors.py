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
from holdfast.desk.policies.commands import Overtaken, Withheld
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


@dataclass(frozen=True, slots=True)
class Known:
    """How a kind of expected error is said; `{error}` in what is kept and what comes next is the error itself."""

    kinds: tuple[type[Exception], ...]
    status: int
    code: str
    next: str
    kept: str = NOTHING
    silent: str = ""
    """What is said of one that has no words of its own."""
    instead: str = ""
    """What is said whatever its own words are."""


_KNOWN = (
    Known(
        (ObjectDoesNotExist, Http404),
        404,
        "not_found",
        "Check the address, or ask the case's owner.",
        instead="There is nothing here that you may see.",
    ),
    Known((PermissionDenied,), 403, "not_allowed", "Ask a lead.", silent="Your role does not allow this."),
    Known((Unseen,), 403, "withheld", "Ask for a grant, or have the evidence read again.", SEALED),
    Known(
        (WrongOffset,),
        409,
        "wrong_offset",
        "Send from byte {error.offset}.",
        "{error.offset} bytes are kept.",
    ),
    Known((Unsigned,), 401, "not_signed", "Sign it anew and send it again."),
    Known((Unfit,), 409, "conflict", "Correct it and send it again."),
    Known((NeedsApproval, Withheld), 409, "needs_approval", "Ask for the decision, or wait for it."),
    Known((Conflict,), 409, "conflict", "Read the case again, then decide."),
    Known((Overtaken,), 409, "overtaken", "Read the newest version and merge your text into it."),
    Known((Unusable,), 422, "unusable_policy", "Correct the lines named and send it again."),
    Known(
        (Refused,),
        422,
        "refused_archive",
        "Have it exported and sent once more.",
        "Nothing of it was kept.",
    ),
    Known((TooLarge,), 413, "too_large", "Send less at once."),
    Known((WrongKey, KeyUnusable), 503, "vault_key", "Give the desk that key, then try again.", SEALED),
    Known((StoreFailed,), 503, "vault_store", "Try again; if it stays, tell your admin.", SEALED),
    Known((Damaged,), 503, "vault_damaged", "Restore the store from your backup.", SEALED),
    Known((Shredded,), 410, "deleted", "There is a certificate of the deletion."),
    Known(
        (OperationalError,),
        503,
        "busy",
        "Try again in a few seconds.",
        instead="The database did not answer in time.",
    ),
)
"""The first that fits counts, so a special kind stands before the general one."""


def said(error: Exception) -> Said | None:
    """Return how an expected error is said, None for one nobody expected."""
    known = next((one for one in _KNOWN if isinstance(error, one.kinds)), None)
    if known is None:
        return None
    message = known.instead or str(error) or known.silent
    kept, further = (text.format(error=error) for text in (known.kept, known.next))
    return Said(known.status, known.code, message, kept, further)


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
