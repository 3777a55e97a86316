"""Addresses of the policies room."""

from django.urls import path

from holdfast.desk.policies import views

urlpatterns = [
    path("policies/", views.policies, name="policies"),
    path("policies/profiles/", views.list_profiles, name="profiles"),
    path("policies/profiles/<slug:name>", views.one_profile, name="profile"),
    path("policies/<slug:kind>/<slug:name>", views.policy, name="policy"),
]
