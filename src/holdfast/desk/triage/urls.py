"""Addresses of the triage room."""

from django.urls import path

from holdfast.desk.triage import views

urlpatterns = [
    path("cases/<str:key>/triage", views.triage, name="triage"),
    path("cases/<str:key>/triage/answers", views.answer, name="answer"),
    path("cases/<str:key>/triage/at-once", views.answer_and_confirm, name="answer_and_confirm"),
    path("cases/<str:key>/triage/severity", views.confirm, name="confirm"),
    path("cases/<str:key>/triage/dispute", views.dispute, name="dispute"),
    path("cases/<str:key>/triage/settle", views.settle, name="settle"),
    path("cases/<str:key>/triage/scope", views.scope, name="scope"),
]
