"""Addresses of the ledger."""

from django.urls import path

from holdfast.desk.audit import views

urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
]
