"""Addresses of the policies room."""

from django.urls import path

from holdfast.desk.policies import views

urlpatterns = [
    path("policies/", views.policies, name="policies"),
    path("policies/<slug:kind>/<slug:name>", views.policy, name="policy"),
]
