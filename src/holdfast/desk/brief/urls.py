"""Addresses of the brief."""

from django.urls import path

from holdfast.desk.brief import views

urlpatterns = [path("cases/<str:key>/brief", views.brief, name="brief")]
