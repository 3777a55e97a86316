"""The public API: the rooms' routers under one roof, one shape of errors."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from holdfast.desk.arrival.api import router as arrival
from holdfast.desk.audit.api import router as audit
from holdfast.desk.brief.api import router as brief
from holdfast.desk.cases.api import router as cases
from holdfast.desk.cases.clock_api import router as clocks
from holdfast.desk.closure.api import router as closure
from holdfast.desk.decisions.api import router as decisions
from holdfast.desk.engineering.api import router as engineering
from holdfast.desk.engineering.owner_api import router as owned_tickets
from holdfast.desk.environments.api import router as environments
from holdfast.desk.impact.api import router as impact
from holdfast.desk.insight.api import router as insight
from holdfast.desk.investigation.api import router as investigation
from holdfast.desk.investigation.following_api import router as following
from holdfast.desk.investigation.hypotheses_api import router as hypotheses
from holdfast.desk.investigation.traces_api import router as traces
from holdfast.desk.links.api import router as links
from holdfast.desk.people.api import AUTH
from holdfast.desk.people.api import router as people
from holdfast.desk.people.scim import error as scim_error
from holdfast.desk.people.scim import router as scim
from holdfast.desk.policies.api import router as policies
from holdfast.desk.portable.api import router as portable
from holdfast.desk.queue.api import router as queue
from holdfast.desk.response.mitigation_api import router as mitigations
from holdfast.desk.response.room_api import router as rooms
from holdfast.desk.triage.api import router as triage
from holdfast.desk.updates.api import router as updates
from holdfast.desk.vault.api import router as vault
from holdfast.desk.vault.grants_api import router as grants
from holdfast.web.errors import NOTHING, Said, said

_log = logging.getLogger("holdfast.errors")


class Explained(Schema):
    """What went wrong."""

    code: str
    message: str
    kept: str
    next: str
    request: str


class Error(Schema):
    """The one shape of errors."""

    error: Explained


_SHAPE: dict[str, Any] = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
_REFUSALS = {
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "Your role does not allow it.",
    "404": "There is nothing there that you may see.",
    "409": "It does not fit what is there by now.",
    "413": "Too large.",
    "422": "A field is missing or wrong.",
    "429": "Asked too often; `Retry-After` says for how many seconds to wait.",
    "503": "The database did not answer in time.",
}


class Desk(NinjaAPI):
    """The API with its errors in the document too."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """Return the OpenAPI document, every operation with the errors it may answer."""
        schema = super().get_openapi_schema(*args, **kwargs)
        parts = schema["components"]["schemas"]
        parts["Explained"], parts["Error"] = Explained.model_json_schema(), Error.model_json_schema()
        parts["Error"].pop("$defs")
        parts["Error"]["properties"]["error"] = {"$ref": "#/components/schemas/Explained"}
        for path in schema["paths"].values():
            for operation in path.values():
                for status, meaning in _REFUSALS.items():
                    operation["responses"].setdefault(status, {"description": meaning, **_SHAPE})
        return schema


api = Desk(
    title="Holdfast",
    version=settings.VERSION,
    description='Everything the desk does, for programs. Errors come in one shape: `{"error": {...}}`.',
    auth=AUTH,
    urls_namespace="api",
    docs_url=None,
)
for router in (
    people,
    policies,
    cases,
    clocks,
    links,
    decisions,
    vault,
    grants,
    audit,
    arrival,
    investigation,
    hypotheses,
    traces,
    following,
    environments,
    impact,
    triage,
    updates,
    engineering,
    owned_tickets,
    mitigations,
    rooms,
    queue,
    closure,
    brief,
    insight,
    portable,
):
    api.add_router("", router)


api.add_router("/scim/v2", scim)


def _answer(request: HttpRequest, known: Said) -> HttpResponse:
    if request.path.startswith("/api/v1/scim/"):
        return scim_error(known.status, known.message)
    return api.create_response(request, known.body(), status=known.status)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    message = "Nobody is signed in, or the token is not valid."
    response = _answer(
        request, Said(401, "not_signed_in", message, next="Send `Authorization: Bearer <token>`.")
    )
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = [f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in error.errors]
    return _answer(
        request, Said(422, "invalid", "; ".join(fields), next="Correct the fields and send it again.")
    )


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, Said(error.status_code, "refused", str(error), next="See the API reference."))


@api.exception_handler(Exception)
def _other(request: HttpRequest, error: Exception) -> HttpResponse:
    known = said(error)
    if known is None:
        _log.exception("request failed")
        known = Said(
            500, "internal", "The desk made a mistake.", NOTHING, "Send the request id to your admin."
        )
    return _answer(request, known)
