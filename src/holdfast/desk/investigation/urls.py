"""Addresses of the investigation room."""

from django.urls import path

from holdfast.desk.investigation import following_views, traces_views, views
from holdfast.desk.investigation import hypotheses_views as ledger

urlpatterns = [
    path("cases/<str:key>/diagnosis", views.diagnosis, name="diagnosis"),
    path("cases/<str:key>/diagnosis/cite", views.cite, name="cite"),
    path("cases/<str:key>/follow", following_views.follow, name="follow"),
    path("cases/<str:key>/traces", traces_views.traces, name="traces"),
    path("cases/<str:key>/investigate", views.start, name="investigate"),
    path("cases/<str:key>/investigate/<int:job>/stop", views.stop, name="stop"),
    path("cases/<str:key>/hypotheses", ledger.ledger, name="hypotheses"),
    path("cases/<str:key>/hypotheses/propose", ledger.propose, name="propose"),
    path("cases/<str:key>/hypotheses/adopt", ledger.adopt, name="adopt"),
    path("cases/<str:key>/hypotheses/<int:number>/claim", ledger.reword, name="reword"),
    path("cases/<str:key>/hypotheses/<int:number>/evidence", ledger.weigh, name="weigh"),
    path("cases/<str:key>/hypotheses/<int:number>/tests", ledger.plan_test, name="plan_test"),
    path("cases/<str:key>/hypotheses/<int:number>/verdict", ledger.rule, name="rule"),
    path("cases/<str:key>/tests/<int:number>/finish", ledger.finish_test, name="finish_test"),
]
