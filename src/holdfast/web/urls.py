"""Every address of the desk."""

from django.urls import include, path

from holdfast.web import health
from holdfast.web.api import api
from holdfast.web.casepage import case

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.exposition, name="metrics"),
    path("api/v1/", api.urls),
    path("", include("holdfast.desk.people.urls")),
    path("", include("holdfast.desk.audit.urls")),
    path("", include("holdfast.desk.policies.urls")),
    path("", include("holdfast.desk.arrival.urls")),
    path("", include("holdfast.desk.cases.urls")),
    path("", include("holdfast.desk.links.urls")),
    path("", include("holdfast.desk.decisions.urls")),
    path("", include("holdfast.desk.vault.urls")),
    path("", include("holdfast.desk.investigation.urls")),
    path("", include("holdfast.desk.environments.urls")),
    path("", include("holdfast.desk.impact.urls")),
    path("", include("holdfast.desk.updates.urls")),
    path("", include("holdfast.desk.engineering.urls")),
    path("", include("holdfast.desk.triage.urls")),
    path("", include("holdfast.desk.response.urls")),
    path("", include("holdfast.desk.queue.urls")),
    path("", include("holdfast.desk.closure.urls")),
    path("", include("holdfast.desk.brief.urls")),
    path("", include("holdfast.desk.insight.urls")),
    path("", include("holdfast.desk.portable.urls")),
    path("cases/<str:key>/", case, name="case"),
]

handler404 = "holdfast.web.errors.not_found"
handler500 = "holdfast.web.errors.broken"
